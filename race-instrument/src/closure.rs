//! What closures and `async` blocks capture: the macro must not make them capture more than they do.
//!
//! An announcement asks for the type of a pointer, `p` in `*p` or `self` in `self.field`. Asked in a closure, that would
//! capture all of `p`, where the access itself captures only `*p` or one field: a second borrow of another field, or a
//! closure that outlives the function, would no longer compile. So the question is put before the closure, and the
//! answer goes into it, a reference without lifetime of its own to something without content.

use proc_macro2::TokenStream;
use quote::{format_ident, quote_spanned};
use syn::visit::{self, Visit};
use syn::{Expr, ExprPath, PatIdent, parse_quote_spanned};

use crate::hook;

/// A closure around the code that is being walked.
pub struct Closure {
    /// The names that patterns inside it bind.
    bound: Vec<String>,
    /// What is said before it.
    questions: TokenStream,
}

/// Where the type of a pointer is asked for.
pub enum Question {
    /// At the access.
    Here,
    /// Before the closure of this position, outermost first.
    BeforeClosure(usize),
    /// Nowhere: it depends on names from both sides.
    Nowhere,
}

impl Closure {
    /// The closure or block that is `expression`.
    pub fn new(expression: &Expr) -> Closure {
        let mut names = BoundNames(Vec::new());
        names.visit_expr(expression);
        Closure { bound: names.0, questions: TokenStream::new() }
    }

    /// Adds something to be said before the closure.
    pub fn ask(&mut self, question: TokenStream) {
        self.questions.extend(question);
    }

    /// Puts what is to be said before the closure there.
    pub fn finish(self, expression: &mut Expr) {
        if !self.questions.is_empty() {
            let questions = self.questions;
            *expression = parse_quote_spanned!(hook::around(expression)=> { #questions #expression });
        }
    }
}

/// Where to ask for the type of `pointer`.
pub fn question(closures: &[Closure], pointer: &Expr) -> Question {
    let mut names = UsedNames(Vec::new());
    names.visit_expr(pointer);
    for (depth, closure) in closures.iter().enumerate().rev() {
        let inside = names.0.iter().filter(|name| closure.bound.contains(name)).count();
        if inside == names.0.len() {
            return if depth + 1 == closures.len() { Question::Here } else { Question::BeforeClosure(depth + 1) };
        }
        if inside > 0 {
            return Question::Nowhere;
        }
    }
    if closures.is_empty() { Question::Here } else { Question::BeforeClosure(0) }
}

/// A name for an answer that goes into a closure.
pub fn answer(number: usize, pointer: &Expr) -> (syn::Ident, TokenStream) {
    let name = format_ident!("__race_base_{number}", span = hook::at(pointer));
    let reference = quote_spanned!(hook::at(pointer)=> (*#name));
    (name, reference)
}

struct BoundNames(Vec<String>);

impl<'ast> Visit<'ast> for BoundNames {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.0.push(pattern.ident.to_string());
        visit::visit_pat_ident(self, pattern);
    }
}

struct UsedNames(Vec<String>);

impl<'ast> Visit<'ast> for UsedNames {
    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        let name = path.path.get_ident().map(ToString::to_string);
        self.0.extend(name.filter(|name| !name.starts_with(char::is_uppercase)));
    }
}
