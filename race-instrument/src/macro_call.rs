//! Calls of std's macros whose arguments are expressions. What does not parse as that stays as it is, as do the calls of all
//! other macros.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Macro, Path, Token, parse_quote_spanned};

use crate::hook::{self, Access};
use crate::place::{self, Root};
use crate::walk::Walk;

/// What a macro does with an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It uses its value.
    Value,
    /// It looks at it where it lies, to print it.
    Shown,
    /// It looks at it where it lies, to compare it.
    Compared,
    /// It looks into it, or calls a method on it.
    LookedAt,
}

/// What a macro does with its first arguments, and with all others.
struct Roles(&'static [Role], Role);

fn known(path: &Path) -> Option<Roles> {
    let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let name = match names.as_slice() {
        [name] | ["std" | "core", name] => *name,
        _ => return None,
    };
    let roles = match name {
        "print" | "println" | "eprint" | "eprintln" | "format" | "panic" | "unreachable" | "todo" | "unimplemented" => {
            Roles(&[], Role::Shown)
        }
        "write" | "writeln" => Roles(&[Role::LookedAt], Role::Shown),
        "assert" | "debug_assert" => Roles(&[Role::Value], Role::Shown),
        "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => {
            Roles(&[Role::Compared, Role::Compared], Role::Shown)
        }
        "vec" | "dbg" => Roles(&[], Role::Value),
        "matches" => Roles(&[], Role::LookedAt),
        _ => return None,
    };
    Some(roles)
}

/// The arguments of a macro.
pub struct Arguments {
    roles: Roles,
    list: Punctuated<Expr, Token![,]>,
    /// What follows them: a number of repetitions, or a pattern.
    rest: TokenStream,
}

/// The arguments of one of std's macros.
pub fn arguments(call: &Macro) -> Option<Arguments> {
    let roles = known(&call.path)?;
    let has_pattern = call.path.segments.last()?.ident == "matches";
    let parser = |input: ParseStream| {
        let mut list = Punctuated::new();
        while !input.is_empty() {
            list.push_value(input.parse()?);
            if has_pattern || !input.peek(Token![,]) {
                break;
            }
            list.push_punct(input.parse()?);
        }
        let is_over = input.is_empty() || has_pattern || (list.len() == 1 && input.peek(Token![;]));
        if !is_over {
            return Err(Error::new(input.span(), "no list of expressions"));
        }
        Ok((list, input.parse()?))
    };
    let (list, rest) = parser.parse2(call.tokens.clone()).ok()?;
    Some(Arguments { roles, list, rest })
}

impl Arguments {
    /// The arguments that are expressions.
    pub fn expressions(&mut self) -> impl Iterator<Item = &mut Expr> {
        self.list.iter_mut()
    }

    /// What stands in the parentheses.
    pub fn into_tokens(self) -> TokenStream {
        let (list, rest) = (self.list, self.rest);
        quote!(#list #rest)
    }
}

/// Rewrites the arguments of a macro, where it is known.
pub fn rewrite(walk: &mut Walk, call: &mut Macro) {
    let Some(mut arguments) = arguments(call) else { return };
    let are_simple = arguments.list.iter().all(|argument| place::is_simple(value_of(argument)));
    let Roles(first, others) = arguments.roles;
    for (position, argument) in arguments.list.iter_mut().enumerate() {
        let role = *first.get(position).unwrap_or(&others);
        // `name = value`
        let argument = match argument {
            Expr::Assign(named) if role == Role::Shown => &mut *named.right,
            argument => argument,
        };
        match role {
            Role::Value => walk.value(argument),
            Role::LookedAt => walk.looked_at(argument),
            Role::Shown => lying(walk, argument, are_simple.then_some(Access::ReadOfScalar)),
            Role::Compared => lying(walk, argument, are_simple.then_some(Access::ReadOfScalar)),
        }
    }
    call.tokens = arguments.into_tokens();
}

/// The value of `name = value`, or all of it.
fn value_of(argument: &Expr) -> &Expr {
    match argument {
        Expr::Assign(named) => &named.right,
        argument => argument,
    }
}

/// An argument that is looked at where it lies, once all arguments are evaluated: announced only if none of them calls
/// anything that might synchronise.
fn lying(walk: &mut Walk, argument: &mut Expr, access: Option<Access>) {
    let root = place::root(argument, walk.in_unsafe);
    walk.looked_at(argument);
    let Some(access) = access else { return };
    match root {
        Some(Root::Pointer | Root::Named) => {
            let before = walk.before(argument, access);
            if !before.is_empty() {
                *argument = parse_quote_spanned!(hook::around(argument)=> *({ #before &#argument }));
            }
        }
        Some(Root::Computed) => hook::within(argument, access),
        // A reference to a static is not the macro's to make.
        Some(Root::Static) | None => {}
    }
}
