//! Functions that cannot be a program by themselves, and arguments that are none.

#[race::main(runs = 2)]
fn of_test() {}

#[race::main(options = 1)]
fn in_numbers() {}

#[race::main]
fn takes(number: u32) {
    drop(number);
}

#[race::main]
async fn waits() {}

fn main() {}
