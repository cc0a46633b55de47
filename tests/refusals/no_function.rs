//! Items that are no functions with a body, and have none in them.

#[race::instrument]
struct Shared {
    count: u32,
}

#[race::instrument]
enum State {
    Idle,
}

#[race::instrument]
const LIMIT: u32 = 3;

#[race::instrument]
use std::mem;

trait Count {
    #[race::instrument]
    fn count(&self) -> u32;
}

fn main() {
    let _ = Shared { count: LIMIT + mem::size_of::<State>() as u32 }.count;
    let _ = State::Idle;
}
