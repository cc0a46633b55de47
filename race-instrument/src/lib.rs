//! `#[race::instrument]`: the accesses of a function's body, announced to the race detector.
//!
//! `expand` leads through: `nesting` and `check` refuse, `item` finds the functions in what the attribute stands on, `walk`
//! walks a body, with a file for each kind of expression that it meets (`assign`, `operator`, `pattern`, `call`, `method`,
//! `exchange`, `macro_call`, `closure`); `place` takes places apart, `hook` writes the announcements. The rules: nothing is
//! evaluated twice but what is sure to have no effect of its own, nothing in another order, nothing is borrowed, moved,
//! captured or dropped otherwise, and what cannot be announced under these rules stays as it is. The list of what is and
//! what is not announced is in the documentation of the macro. `entry` has the attributes of tests and `main`.

mod arguments;
mod assign;
mod call;
mod check;
mod closure;
mod entry;
mod exchange;
mod expand;
mod hook;
mod item;
mod macro_call;
mod method;
mod nesting;
mod operator;
mod pattern;
mod place;
#[cfg(test)]
mod random;
mod skip;
mod walk;

use entry::Entry;
use proc_macro::TokenStream;

/// Announces the accesses that functions make through raw pointers and references, so that races of plain memory are seen
/// as those of race's own types are. Without the feature `race` it changes nothing.
///
/// It stands on a function or method, also a generic, `unsafe`, `extern` or `async` one; or on an `impl`, a `trait` or an
/// inline module, and then means all functions in there that have a body, those inside other bodies too. Stacks need no
/// help of it: they are unwound.
///
/// # What is announced
///
/// In the body, its closures, `async` blocks and the arguments of the macros listed below:
///
/// - reads and writes through a raw pointer or a reference: `*p`, `(*p).field`, `(*p)[i]`, `*p = v`, `*p += v`,
///   `*p.add(1)`, `*self.cell.get()`, `*slice.get_unchecked(i)`, and without a `*` the parts of a variable that is a
///   reference, or of a reference that a call gives: `self.field`, `slice[i] = v`, `node.as_ref().next`;
/// - assignments to several places, `(*p, self.field) = (1, 2)`, and what is left of another structure, `S { a: 1, ..*p }`;
/// - what `match` and `if let` look into, if the patterns look at all of it (literals, ranges, constants, variants, copies of
///   all fields; no `ref`, no `..`, and no `_` but a whole arm) and its type is `Copy`;
/// - comparisons of numbers, `bool`, `char`, pointers and references;
/// - reads and writes of a `static mut`, inside `unsafe`: a path in capitals is taken for one;
/// - `read`, `write`, `replace`, `swap`, `write_bytes`, `copy`, `copy_nonoverlapping`, `drop_in_place` and the `_volatile`
///   and `_unaligned` forms as `ptr::` functions, and the same and `copy_from`, `copy_to` and their `_nonoverlapping` forms
///   as methods of raw pointers and `NonNull`, inside `unsafe`. Two volatile accesses do not race with each other;
/// - `mem::swap`, `mem::replace` and `mem::take`, as writes;
/// - in the arguments of `print!`, `format!`, `write!`, `panic!`, `assert!`, `assert_eq!`, `debug_assert!`, `vec!`, `dbg!`
///   and their kin all of that, and numbers that are printed.
///
/// # What is not
///
/// This stays as it is:
///
/// - `const fn`, constants and statics, what stands under [`skip`](macro@skip), and functions that a macro makes;
/// - what a method or a callee does by itself, and what a `Box`, a lock's guard or another smart pointer leads to;
/// - what a `match` looks into that is not `Copy`, or of which it leaves something out; a `while let` on its own; bindings
///   in `let (a, b) = *p`; `matches!`;
/// - a comparison of other types, which may end at the first difference;
/// - the pointers on the way to a method's receiver, as `*m` in `(**m).method()`, and a method on a place, `(*p).count()`;
/// - a place whose indices call something, or of which a part of what a call gave is dereferenced (`*f().field`);
/// - a method, `ptr::` or `mem::` function of which another argument calls something, unless it is a function written
///   with `std::` or `core::`; functions imported by their own names;
/// - `x op= f()` where `x` is reached through a call;
/// - in a closure, what lies behind a pointer that is found by names from inside and from outside (`*outer[inner]`);
/// - statics in small letters, and arguments of other macros.
///
/// # What changes
///
/// `Deref` and `Index` of the types between a reference and the place behind it are called once more than without the
/// macro, and operators are taken not to synchronise. Closures are taken to capture as they do since the edition 2021 of
/// Rust; in a crate of an older one, those that access memory through outer variables may need a `move`.
///
/// # Another name
///
/// What is written refers to `::race`. A dependency of another name is given as a path, `#[race::instrument(crate = name)]`.
///
/// # Errors
///
/// Refused by the compiler are other items, a `const fn` that bears the attribute itself, a function without a body and a
/// module whose content is in a file of its own.
///
/// # Examples
///
/// ```
/// #[race::instrument]
/// unsafe fn increment(count: *mut u64) {
///     // SAFETY: the caller's promise.
///     unsafe { *count += 1 };
/// }
/// ```
///
/// ```
/// struct Cache {
///     last: u64,
/// }
///
/// #[race::instrument]
/// impl Cache {
///     fn set(&mut self, value: u64) {
///         self.last = value;
///     }
///
///     async fn get(&self) -> u64 {
///         self.last
///     }
/// }
/// ```
#[proc_macro_attribute]
pub fn instrument(arguments: TokenStream, item: TokenStream) -> TokenStream {
    match expand::instrument(arguments.into(), item.clone().into(), cfg!(feature = "race")) {
        Ok(Some(rewritten)) => rewritten.into(),
        Ok(None) => item,
        Err(error) => {
            // The item stays, so that its absence is not reported as well.
            let mut refusal = TokenStream::from(error.to_compile_error());
            refusal.extend(item);
            refusal
        }
    }
}

