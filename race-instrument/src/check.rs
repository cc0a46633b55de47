//! What `#[race::instrument]` can be put on: functions with a body that runs.

use proc_macro2::TokenStream;
use syn::{Error, ItemFn};

/// The function, or why there is none to rewrite.
pub fn function(arguments: TokenStream, item: TokenStream) -> Result<ItemFn, Error> {
    if !arguments.is_empty() {
        return Err(Error::new_spanned(
            arguments,
            "`#[race::instrument]` takes no arguments: write it without parentheses",
        ));
    }
    let Ok(function) = syn::parse2::<ItemFn>(item.clone()) else {
        return Err(Error::new_spanned(
            item,
            "`#[race::instrument]` is for functions and methods with a body: put it on each function itself",
        ));
    };
    if let Some(word) = &function.sig.constness {
        return Err(Error::new_spanned(
            word,
            "`#[race::instrument]` cannot announce accesses of a `const fn`, which may run in the compiler: \
             remove `const`, or put the accesses into a function of their own",
        ));
    }
    if let Some(word) = &function.sig.asyncness {
        return Err(Error::new_spanned(
            word,
            "`#[race::instrument]` does not know `async fn` yet: put the accesses into a function without `async` and \
             call that",
        ));
    }
    Ok(function)
}
