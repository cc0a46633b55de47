//! Items that are no functions with a body.

#[race::instrument]
struct Shared {
    count: u32,
}

#[race::instrument]
impl Shared {
    fn count(&self) -> u32 {
        self.count
    }
}

trait Count {
    #[race::instrument]
    fn count(&self) -> u32;
}

fn main() {
    let _ = Shared { count: 1 }.count();
}
