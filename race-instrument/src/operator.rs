//! Operators that assign, and comparisons, which look at their operands where they lie.

use quote::quote_spanned;
use syn::{Expr, parse_quote_spanned};

use crate::hook::{self, Access};
use crate::place::{self, Root};
use crate::walk::Walk;

/// `left += right` and its like: one write, which stands for the read too.
pub fn compound(walk: &mut Walk, expression: &mut Expr) {
    let Expr::Binary(binary) = expression else { return };
    let is_simple = place::is_simple(&binary.right);
    let root = place::root(&binary.left, walk.in_unsafe);
    let written = binary.left.clone();
    walk.value(&mut binary.right);
    walk.looked_at(&mut binary.left);
    match root {
        Some(Root::Pointer | Root::Named | Root::Static) => {
            let span = hook::around(&binary.left);
            let before = walk.before(&written, Access::Write);
            if before.is_empty() {
                return;
            }
            let (left, operator, right) = (&binary.left, &binary.op, &binary.right);
            let operation = |right| quote_spanned!(span=> { #before #left #operator #right; });
            *expression = if is_simple {
                let operation = operation(quote_spanned!(span=> #right));
                parse_quote_spanned!(span=> #operation)
            } else {
                let operation = operation(quote_spanned!(span=> value));
                // In parentheses, since a structure before the brace would not be one.
                parse_quote_spanned!(span=> { match (#right) { value => #operation } })
            };
        }
        Some(Root::Computed) if is_simple => hook::within(&mut binary.left, Access::Write),
        Some(Root::Computed) | None => {}
    }
}

/// `left == right` and its like. Numbers are read when their side is evaluated; what has an operator of its own is not
/// announced, since that may stop before it has looked at all of it.
pub fn comparison(walk: &mut Walk, expression: &mut Expr) {
    let Expr::Binary(binary) = expression else { return };
    let is_left_simple = place::is_simple(&binary.left);
    let left_root = place::root(&binary.left, walk.in_unsafe);
    let right_root = place::root(&binary.right, walk.in_unsafe);
    let left_is_a_call = place::is_a_call(&binary.left);
    // As they were written: an index that announces its own read counts as having an effect.
    let (left, right) = (binary.left.clone(), binary.right.clone());
    walk.looked_at(&mut binary.left);
    walk.looked_at(&mut binary.right);
    let mut before_both = proc_macro2::TokenStream::new();
    match left_root {
        Some(Root::Pointer | Root::Named | Root::Static) => {
            before_both.extend(walk.before(&left, Access::ReadOfScalar))
        }
        Some(Root::Computed) => hook::within(&mut binary.left, Access::ReadOfScalar),
        None => {}
    }
    let mut before_right = proc_macro2::TokenStream::new();
    match right_root {
        Some(Root::Pointer | Root::Named | Root::Static) => {
            let before = walk.before(&right, Access::ReadOfScalar);
            if is_left_simple { &mut before_both } else { &mut before_right }.extend(before);
        }
        Some(Root::Computed) => hook::within(&mut binary.right, Access::ReadOfScalar),
        None => {}
    }
    let span = hook::around(expression);
    let Expr::Binary(binary) = expression else { return };
    if !before_right.is_empty() && left_is_a_call {
        // The value of the call lives as long as it would in the comparison.
        let (left, operator, right) = (&binary.left, &binary.op, &binary.right);
        *expression =
            parse_quote_spanned!(span=> (match (&#left) { left => { #before_right *left #operator #right } }));
    } else if !before_both.is_empty() {
        *expression = parse_quote_spanned!(span=> ({ #before_both #expression }));
    }
}
