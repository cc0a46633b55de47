//! `#[race::instrument]`: the accesses of a function's body, announced to the race detector.
//!
//! Parsing and refusals are here and in `check`; `place` takes places apart, `rewrite` walks the body, `hook` writes the
//! announcements. The rules by which it walks: nothing is evaluated twice but what is sure to have no effect of its own,
//! nothing in another order, and what cannot be announced under these rules stays as it is. The list of what is and
//! what is not announced is in the documentation of the macro.

mod call;
mod check;
mod hook;
mod place;
mod rewrite;

use proc_macro::TokenStream;
use quote::ToTokens;

/// Announces the accesses that a function makes through raw pointers and references, so that races of plain memory are
/// seen as those of race's own types are. Without the feature `race` it changes nothing.
///
/// For functions and methods, generic or `unsafe` ones too. In the body, closures included, these are announced:
///
/// - reads and writes through a raw pointer or a reference: `*p`, `(*p).field`, `(*p)[i]`, `*p = v`, `*p += v`,
///   `*p.add(1)`, `*self.cell.get()`, and without a `*` the parts of a variable that is a reference: `self.field`,
///   `slice[i] = v`;
/// - reads and writes of a `static mut`, inside `unsafe`: a path in capitals is taken for one;
/// - `read`, `write`, `replace` and their `_volatile` and `_unaligned` forms, as methods of raw pointers (inside
///   `unsafe`) and as `ptr::` functions, and `ptr::copy`, `copy_nonoverlapping`, `write_bytes` and `swap`. Two volatile
///   accesses do not race with each other.
///
/// These are not, and stay as they are:
///
/// - what a method or a callee does by itself, and what a `Box`, a lock's guard or another smart pointer leads to;
/// - what a `match` or `if let` looks into, struct updates, destructuring assignments, comparisons with a call on the
///   other side;
/// - a place whose indices call something, or of which a part is reached through a call followed by a field
///   (`*f().field`);
/// - a method or `ptr::` function of which another argument calls something, unless it is written `std::ptr::` or
///   `core::ptr::`;
/// - `x op= f()` where `x` is reached through a call;
/// - the arguments of macros, items inside the body, constants.
///
/// `Deref` and `Index` of the types between a reference and the place behind it are called once more than without the
/// macro, and operators are taken not to synchronise.
///
/// ```
/// #[race::instrument]
/// unsafe fn increment(count: *mut u64) {
///     // SAFETY: the caller's promise.
///     unsafe { *count += 1 };
/// }
/// ```
#[proc_macro_attribute]
pub fn instrument(arguments: TokenStream, item: TokenStream) -> TokenStream {
    match check::function(arguments.into(), item.clone().into()) {
        Err(error) => {
            // The item stays, so that its absence is not reported as well.
            let mut refusal = TokenStream::from(error.to_compile_error());
            refusal.extend(item);
            refusal
        }
        Ok(function) if cfg!(feature = "race") => rewrite::function(function).into_token_stream().into(),
        Ok(_) => item,
    }
}
