//! Functions that cannot be a test by themselves.

#[race::test]
async fn waits() {}

#[race::test]
fn takes(number: u32) {
    drop(number);
}

#[race::test]
fn chooses<T>() {}

#[race::test]
#[test]
fn twice() {}

#[race::test]
struct Nothing;

fn main() {}
