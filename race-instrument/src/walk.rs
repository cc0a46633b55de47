//! Walks a body and finds what it accesses.
//!
//! An expression is met either for its value, or as a place that is borrowed, matched or called a method on: only the
//! former is a read. The value of a place becomes a block that announces and then reads; what else accesses memory has
//! files of its own.

use syn::{Block, Expr, Pat, Stmt, parse_quote_spanned};

use crate::closure::Closure;
use crate::hook::{self, Access};
use crate::item::Rewriter;
use crate::place::{self, Root};
use crate::{assign, call, macro_call, method, operator, pattern, skip};

/// Where the walk is.
pub struct Walk<'a> {
    rewriter: &'a Rewriter<'a>,
    /// Inside `unsafe`.
    pub in_unsafe: bool,
    /// The closures around the code, outermost first.
    pub closures: Vec<Closure>,
    /// How many answers were given names.
    pub answers: usize,
}

impl<'a> Walk<'a> {
    /// Before a body.
    pub fn new(rewriter: &'a Rewriter<'a>, in_unsafe: bool) -> Walk<'a> {
        Walk { rewriter, in_unsafe, closures: Vec::new(), answers: 0 }
    }

    /// The statements of a block.
    pub fn block(&mut self, block: &mut Block) {
        for statement in &mut block.stmts {
            match statement {
                Stmt::Local(local) if self.rewriter.names().skips(&local.attrs) => {}
                Stmt::Local(local) => {
                    let Some(init) = &mut local.init else { continue };
                    if takes_the_value(&local.pat) {
                        self.value(&mut init.expr);
                    } else {
                        self.looked_at(&mut init.expr);
                    }
                    if let Some((_, otherwise)) = &mut init.diverge {
                        self.value(otherwise);
                    }
                }
                Stmt::Expr(expression, _) => {
                    if !skip::skips_expression(self.rewriter.names(), expression, true) {
                        self.value(expression);
                    }
                }
                Stmt::Macro(call) if self.rewriter.names().skips(&call.attrs) => {}
                Stmt::Macro(call) => macro_call::rewrite(self, &mut call.mac),
                Stmt::Item(item) => self.rewriter.inner_item(item),
            }
        }
    }

    fn is_skipped(&self, expression: &Expr) -> bool {
        skip::skips_expression(self.rewriter.names(), expression, false)
    }

    /// An expression that is borrowed, matched, or whose place is used: no read.
    pub fn looked_at(&mut self, expression: &mut Expr) {
        if self.is_skipped(expression) {
            return;
        }
        match expression {
            Expr::Paren(inner) => self.looked_at(&mut inner.expr),
            Expr::Field(field) => self.looked_at(&mut field.base),
            Expr::Index(index) => {
                self.looked_at(&mut index.expr);
                self.value(&mut index.index);
            }
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => self.looked_at(&mut unary.expr),
            Expr::Path(_) => {}
            _ => self.value(expression),
        }
    }

    /// An expression whose value is used.
    pub fn value(&mut self, expression: &mut Expr) {
        if self.is_skipped(expression) {
            return;
        }
        if place::is_place(expression) {
            return self.read(expression);
        }
        match expression {
            Expr::Paren(inner) => self.value(&mut inner.expr),
            Expr::Group(inner) => self.value(&mut inner.expr),
            Expr::Unary(unary) => self.value(&mut unary.expr),
            Expr::Binary(binary) if place::is_compound(&binary.op) => operator::compound(self, expression),
            Expr::Binary(binary) if place::is_comparison(&binary.op) => operator::comparison(self, expression),
            Expr::Binary(_) if pattern::is_one_of_several(expression) => pattern::one_of_several(self, expression),
            Expr::Binary(binary) => {
                self.value(&mut binary.left);
                self.value(&mut binary.right);
            }
            Expr::Assign(_) => assign::assignment(self, expression),
            Expr::Call(_) => call::function(self, expression),
            Expr::MethodCall(_) => method::call(self, expression),
            Expr::Macro(call) => macro_call::rewrite(self, &mut call.mac),
            Expr::Reference(reference) => self.looked_at(&mut reference.expr),
            Expr::RawAddr(address) => self.looked_at(&mut address.expr),
            Expr::Let(condition) => self.looked_at(&mut condition.expr),
            Expr::Match(_) => pattern::matching(self, expression),
            Expr::If(_) => pattern::condition(self, expression),
            Expr::Unsafe(inner) => {
                let outer = std::mem::replace(&mut self.in_unsafe, true);
                self.block(&mut inner.block);
                self.in_unsafe = outer;
            }
            Expr::Struct(_) => assign::structure(self, expression),
            Expr::Closure(_) | Expr::Async(_) => self.closure(expression),
            other => self.inner_values(other),
        }
    }

    /// The plain cases: everything inside is used for its value.
    fn inner_values(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Array(inner) => inner.elems.iter_mut().for_each(|element| self.value(element)),
            Expr::Tuple(inner) => inner.elems.iter_mut().for_each(|element| self.value(element)),
            Expr::Await(inner) => self.value(&mut inner.base),
            Expr::Block(inner) => self.block(&mut inner.block),
            Expr::Loop(inner) => self.block(&mut inner.body),
            Expr::Cast(inner) => self.value(&mut inner.expr),
            Expr::Repeat(inner) => self.value(&mut inner.expr),
            Expr::Try(inner) => self.value(&mut inner.expr),
            Expr::Break(inner) => inner.expr.iter_mut().for_each(|value| self.value(value)),
            Expr::Return(inner) => inner.expr.iter_mut().for_each(|value| self.value(value)),
            Expr::Range(inner) => {
                inner.start.iter_mut().for_each(|value| self.value(value));
                inner.end.iter_mut().for_each(|value| self.value(value));
            }
            Expr::While(inner) => {
                self.value(&mut inner.cond);
                self.block(&mut inner.body);
            }
            Expr::ForLoop(inner) => {
                self.value(&mut inner.expr);
                self.block(&mut inner.body);
            }
            _ => {}
        }
    }

    fn closure(&mut self, expression: &mut Expr) {
        self.closures.push(Closure::new(expression));
        match expression {
            Expr::Closure(inner) => self.value(&mut inner.body),
            Expr::Async(inner) => self.block(&mut inner.block),
            _ => {}
        }
        if let Some(closure) = self.closures.pop() {
            closure.finish(expression);
        }
    }

    /// An arm of a `match`.
    pub fn arm(&mut self, arm: &mut syn::Arm) {
        if self.rewriter.names().skips(&arm.attrs) {
            return;
        }
        if let Some((_, guard)) = &mut arm.guard {
            self.value(guard);
        }
        self.value(&mut arm.body);
    }

    /// A place whose value is used.
    fn read(&mut self, expression: &mut Expr) {
        let root = place::root(expression, self.in_unsafe);
        // As it was written: an index that announces its own read counts as having an effect.
        let written = expression.clone();
        self.looked_at(expression);
        match root {
            Some(Root::Pointer | Root::Named | Root::Static) => {
                let before = self.before(&written, Access::Read);
                if !before.is_empty() {
                    // In parentheses, since a block at the start of a statement is one.
                    *expression = parse_quote_spanned!(hook::around(expression)=> ({ #before #expression }));
                }
            }
            Some(Root::Computed) => hook::within(expression, Access::Read),
            None => {}
        }
    }
}

/// Whether a pattern moves or copies what it is matched with, for sure.
fn takes_the_value(pattern: &Pat) -> bool {
    match pattern {
        Pat::Ident(name) => name.by_ref.is_none() && name.subpat.is_none(),
        Pat::Type(inner) => takes_the_value(&inner.pat),
        _ => false,
    }
}
