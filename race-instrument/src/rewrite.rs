//! Walks a body and announces what it accesses.
//!
//! An expression is met either for its value, or as a place that is borrowed, matched or called a method on: only the
//! former is a read. The value of a place becomes a block that announces and then reads; an assignment announces after its
//! right side has been evaluated, which is where Rust looks at the left.

use quote::quote_spanned;
use syn::{Block, Expr, ItemFn, Pat, Stmt, parse_quote, parse_quote_spanned};

use crate::call;
use crate::hook::{self, Access};
use crate::place::{self, Root};

/// Rewrites a function's body.
pub fn function(mut function: ItemFn) -> ItemFn {
    let mut walk = Walk { in_unsafe: function.sig.unsafety.is_some() };
    walk.block(&mut function.block);
    let imports: [Stmt; 2] = [
        parse_quote!(
            #[allow(unused_imports)]
            use ::race::__private::OtherBase as _;
        ),
        parse_quote!(
            #[allow(unused_imports)]
            use ::race::__private::OtherValue as _;
        ),
    ];
    function.block.stmts.splice(0..0, imports);
    function
}

/// Where the walk is.
pub struct Walk {
    /// Inside `unsafe`.
    pub in_unsafe: bool,
}

impl Walk {
    fn block(&mut self, block: &mut Block) {
        for statement in &mut block.stmts {
            match statement {
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
                Stmt::Expr(expression, _) => self.value(expression),
                Stmt::Item(_) | Stmt::Macro(_) => {}
            }
        }
    }

    /// An expression that is borrowed, matched, or whose place is used: no read.
    pub fn looked_at(&mut self, expression: &mut Expr) {
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
        if place::is_place(expression) {
            return self.read(expression);
        }
        match expression {
            Expr::Paren(inner) => self.value(&mut inner.expr),
            Expr::Group(inner) => self.value(&mut inner.expr),
            Expr::Unary(unary) => self.value(&mut unary.expr),
            Expr::Binary(binary) if place::is_compound(&binary.op) => self.compound(expression),
            Expr::Binary(binary) if place::is_comparison(&binary.op) => self.comparison(expression),
            Expr::Binary(binary) => {
                self.value(&mut binary.left);
                self.value(&mut binary.right);
            }
            Expr::Assign(_) => self.assignment(expression),
            Expr::Call(_) => call::function(self, expression),
            Expr::MethodCall(_) => call::method(self, expression),
            Expr::Reference(reference) => self.looked_at(&mut reference.expr),
            Expr::RawAddr(address) => self.looked_at(&mut address.expr),
            Expr::Let(condition) => self.looked_at(&mut condition.expr),
            Expr::Match(inner) => {
                self.looked_at(&mut inner.expr);
                for arm in &mut inner.arms {
                    if let Some((_, guard)) = &mut arm.guard {
                        self.value(guard);
                    }
                    self.value(&mut arm.body);
                }
            }
            Expr::Unsafe(inner) => {
                let outer = std::mem::replace(&mut self.in_unsafe, true);
                self.block(&mut inner.block);
                self.in_unsafe = outer;
            }
            Expr::Struct(inner) => {
                inner.fields.iter_mut().for_each(|field| self.value_of_field(field));
                if let Some(rest) = &mut inner.rest {
                    self.looked_at(rest);
                }
            }
            other => self.inner_values(other),
        }
    }

