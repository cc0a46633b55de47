//! Arguments other than the name of the crate.

#[race::instrument(all)]
fn square(number: &u32) -> u32 {
    *number * *number
}

#[race::instrument(crate = 5)]
fn cube(number: &u32) -> u32 {
    *number * *number * *number
}

#[race::skip(all)]
fn double(number: &u32) -> u32 {
    *number + *number
}

fn main() {
    square(&cube(&double(&3)));
}
