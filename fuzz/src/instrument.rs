//! What `#[race::instrument]`, `#[race::test]` and `#[race::main]` stand on, and what stands in their parentheses.
//!
//! Any tokens become tokens or an error; no macro panics, and what `#[race::instrument]` makes of an item that can be read
//! and printed can be read again.
//!
//! The bytes are the source text of the item, or that of the arguments, a zero byte, and the item. `@(...)` in the item are
//! brackets that cannot be seen, as the compiler puts around what a macro was given.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use race_instrument_rewriting::{entry, expand};

/// Rewrites the bytes.
///
/// # Panics
/// A macro panics, or makes of an item what is none.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (arguments, item) = text.split_once('\0').unwrap_or(("", text));
    let (Ok(arguments), Ok(item)) = (arguments.parse::<TokenStream>(), item.parse::<TokenStream>()) else { return };
    let item = with_unseen_brackets(item);
    for with_engine in [false, true] {
        let rewritten = expand::instrument(arguments.clone(), item.clone(), with_engine);
        if let Some(rewritten) = told(rewritten).flatten()
            && is_printed_as_it_is(&item)
        {
            assert!(is_item(&rewritten), "no item any more: {rewritten}");
        }
        for entry in [entry::Entry::Test, entry::Entry::Main] {
            told(entry::expand(entry, arguments.clone(), item.clone(), with_engine));
        }
    }
}

/// What a macro answers, when it is no refusal.
fn told<T>(answer: Result<T, syn::Error>) -> Option<T> {
    answer.map_err(|error| assert!(!error.to_compile_error().is_empty())).ok()
}

fn is_item(tokens: &TokenStream) -> bool {
    syn::parse2::<syn::Item>(tokens.clone()).is_ok()
}

/// Whether the library that reads items also prints this one so that it can be read.
fn is_printed_as_it_is(item: &TokenStream) -> bool {
    syn::parse2::<syn::Item>(item.clone()).is_ok_and(|read| is_item(&read.into_token_stream()))
}

/// Only called for tokens within the depth that the macros take, or cut at it.
fn with_unseen_brackets(tokens: TokenStream) -> TokenStream {
    fn within(tokens: TokenStream, depth: usize) -> TokenStream {
        let mut made: Vec<TokenTree> = Vec::new();
        for tree in tokens {
            let TokenTree::Group(group) = tree else {
                made.push(tree);
                continue;
            };
            let inner = if depth == 0 { group.stream() } else { within(group.stream(), depth - 1) };
            let is_marked = matches!(made.last(), Some(TokenTree::Punct(mark)) if mark.as_char() == '@');
            let delimiter = if is_marked { Delimiter::None } else { group.delimiter() };
            made.truncate(made.len() - usize::from(is_marked));
            made.push(Group::new(delimiter, inner).into());
        }
        made.into_iter().collect()
    }
    within(tokens, 100)
}
