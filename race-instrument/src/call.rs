//! Functions and methods of raw pointers that access memory.

use proc_macro2::TokenStream;
use quote::{format_ident, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprCall, ExprMethodCall, Path, Token, parse_quote_spanned};

use crate::hook;
use crate::place;
use crate::rewrite::Walk;

/// What a function of `std::ptr` does to the targets of its arguments.
struct Function {
    /// The pointers among the arguments, by position, and the name of the effect on their targets.
    pointers: &'static [(usize, &'static str)],
    /// Whether the last argument says how many targets in a row.
    counted: bool,
}

fn known_function(name: &str, arguments: usize) -> Option<Function> {
    let (pointers, counted): (&'static [(usize, &'static str)], bool) = match (name, arguments) {
        ("read" | "read_unaligned", 1) => (&[(0, "Read")], false),
        ("read_volatile", 1) => (&[(0, "VolatileRead")], false),
        ("write" | "write_unaligned" | "replace", 2) => (&[(0, "Write")], false),
        ("write_volatile", 2) => (&[(0, "VolatileWrite")], false),
        ("swap", 2) => (&[(0, "Write"), (1, "Write")], false),
        ("write_bytes", 3) => (&[(0, "Write")], true),
        ("copy" | "copy_nonoverlapping", 3) => (&[(0, "Read"), (1, "Write")], true),
        _ => return None,
    };
    Some(Function { pointers, counted })
}

/// What a method of raw pointers of this name does to the target.
fn method_effect(name: &str, arguments: usize) -> Option<&'static str> {
    match (name, arguments) {
        ("read" | "read_unaligned", 0) => Some("Read"),
        ("read_volatile", 0) => Some("VolatileRead"),
        ("write" | "write_unaligned" | "replace", 1) => Some("Write"),
        ("write_volatile", 1) => Some("VolatileWrite"),
        _ => None,
    }
}

/// How a path names a function of `std::ptr`.
enum Naming {
    /// From `std` or `core`: there is no doubt.
    Full,
    /// From a module `ptr`, which might be the program's own.
    Module,
}

fn naming(path: &Path) -> Option<Naming> {
    if path.segments.iter().any(|segment| !segment.arguments.is_none()) {
        return None;
    }
    let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["std" | "core", "ptr", _] => Some(Naming::Full),
        ["ptr", _] if path.leading_colon.is_none() => Some(Naming::Module),
        _ => None,
    }
}

/// A call.
pub fn function(walk: &mut Walk, expression: &mut Expr) {
    let Expr::Call(call) = expression else { return };
    let are_simple = call.args.iter().all(place::is_simple);
    let known = match &*call.func {
        Expr::Path(path) => naming(&path.path).and_then(|naming| {
            let name = path.path.segments.last()?.ident.clone();
            Some((naming, known_function(&name.to_string(), call.args.len())?, name))
        }),
        _ => None,
    };
    let originals = call.args.clone();
    call.args.iter_mut().for_each(|argument| walk.value(argument));
    walk.looked_at(&mut call.func);
    let span = hook::at(&call.func);
    match known {
        Some((Naming::Full, _, name)) => {
            *call.func = parse_quote_spanned!(span=> ::race::__private::ptr::#name);
        }
        Some((Naming::Module, function, _)) if are_simple || originals.len() == 1 => {
            let before = announce_arguments(call, &originals, &function);
            if !before.is_empty() {
                *expression = parse_quote_spanned!(hook::around(&call.func)=> ({ #before #call }));
            }
        }
        _ => {}
    }
}

type Arguments = Punctuated<Expr, Token![,]>;

/// Announces what the function does: for pointers that are made for the call on their way into it, for those that lie
/// somewhere before the call, since they must not be moved.
fn announce_arguments(call: &mut ExprCall, originals: &Arguments, function: &Function) -> TokenStream {
    let mut before = TokenStream::new();
    let count = originals.last().filter(|_| function.counted);
    if count.is_some_and(|count| !place::is_pure(count)) {
        return before;
    }
    for (position, effect) in function.pointers {
        let argument = &mut call.args[*position];
        let span = hook::at(argument);
        let effect = format_ident!("{effect}", span = span);
        let count = count.map_or_else(|| quote_spanned!(span=> 1), |count| quote_spanned!(span=> #count));
        let pointer = &originals[*position];
        if place::is_place(pointer) {
            if place::is_pure(pointer) {
                let base = hook::type_of_pointer(pointer);
                before.extend(quote_spanned! {span=>
                    #base
                    __race_base.targets(::race::__private::Effect::#effect, #count, || &#pointer);
                });
            }
        } else {
            *argument = parse_quote_spanned! {span=>
                ::race::__private::Value(#argument).targets(::race::__private::Effect::#effect, #count)
            };
        }
    }
    before
}

/// A method call.
pub fn method(walk: &mut Walk, expression: &mut Expr) {
    let in_unsafe = walk.in_unsafe;
    let Expr::MethodCall(call) = expression else { return };
    let are_simple = call.args.iter().all(place::is_simple);
    let effect = method_effect(&call.method.to_string(), call.args.len());
    let is_pure = place::is_pure(&call.receiver);
    call.args.iter_mut().for_each(|argument| walk.value(argument));
    if place::is_place(&call.receiver) {
        walk.looked_at(&mut call.receiver);
    } else {
        walk.value(&mut call.receiver);
    }
    let Some(effect) = effect.filter(|_| in_unsafe && are_simple && call.turbofish.is_none()) else { return };
    if is_pure {
        let announced = before_method(call, effect);
        *expression = announced;
    } else if matches!(*call.receiver, Expr::Call(_) | Expr::MethodCall(_)) {
        let span = hook::at(&call.receiver);
        let (receiver, effect) = (&call.receiver, format_ident!("{effect}", span = span));
        call.receiver = parse_quote_spanned! {span=>
            ::race::__private::Value(#receiver).method(::race::__private::Effect::#effect)
        };
    }
}

/// The call, after an announcement that looks at the receiver and leaves it where it is.
fn before_method(call: &ExprMethodCall, effect: &str) -> Expr {
    let receiver = &call.receiver;
    let span = hook::at(receiver);
    let effect = format_ident!("{effect}", span = span);
    let base = hook::type_of_pointer(receiver);
    let announcement = quote_spanned! {span=>
        __race_base.method(::race::__private::Effect::#effect, || &#receiver);
    };
    parse_quote_spanned!(hook::around(receiver)=> ({ #base #announcement #call }))
}
