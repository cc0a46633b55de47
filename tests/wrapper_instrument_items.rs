//! `#[race::instrument]` on whole impls, traits and modules and on asynchronous functions, and `#[race::skip]` in them: they
//! mean what they mean without. The same tests run with and without the feature.

#![deny(warnings)]
#![allow(
    clippy::explicit_auto_deref,
    clippy::needless_borrow,
    clippy::redundant_closure_call,
    clippy::blocks_in_conditions,
    clippy::needless_lifetimes,
    clippy::ptr_arg,
    clippy::single_match
)] // what is tested is written out

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs a future whose awaits are ready at once.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Is pending once.
fn later<T>(value: T) -> impl Future<Output = T> {
    let mut value = Some(value);
    let mut is_asked = false;
    std::future::poll_fn(move |context| {
        if std::mem::replace(&mut is_asked, true) {
            return Poll::Ready(value.take().unwrap());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Accepts what may go to another thread.
fn sendable<T: Send>(value: T) -> T {
    value
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Pair {
    one: u32,
    other: u32,
}

#[test]
fn asynchronous_functions_are_sendable_as_before() {
    #[race::instrument]
    async fn all(pair: &mut Pair, numbers: &mut [u32], text: &String) -> u32 {
        pair.one = later(5).await;
        pair.other += later(pair.one).await;
        numbers[0] = later(pair.other + pair.one).await;
        (*pair).one = later(*text == "a").await as u32 + numbers[0];
        let add = async |by: u32| pair.one + by;
        let sum = add(later(1).await).await;
        match *pair {
            Pair { one, other } if one == later(one).await => numbers[1] = other,
            _ => numbers[1] = later(0).await,
        }
        if pair.one == later(13).await { sum } else { 0 }
    }
    #[race::instrument]
    async fn lent<'a>(pair: &'a mut Pair, by: u32) -> &'a mut u32 {
        pair.one += later(by).await;
        &mut pair.one
    }
    let mut pair = Pair { one: 1, other: 2 };
    let mut numbers = [0; 2];
    let text = "a".to_string();
    assert_eq!(run(sendable(all(&mut pair, &mut numbers, &text))), 14);
    assert_eq!((pair, numbers), (Pair { one: 13, other: 7 }, [12, 7]));
    *run(sendable(lent(&mut pair, 2))) += 1;
    assert_eq!(pair.one, 16);
}

struct Stack<T> {
    list: Vec<T>,
    taken: u32,
}

#[race::instrument]
impl<T: Clone + Default> Stack<T> {
    const LIMIT: usize = 3;

    const fn taken(&self) -> u32 {
        self.taken
    }

    fn push(&mut self, value: T) -> Result<(), T> {
        if self.list.len() == Self::LIMIT {
            return Err(value);
        }
        self.list.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        self.taken += 1;
        self.list.pop()
    }

    fn values(&self) -> impl Iterator<Item = T> + '_ {
        (0..self.list.len()).map(|index| self.list[index].clone())
    }

    #[race::skip]
    fn first(&self) -> T {
        self.list.first().cloned().unwrap_or_default()
    }

    extern "C" fn count(&self) -> u32 {
        self.taken
    }

    async fn push_later(&mut self, value: T) -> bool {
        let value = later(value).await;
        self.taken += 1;
        self.push(value).is_ok()
    }
}

#[race::instrument]
impl<T> Drop for Stack<T> {
    fn drop(&mut self) {
        self.taken = 0;
        self.list.clear();
    }
}

#[test]
fn implementations_work() {
    let mut stack = Stack { list: vec![1, 2], taken: 0 };
    assert!(run(stack.push_later(3)));
    assert_eq!(stack.push(4), Err(4));
    assert_eq!((stack.pop(), stack.first(), stack.taken(), stack.count()), (Some(3), 1, 2, 2));
    assert_eq!(stack.values().collect::<Vec<_>>(), [1, 2]);
}

#[race::instrument]
trait Tally {
    type Of;

    fn place(&mut self) -> &mut [u32; 2];

    fn add(&mut self, by: u32) -> u32 {
        let place = self.place();
        place[0] += by;
        *place = [place[0], place[0] + 1];
        self.place()[1]
    }

    #[race::skip]
    fn reset(&mut self) {
        *self.place() = [0; 2];
    }
}

#[race::instrument]
impl Tally for [u32; 2] {
    type Of = ();

    fn place(&mut self) -> &mut [u32; 2] {
        &mut *self
    }
}

#[test]
fn traits_work() {
    let mut tally = [0; 2];
    assert_eq!((tally.add(2), tally.add(3)), (3, 6));
    tally.reset();
    assert_eq!(tally, [0; 2]);
}

#[race::instrument]
mod whole {
    #![allow(static_mut_refs)]

    use std::ptr::NonNull;

    macro_rules! bump {
        ($place:expr) => {
            $place += 1
        };
    }

    pub static mut COUNT: u32 = 0;
    pub const STEP: u32 = 2;

    pub fn count() -> u32 {
        fn inner(by: u32) -> u32 {
            // SAFETY: one test uses it.
            unsafe {
                COUNT += by;
                bump!(COUNT);
                COUNT
            }
        }
        inner(STEP)
    }

    pub mod nested {
        pub struct Node {
            pub value: u32,
            pub next: Option<super::NonNull<Node>>,
        }

        impl Node {
            pub fn last(&self) -> u32 {
                match self.next {
                    // SAFETY: the nodes of the test live long enough.
                    Some(next) => unsafe { next.as_ref().last() },
                    None => self.value,
                }
            }

            /// # Safety
            /// The nodes are alive.
            pub unsafe fn bump(&mut self) -> u32 {
                // SAFETY: the caller's promise.
                unsafe {
                    let mut next = self.next.unwrap();
                    next.as_mut().value += 1;
                    next.as_ref().value
                }
            }
        }
    }

    #[race::instrument]
    pub fn marked_by_itself(number: &mut u32) -> u32 {
        *number += 1;
        *number
    }

    #[race::skip]
    pub mod left_alone {
        pub fn read(number: &u32) -> u32 {
            *number
        }
    }
}

#[test]
fn modules_work() {
    assert_eq!(whole::count(), 3);
    let mut last = whole::nested::Node { value: 7, next: None };
    let mut first = whole::nested::Node { value: 1, next: Some((&mut last).into()) };
    // SAFETY: both nodes are alive.
    assert_eq!((first.last(), unsafe { first.bump() }), (7, 8));
    assert_eq!(whole::left_alone::read(&whole::marked_by_itself(&mut 1)), 2);
}

mod renamed {
    /// The crate under another name.
    pub use race as detector;

    #[detector::instrument(crate = crate::renamed::detector)]
    pub fn add(number: &mut u32) -> u32 {
        *number += 1;
        #[detector::skip]
        *number += 1;
        *number
    }

    #[detector::instrument(crate = "detector")]
    pub fn double(number: &mut u32) -> u32 {
        *number *= 2;
        *number
    }
}

#[test]
fn another_name_of_the_crate_works() {
    let mut number = 1;
    assert_eq!((renamed::add(&mut number), renamed::double(&mut number)), (3, 6));
}

#[test]
fn skipped_expressions_work() {
    use race::skip;
    #[race::instrument]
    fn all(one: &mut u32, list: &mut [u32]) -> u32 {
        #[race::skip]
        let first = *one;
        #[skip]
        {
            *one = first + 1;
        }
        #[::race::skip]
        *one += 1;
        #[race::skip]
        list[0] = *one;
        let sum = *one
            + #[race::skip]
            list[0];
        let add = #[race::skip]
        |by: u32| *one + by;
        #[race::skip]
        println!("{}", *one);
        assert_eq!(
            #[race::skip]
            *one,
            3
        );
        #[race::skip]
        match *one {
            3 => list[1] = add(1),
            _ => list[1] = 0,
        }
        match list[0] {
            #[race::skip]
            3 => list[1] += *one,
            _ => {}
        }
        sum + list[1]
    }
    assert_eq!(all(&mut 1, &mut [0; 2]), 6 + 7);
    #[skip]
    fn alone() {}
    alone();
}
