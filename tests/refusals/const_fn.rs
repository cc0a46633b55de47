//! A constant function.

#[race::instrument]
const fn square(number: &u32) -> u32 {
    *number * *number
}

fn main() {
    square(&3);
}
