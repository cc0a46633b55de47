//! Assignments, and what is left of another structure in a new one.
//!
//! An assignment announces after its right side has been evaluated, which is where Rust looks at the left. An assignment
//! to several places is taken apart as rustc does it.

use proc_macro2::Span;
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, Ident, Pat, parse_quote_spanned};

use crate::hook::{self, Access};
use crate::place::{self, Root};
use crate::walk::Walk;

/// `left = right`.
pub fn assignment(walk: &mut Walk, expression: &mut Expr) {
    let Expr::Assign(assign) = expression else { return };
    let is_simple = place::is_simple(&assign.right);
    match &*assign.left {
        Expr::Infer(_) => return walk.looked_at(&mut assign.right),
        Expr::Tuple(_) | Expr::Array(_) | Expr::Struct(_) | Expr::Call(_) => return to_several(walk, expression),
        _ => {}
    }
    walk.value(&mut assign.right);
    if !place::is_place(&assign.left) {
        return;
    }
    let root = place::root(&assign.left, walk.in_unsafe);
    let written = assign.left.clone();
    walk.looked_at(&mut assign.left);
    match root {
        Some(Root::Pointer | Root::Named | Root::Static) => {
            let span = hook::around(&assign.left);
            let before = walk.before(&written, Access::Write);
            if before.is_empty() {
                return;
            }
            let (left, right) = (&assign.left, &assign.right);
            *expression = if is_simple {
                parse_quote_spanned!(span=> { #before #left = #right; })
            } else {
                let (place, value) = hook::value_for(left, right);
                parse_quote_spanned!(span=> { #place match #value { value => { #before #left = value; } } })
            };
        }
        Some(Root::Computed) => hook::within(&mut assign.left, Access::Write),
        None => {}
    }
}

/// `(one, other) = right` and its like.
fn to_several(walk: &mut Walk, expression: &mut Expr) {
    let Expr::Assign(assign) = expression else { return };
    walk.looked_at(&mut assign.right);
    let span = hook::around(&assign.left);
    let mut parts = Parts { span, assigned: Vec::new() };
    let Some(pattern) = parts.pattern(&assign.left) else { return };
    if !parts.assigned.iter().any(|(_, place)| place::root(place, walk.in_unsafe).is_some()) {
        return;
    }
    let assignments = parts.assigned.iter().map(|(name, place)| {
        let mut assignment: Expr = parse_quote_spanned!(span=> #place = #name);
        self::assignment(walk, &mut assignment);
        quote!(#assignment;)
    });
    let assignments: Vec<_> = assignments.collect();
    let right = &assign.right;
    *expression = parse_quote_spanned!(span=> { let #pattern = #right; #(#assignments)* });
}

/// The places of an assignment to several, each with the name of the part that it is given.
struct Parts {
    span: Span,
    assigned: Vec<(Ident, Expr)>,
}

impl Parts {
    /// The pattern that gives each part its name.
    fn pattern(&mut self, left: &Expr) -> Option<Pat> {
        let span = self.span;
        let pattern = match left {
            Expr::Paren(inner) => return self.pattern(&inner.expr),
            Expr::Infer(_) => parse_quote_spanned!(span=> _),
            Expr::Range(range) if range.start.is_none() && range.end.is_none() => parse_quote_spanned!(span=> ..),
            Expr::Tuple(tuple) => {
                let parts = self.patterns(&tuple.elems)?;
                parse_quote_spanned!(span=> (#(#parts,)*))
            }
            Expr::Array(array) => {
                let parts = self.patterns(&array.elems)?;
                parse_quote_spanned!(span=> [#(#parts,)*])
            }
            Expr::Call(call) => {
                let Expr::Path(path) = &*call.func else { return None };
                let parts = self.patterns(&call.args)?;
                parse_quote_spanned!(span=> #path(#(#parts,)*))
            }
            Expr::Struct(fields) if fields.rest.is_none() && fields.qself.is_none() => {
                let (path, dots) = (&fields.path, &fields.dot2_token);
                let members = fields.fields.iter().map(|field| &field.member);
                let parts = self.patterns(fields.fields.iter().map(|field| &field.expr))?;
                parse_quote_spanned!(span=> #path { #(#members: #parts,)* #dots })
            }
            place if place::is_place(place) => {
                let name = format_ident!("__race_part_{}", self.assigned.len(), span = span);
                self.assigned.push((name.clone(), place.clone()));
                parse_quote_spanned!(span=> #name)
            }
            _ => return None,
        };
        Some(pattern)
    }

    fn patterns<'e>(&mut self, left: impl IntoIterator<Item = &'e Expr>) -> Option<Vec<Pat>> {
        left.into_iter().map(|part| self.pattern(part)).collect()
    }
}

/// `S { field: value, ..rest }`: what is taken from the rest is read, the fields that are given aside.
pub fn structure(walk: &mut Walk, expression: &mut Expr) {
    let Expr::Struct(structure) = expression else { return };
    let is_simple = structure.fields.iter().all(|field| place::is_simple(&field.expr));
    for field in &mut structure.fields {
        // Without a colon the expression is the field's name too.
        if field.colon_token.is_some() {
            walk.value(&mut field.expr);
        }
    }
    let Some(rest) = &mut structure.rest else { return };
    let root = if place::is_place(rest) { place::root(rest, walk.in_unsafe) } else { None };
    walk.looked_at(rest);
    let given: Vec<_> = structure.fields.iter().map(|field| field.member.clone()).collect();
    let span = hook::at(rest);
    let announce = |rest: &Expr| {
        let extents = given.iter().map(|field| quote_spanned!(span=> __race::extent(&raw const (#rest).#field)));
        quote_spanned!(span=> __race::read_but(&raw const #rest, &[#(#extents),*]))
    };
    match root {
        Some(Root::Computed) => hook::within_saying(rest, announce),
        Some(Root::Pointer | Root::Named) if is_simple => {
            let before = walk.before_if_watched(rest, announce(rest));
            if !before.is_empty() {
                *expression = parse_quote_spanned!(hook::around(expression)=> ({ #before #expression }));
            }
        }
        _ => {}
    }
}
