//! An asynchronous function.

#[race::instrument]
async fn square(number: &u32) -> u32 {
    *number * *number
}

fn main() {
    drop(square(&3));
}
