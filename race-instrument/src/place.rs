//! Places: what an expression that can be assigned to is made of, and whether looking at it twice has an effect.

use syn::{BinOp, Expr, ExprMethodCall, ExprPath, Lit, UnOp};

/// The memory in which a place lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// Behind a pointer, which can be looked at twice.
    Pointer,
    /// A part of a variable, which may be a reference.
    Named,
    /// Behind a pointer that a call or the like gives.
    Computed,
    /// In a static, by the look of its name.
    Static,
}

/// What `expression` is rooted in, if it is a place that can be announced.
pub fn root(expression: &Expr, in_unsafe: bool) -> Option<Root> {
    match expression {
        Expr::Paren(inner) => root(&inner.expr, in_unsafe),
        Expr::Field(field) => root_of_part(&field.base, in_unsafe),
        Expr::Index(index) => root_of_part(&index.expr, in_unsafe).filter(|_| is_pure(&index.index)),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => {
            if is_pure(&unary.expr) {
                Some(Root::Pointer)
            } else {
                gives_a_value(&unary.expr).then_some(Root::Computed)
            }
        }
        Expr::Path(path) if in_unsafe && looks_static(path) => Some(Root::Static),
        _ => None,
    }
}

/// The same for what a field or an element is taken of.
fn root_of_part(whole: &Expr, in_unsafe: bool) -> Option<Root> {
    match whole {
        Expr::Paren(inner) => root_of_part(&inner.expr, in_unsafe),
        Expr::Path(path) if is_variable(path) => Some(Root::Named),
        _ if is_a_call(whole) => Some(Root::Computed),
        _ => root(whole, in_unsafe),
    }
}

/// The pointer behind which a place lies, or the variable of which it is a part.
pub fn pointer(place: &Expr) -> Option<&Expr> {
    match place {
        Expr::Path(_) => Some(place),
        Expr::Paren(inner) => pointer(&inner.expr),
        Expr::Field(field) => pointer(&field.base),
        Expr::Index(index) => pointer(&index.expr),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => Some(&unary.expr),
        _ => None,
    }
}

/// The pointer behind which a place lies, to be changed.
pub fn pointer_mut(place: &mut Expr) -> Option<&mut Expr> {
    match place {
        Expr::Paren(inner) => pointer_mut(&mut inner.expr),
        Expr::Field(field) => pointer_of_whole(&mut field.base),
        Expr::Index(index) => pointer_of_whole(&mut index.expr),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => Some(&mut unary.expr),
        _ => None,
    }
}

fn pointer_of_whole(whole: &mut Expr) -> Option<&mut Expr> {
    if is_a_call(whole) { Some(whole) } else { pointer_mut(whole) }
}

/// Whether an expression names a place rather than makes a value.
pub fn is_place(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(inner) => is_place(&inner.expr),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)),
        Expr::Field(_) | Expr::Index(_) | Expr::Path(_) => true,
        _ => false,
    }
}

/// Whether evaluating the expression once more has no effect and gives the same.
pub fn is_pure(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(inner) => is_pure(&inner.expr),
        Expr::Path(path) => is_plain(path),
        Expr::Lit(_) => true,
        Expr::Field(field) => is_pure(&field.base),
        Expr::Index(index) => is_pure(&index.expr) && is_pure(&index.index),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)) && is_pure(&unary.expr),
        Expr::Cast(cast) => is_pure(&cast.expr),
        // With a number on one side: nobody computes with anything but numbers there.
        Expr::Binary(binary) => {
            !is_compound(&binary.op)
                && is_pure(&binary.left)
                && is_pure(&binary.right)
                && (is_number(&binary.left) || is_number(&binary.right))
        }
        _ => false,
    }
}

