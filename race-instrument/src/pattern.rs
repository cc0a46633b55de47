//! What a `match` or `if let` reads of the place that it looks into.
//!
//! Which parts are read is known only where it is all of it: no part is left out (`..`, `_`) or borrowed (`ref`), and the
//! place can be copied, so that nothing in it changes on its own.

use proc_macro2::TokenStream;
use syn::{BinOp, Expr, Pat, parse_quote_spanned};

use crate::hook::{self, Access};
use crate::place::{self, Root};
use crate::walk::Walk;

/// A `match`.
pub fn matching(walk: &mut Walk, expression: &mut Expr) {
    let Expr::Match(inner) = expression else { return };
    let is_read = reads(inner.arms.iter().map(|arm| &arm.pat));
    let before = scrutinee(walk, &mut inner.expr, is_read);
    inner.arms.iter_mut().for_each(|arm| walk.arm(arm));
    say_before(before, expression);
}

/// An `if`.
pub fn condition(walk: &mut Walk, expression: &mut Expr) {
    let Expr::If(inner) = expression else { return };
    let before = match &mut *inner.cond {
        Expr::Let(condition) => {
            let is_read = reads([&*condition.pat]);
            scrutinee(walk, &mut condition.expr, is_read)
        }
        condition => {
            walk.value(condition);
            TokenStream::new()
        }
    };
    walk.block(&mut inner.then_branch);
    if let Some((_, otherwise)) = &mut inner.else_branch {
        walk.value(otherwise);
    }
    say_before(before, expression);
}

/// A block around what has no temporaries to outlive it; in a scope of their own, the announcements leave no names.
fn say_before(before: TokenStream, expression: &mut Expr) {
    if !before.is_empty() {
        *expression = parse_quote_spanned!(hook::around(expression)=> { { #before } #expression });
    }
}

/// A place that is looked into. Gives the announcement of the read, if it must stand before all.
fn scrutinee(walk: &mut Walk, place: &mut Expr, is_read: bool) -> TokenStream {
    let root = if is_read && place::is_place(place) { place::root(place, walk.in_unsafe) } else { None };
    let written = place.clone();
    walk.looked_at(place);
    match root {
        Some(Root::Computed) => hook::within(place, Access::ReadOfCopy),
        Some(Root::Pointer | Root::Named | Root::Static) => return walk.before(&written, Access::ReadOfCopy),
        None => {}
    }
    TokenStream::new()
}

/// A `let` among other conditions.
pub fn one_of_several(walk: &mut Walk, expression: &mut Expr) {
    let Expr::Binary(binary) = expression else { return };
    walk.value(&mut binary.left);
    let Expr::Let(condition) = &mut *binary.right else { return walk.value(&mut binary.right) };
    let is_read = reads([&*condition.pat]);
    let before = scrutinee(walk, &mut condition.expr, is_read);
    if !before.is_empty() {
        let left = &binary.left;
        *binary.left = parse_quote_spanned!(hook::around(left)=> #left && { #before true });
    }
}

/// Whether it is a `&&` with a `let` on its right.
pub fn is_one_of_several(expression: &Expr) -> bool {
    matches!(expression, Expr::Binary(binary)
        if matches!(binary.op, BinOp::And(_)) && matches!(*binary.right, Expr::Let(_)))
}

/// Whether matching the patterns reads all of the place, and one of them does for sure.
fn reads<'p>(patterns: impl IntoIterator<Item = &'p Pat>) -> bool {
    let mut is_read = false;
    for pattern in patterns {
        match pattern {
            Pat::Wild(_) => {}
            Pat::Or(cases) if cases.cases.iter().any(|case| matches!(case, Pat::Wild(_))) => return false,
            pattern if is_complete(pattern) => is_read = true,
            _ => return false,
        }
    }
    is_read
}

/// Whether a pattern looks at or copies all of what it is matched with.
fn is_complete(pattern: &Pat) -> bool {
    match pattern {
        Pat::Lit(_) | Pat::Range(_) | Pat::Path(_) => true,
        Pat::Ident(name) => {
            name.by_ref.is_none() && name.subpat.as_ref().is_none_or(|(_, pattern)| is_complete(pattern))
        }
        Pat::Paren(inner) => is_complete(&inner.pat),
        Pat::Or(cases) => cases.cases.iter().all(is_complete),
        Pat::Tuple(parts) => parts.elems.iter().all(is_complete),
        Pat::TupleStruct(parts) => parts.elems.iter().all(is_complete),
        Pat::Slice(parts) => parts.elems.iter().all(is_complete),
        Pat::Struct(fields) => fields.rest.is_none() && fields.fields.iter().all(|field| is_complete(&field.pat)),
        _ => false,
    }
}
