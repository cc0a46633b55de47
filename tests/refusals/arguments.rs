//! Arguments, of which there are none.

#[race::instrument(all)]
fn square(number: &u32) -> u32 {
    *number * *number
}

fn main() {
    square(&3);
}
