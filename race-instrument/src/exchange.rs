//! `std::mem::swap`, `replace` and `take`: writes of what references lead to.
//!
//! The targets are announced once all arguments are evaluated: before the call if none of them calls anything, and else, if
//! the path starts with `std` or `core`, by functions that stand for those.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::{Expr, Ident, parse_quote_spanned};

use crate::call::Naming;
use crate::hook::{self, Access, Base};
use crate::place::{self, Root};
use crate::walk::Walk;

/// Whether it is one of the functions.
pub fn is_known(name: &str, arguments: usize) -> bool {
    matches!((name, arguments), ("swap" | "replace", 2) | ("take", 1))
}

/// A call of one of them.
pub fn function(walk: &mut Walk, expression: &mut Expr, naming: Naming, name: &Ident) {
    let Expr::Call(call) = expression else { return };
    let references = if name == "swap" { 2 } else { 1 };
    let are_simple = call.args.iter().all(place::is_simple);
    let targets: Vec<_> = call.args.iter().take(references).map(|argument| target(argument, walk.in_unsafe)).collect();
    call.args.iter_mut().for_each(|argument| walk.value(argument));
    if are_simple || call.args.len() == 1 {
        let mut before = TokenStream::new();
        for (argument, target) in call.args.iter_mut().zip(targets) {
            before.extend(announce(walk, argument, target));
        }
        if !before.is_empty() {
            *expression = parse_quote_spanned!(hook::around(expression)=> ({ #before #expression }));
        }
    } else if naming == Naming::Full {
        let mut flags = Vec::new();
        for (argument, target) in call.args.iter_mut().zip(targets) {
            flags.push(flag(walk, argument, target));
        }
        let span = hook::at(&call.func);
        let arguments = &call.args;
        *expression = parse_quote_spanned!(span=> __race::mem::#name(#(#flags,)* #arguments));
    }
}

/// What an argument leads to.
enum Target {
    /// `&mut place`.
    Place(Option<Root>),
    /// Something that lies somewhere and is a reference.
    Reference(Expr),
    /// What a call or the like gives.
    Value,
}

fn target(argument: &Expr, in_unsafe: bool) -> Target {
    match argument {
        Expr::Paren(inner) => target(&inner.expr, in_unsafe),
        Expr::Reference(reference) => Target::Place(place::root(&reference.expr, in_unsafe)),
        argument if place::is_place(argument) => Target::Reference(argument.clone()),
        _ => Target::Value,
    }
}

/// The place in `&mut place`.
fn referenced(argument: &mut Expr) -> Option<&mut Expr> {
    match argument {
        Expr::Paren(inner) => referenced(&mut inner.expr),
        Expr::Reference(reference) => Some(&mut reference.expr),
        _ => None,
    }
}

/// Announces a write of the target: on the argument's way, or in what is returned, to stand before the call.
fn announce(walk: &mut Walk, argument: &mut Expr, target: Target) -> TokenStream {
    let span = hook::at(argument);
    match target {
        Target::Place(Some(root)) => {
            let Some(place) = referenced(argument) else { return TokenStream::new() };
            if root != Root::Computed {
                return walk.before(place, Access::Write);
            }
            hook::within(place, Access::Write);
        }
        Target::Reference(reference) if place::is_pure(&reference) => {
            let Some(Base { question, answer }) = walk.type_of_pointer(&reference) else { return TokenStream::new() };
            return quote_spanned!(span=> #question #answer.exchanged(|| &#reference););
        }
        Target::Value => *argument = parse_quote_spanned!(span=> __race::Value(#argument).exchanged()),
        Target::Place(None) | Target::Reference(_) => {}
    }
    TokenStream::new()
}

/// An expression that says whether the target is behind a pointer that is watched.
fn flag(walk: &mut Walk, argument: &mut Expr, target: Target) -> TokenStream {
    let span = hook::at(argument);
    let base = match target {
        Target::Place(Some(Root::Static)) | Target::Reference(_) => return quote_spanned!(span=> true),
        Target::Place(Some(Root::Pointer | Root::Named)) => referenced(argument)
            .and_then(|place| place::pointer(place))
            .and_then(|pointer| walk.type_of_pointer(pointer)),
        Target::Place(_) | Target::Value => None,
    };
    match base {
        Some(Base { question, answer }) => quote_spanned!(span=> { #question #answer.is_watched() }),
        None => quote_spanned!(span=> false),
    }
}