/// Whether evaluating the expression calls nothing that might synchronise: operators, dereferences and what pointers and
/// numbers offer aside.
pub fn is_simple(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(_) | Expr::Path(_) | Expr::Closure(_) => true,
        Expr::Paren(inner) => is_simple(&inner.expr),
        Expr::Field(field) => is_simple(&field.base),
        Expr::Index(index) => is_simple(&index.expr) && is_simple(&index.index),
        Expr::Unary(unary) => is_simple(&unary.expr),
        Expr::Binary(binary) => !is_compound(&binary.op) && is_simple(&binary.left) && is_simple(&binary.right),
        Expr::Cast(cast) => is_simple(&cast.expr),
        Expr::Reference(reference) => is_simple(&reference.expr),
        Expr::RawAddr(address) => is_simple(&address.expr),
        Expr::Tuple(tuple) => tuple.elems.iter().all(is_simple),
        Expr::Array(array) => array.elems.iter().all(is_simple),
        Expr::Repeat(repeated) => is_simple(&repeated.expr),
        Expr::Range(range) => range.start.iter().chain(&range.end).all(|end| is_simple(end)),
        Expr::Struct(fields) => {
            fields.fields.iter().all(|field| is_simple(&field.expr)) && fields.rest.as_deref().is_none_or(is_simple)
        }
        Expr::MethodCall(call) => is_calm(call) && is_simple(&call.receiver) && call.args.iter().all(is_simple),
        // `Some(x)` and its like only put together.
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let name = path.path.segments.last().map(|last| last.ident.to_string());
                name.is_some_and(|name| name.starts_with(char::is_uppercase)) && call.args.iter().all(is_simple)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether evaluating the expression once more, in a place where its type is known to be right, has no effect and gives
/// the same.
pub fn is_repeatable(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(inner) => is_repeatable(&inner.expr),
        Expr::Cast(cast) => is_repeatable(&cast.expr),
        Expr::Reference(reference) => is_pure(&reference.expr),
        Expr::RawAddr(address) => is_pure(&address.expr),
        Expr::MethodCall(call) => is_calm(call) && is_repeatable(&call.receiver) && call.args.iter().all(is_repeatable),
        _ => is_pure(expression),
    }
}

fn is_calm(call: &ExprMethodCall) -> bool {
    CALM_METHODS.iter().any(|name| call.method == name)
}

/// Methods that synchronise with nobody.
const CALM_METHODS: &[&str] = &[
    "add",
    "as_mut_ptr",
    "as_ptr",
    "byte_add",
    "byte_offset",
    "byte_sub",
    "cast",
    "cast_const",
    "cast_mut",
    "get",
    "is_empty",
    "is_null",
    "len",
    "offset",
    "sub",
    "wrapping_add",
    "wrapping_mul",
    "wrapping_offset",
    "wrapping_sub",
];

/// Whether an operator assigns.
pub fn is_compound(operator: &BinOp) -> bool {
    matches!(
        operator,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}

/// Whether an operator looks at its operands where they lie.
pub fn is_comparison(operator: &BinOp) -> bool {
    matches!(operator, BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_))
}

fn is_number(expression: &Expr) -> bool {
    matches!(expression, Expr::Lit(literal) if matches!(literal.lit, Lit::Int(_)))
}

fn is_plain(path: &ExprPath) -> bool {
    path.qself.is_none() && path.path.segments.iter().all(|segment| segment.arguments.is_none())
}

/// Whether a path is a variable: constants, whose address cannot be taken, have capitals.
fn is_variable(path: &ExprPath) -> bool {
    path.path.get_ident().is_some_and(|name| !name.to_string().starts_with(char::is_uppercase))
}

/// Whether an expression makes a pointer rather than names the place of one.
pub fn gives_a_value(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(inner) => gives_a_value(&inner.expr),
        Expr::Cast(_) | Expr::RawAddr(_) | Expr::Try(_) => true,
        _ => is_a_call(expression),
    }
}

/// Whether an expression is what a call gives.
pub fn is_a_call(expression: &Expr) -> bool {
    match expression {
        Expr::Call(_) | Expr::MethodCall(_) | Expr::Await(_) => true,
        Expr::Try(inner) => is_a_call(&inner.expr),
        _ => false,
    }
}

/// Whether a path looks like a static's. A constant looks the same and does no harm.
fn looks_static(path: &ExprPath) -> bool {
    let named_so = path.path.segments.last().is_some_and(|last| {
        let name = last.ident.to_string();
        name.len() > 1
            && name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
    });
    let of_a_type = path.path.segments.first().is_some_and(|first| first.ident == "Self");
    named_so && is_plain(path) && !of_a_type
}