    /// The plain cases: everything inside is used for its value.
    fn inner_values(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Array(inner) => inner.elems.iter_mut().for_each(|element| self.value(element)),
            Expr::Tuple(inner) => inner.elems.iter_mut().for_each(|element| self.value(element)),
            Expr::Async(inner) => self.block(&mut inner.block),
            Expr::Await(inner) => self.value(&mut inner.base),
            Expr::Block(inner) => self.block(&mut inner.block),
            Expr::Loop(inner) => self.block(&mut inner.body),
            Expr::Cast(inner) => self.value(&mut inner.expr),
            Expr::Closure(inner) => self.value(&mut inner.body),
            Expr::Repeat(inner) => self.value(&mut inner.expr),
            Expr::Try(inner) => self.value(&mut inner.expr),
            Expr::Break(inner) => inner.expr.iter_mut().for_each(|value| self.value(value)),
            Expr::Return(inner) => inner.expr.iter_mut().for_each(|value| self.value(value)),
            Expr::Range(inner) => {
                inner.start.iter_mut().for_each(|value| self.value(value));
                inner.end.iter_mut().for_each(|value| self.value(value));
            }
            Expr::If(inner) => {
                self.value(&mut inner.cond);
                self.block(&mut inner.then_branch);
                if let Some((_, otherwise)) = &mut inner.else_branch {
                    self.value(otherwise);
                }
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

    fn value_of_field(&mut self, field: &mut syn::FieldValue) {
        // Without a colon the expression is the field's name too.
        if field.colon_token.is_some() {
            self.value(&mut field.expr);
        }
    }

    /// A place whose value is used.
    fn read(&mut self, expression: &mut Expr) {
        let root = place::root(expression, self.in_unsafe);
        self.looked_at(expression);
        match root {
            Some(Root::Pointer | Root::Named | Root::Static) => {
                let before = hook::before(expression, Access::Read, self.in_unsafe);
                // In parentheses, since a block at the start of a statement is one.
                *expression = parse_quote_spanned!(hook::around(expression)=> ({ #before #expression }));
            }
            Some(Root::Computed) => hook::within(expression, Access::Read),
            None => {}
        }
    }

    fn assignment(&mut self, expression: &mut Expr) {
        let in_unsafe = self.in_unsafe;
        let Expr::Assign(assign) = expression else { return };
        let is_simple = place::is_simple(&assign.right);
        if matches!(*assign.left, Expr::Infer(_)) {
            return self.looked_at(&mut assign.right);
        }
        self.value(&mut assign.right);
        if !place::is_place(&assign.left) {
            return;
        }
        let root = place::root(&assign.left, in_unsafe);
        self.looked_at(&mut assign.left);
        match root {
            Some(Root::Pointer | Root::Named | Root::Static) => {
                let span = hook::around(&assign.left);
                let before = hook::before(&assign.left, Access::Write, in_unsafe);
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

    fn compound(&mut self, expression: &mut Expr) {
        let in_unsafe = self.in_unsafe;
        let Expr::Binary(binary) = expression else { return };
        let is_simple = place::is_simple(&binary.right);
        let root = place::root(&binary.left, in_unsafe);
        self.value(&mut binary.right);
        self.looked_at(&mut binary.left);
        match root {
            Some(Root::Pointer | Root::Named | Root::Static) => {
                let span = hook::around(&binary.left);
                let before = hook::before(&binary.left, Access::Write, in_unsafe);
                let (left, operator, right) = (&binary.left, &binary.op, &binary.right);
                let operation = |right| quote_spanned!(span=> { #before #left #operator #right; });
                *expression = if is_simple {
                    let operation = operation(quote_spanned!(span=> #right));
                    parse_quote_spanned!(span=> #operation)
                } else {
                    let operation = operation(quote_spanned!(span=> value));
                    parse_quote_spanned!(span=> { match #right { value => #operation } })
                };
            }
            Some(Root::Computed) if is_simple => hook::within(&mut binary.left, Access::Write),
            Some(Root::Computed) | None => {}
        }
    }

    /// A comparison looks at its operands where they lie, so they must not become values.
    fn comparison(&mut self, expression: &mut Expr) {
        let in_unsafe = self.in_unsafe;
        let Expr::Binary(binary) = expression else { return };
        let are_simple = place::is_simple(&binary.left) && place::is_simple(&binary.right);
        let mut before = Vec::new();
        for operand in [&mut binary.left, &mut binary.right] {
            let root = place::root(operand, in_unsafe);
            self.looked_at(operand);
            match root {
                Some(Root::Pointer | Root::Named | Root::Static) if are_simple => {
                    before.push(hook::before(operand, Access::Read, in_unsafe));
                }
                Some(Root::Computed) => hook::within(operand, Access::Read),
                _ => {}
            }
        }
        if !before.is_empty() {
            *expression = parse_quote_spanned!(hook::around(expression)=> ({ #(#before)* #expression }));
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