/// Leaves code alone that [`instrument`] would rewrite: a function, an impl, a trait or a module inside of what bears that
/// attribute, and in a function also a statement, a block, a closure, an arm or another expression. Elsewhere it does
/// nothing, and rustc refuses it on expressions.
///
/// ```
/// struct Counts {
///     first: u32,
///     second: u32,
/// }
///
/// #[race::instrument]
/// impl Counts {
///     fn add(&mut self) {
///         self.first += 1;
///         #[race::skip]
///         self.second += 1;
///     }
///
///     #[race::skip]
///     fn sum(&self) -> u32 {
///         self.first + self.second
///     }
/// }
/// # let mut counts = Counts { first: 0, second: 1 };
/// # counts.add();
/// # assert_eq!(counts.sum(), 3);
/// ```
#[proc_macro_attribute]
pub fn skip(arguments: TokenStream, item: TokenStream) -> TokenStream {
    if arguments.is_empty() {
        return item;
    }
    let error = syn::Error::new_spanned(
        proc_macro2::TokenStream::from(arguments),
        "`#[race::skip]` takes no arguments: write it without parentheses",
    );
    let mut refusal = TokenStream::from(error.to_compile_error());
    refusal.extend(item);
    refusal
}

/// Makes a function a test that fails when a race was reported in its own threads, also when all its assertions hold.
///
/// The function runs in a thread of its own. That thread and all that it creates, directly or not, by race's types are
/// the test's threads, so tests that run in parallel do not blame each other. When the function has returned and a race
/// of the test's threads was reported, the test fails with `race detected during execution of test`; if it failed by
/// itself, that failure stands and the line is printed beside it. A race is charged to every test in which it happens,
/// though the same race was reported in another test before. A race that a thread of the test completes after the
/// test's end fails the process: it ends with status 66, unless another test failed, and names the test.
///
/// A plain `#[test]` is not failed by itself, but the process is, by its exit status, as for any other race.
///
/// Without the feature `race` this is `#[test]`.
///
/// - `runs = 10` repeats the function up to so many times, until one run fails, each with another schedule: threads begin
///   earlier or later, as drawn from the seed (`RACE_OPTIONS=seed=N`). The failure says which run it was. Without the
///   feature there is one run.
/// - `crate = path` is for those who have this library under another name than `race`.
///
/// Other attributes keep their meaning: `#[ignore]`, `#[should_panic]`, whose test a race fails too, by keeping the panic
/// from libtest, and `#[race::instrument]`, which is put below. The function may return what tests may return.
///
/// ```
/// use race::sync::{Arc, Mutex};
///
/// #[race::test(runs = 10)]
/// fn both_are_counted() {
///     let count = Arc::new(Mutex::new(0));
///     let other = race::thread::spawn({
///         let count = count.clone();
///         move || *count.lock().unwrap() += 1
///     });
///     *count.lock().unwrap() += 1;
///     other.join().unwrap();
///     assert_eq!(*count.lock().unwrap(), 2);
/// }
/// ```
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    enter(Entry::Test, arguments, item)
}

/// Gives a program's `main` the detector's options as the program wants them.
///
/// The engine works without this attribute, from before `main` to the exit, where a process that has reported a race and
/// does not fail by itself gets status 66. With it, `options = "..."` are the defaults from here on, written as in
/// `RACE_OPTIONS`, which still overrides them; what they say wrong ends the process with status 2 before the function
/// does anything. `crate = path` is for those who have this library under another name than `race`. An `async fn` is
/// made a plain one by its executor first: put this attribute below `#[tokio::main]` and the like.
///
/// Without the feature `race` it changes nothing.
///
/// ```
/// #[race::main(options = "halt_on_error=1")]
/// fn main() {
///     println!("stops at its first race");
/// }
/// ```
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    enter(Entry::Main, arguments, item)
}

fn enter(entry: Entry, arguments: TokenStream, item: TokenStream) -> TokenStream {
    match entry::expand(entry, arguments.into(), item.clone().into(), cfg!(feature = "race")) {
        Ok(tokens) => tokens.into(),
        Err(error) => {
            // The item stays, so that its absence is not reported as well.
            let mut refusal = TokenStream::from(error.to_compile_error());
            refusal.extend(item);
            refusal
        }
    }
}
