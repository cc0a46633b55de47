//! Functions of `std::ptr` and `std::mem` that access memory.

use proc_macro2::TokenStream;
use quote::{format_ident, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprCall, Ident, Path, Token, parse_quote_spanned};

use crate::exchange;
use crate::hook::{self, Base};
use crate::place;
use crate::walk::Walk;

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
        ("swap_nonoverlapping", 3) => (&[(0, "Write"), (1, "Write")], true),
        ("write_bytes", 3) => (&[(0, "Write")], true),
        ("copy" | "copy_nonoverlapping", 3) => (&[(0, "Read"), (1, "Write")], true),
        ("drop_in_place", 1) => (&[(0, "Drop")], false),
        _ => return None,
    };
    Some(Function { pointers, counted })
}

/// How a path names a function of a module of std.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// From `std` or `core`: there is no doubt.
    Full,
    /// From a module of that name, which might be the program's own.
    Module,
}

fn naming(path: &Path, wanted: &str) -> Option<(Naming, Ident)> {
    if path.segments.iter().any(|segment| !segment.arguments.is_none()) {
        return None;
    }
    let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let naming = match names.as_slice() {
        ["std" | "core", module, _] if *module == wanted => Naming::Full,
        [module, _] if *module == wanted && path.leading_colon.is_none() => Naming::Module,
        _ => return None,
    };
    Some((naming, path.segments.last()?.ident.clone()))
}

/// A call.
pub fn function(walk: &mut Walk, expression: &mut Expr) {
    let Expr::Call(call) = expression else { return };
    let path = match &*call.func {
        Expr::Path(path) => Some(&path.path),
        _ => None,
    };
    if let Some((naming, name)) = path.and_then(|path| naming(path, "mem"))
        && exchange::is_known(&name.to_string(), call.args.len())
    {
        return exchange::function(walk, expression, naming, &name);
    }
    let known = path.and_then(|path| naming(path, "ptr")).and_then(|(naming, name)| {
        let function = known_function(&name.to_string(), call.args.len())?;
        Some((naming, function, name))
    });
    let are_simple = call.args.iter().all(place::is_simple);
    let originals = call.args.clone();
    call.args.iter_mut().for_each(|argument| walk.value(argument));
    walk.looked_at(&mut call.func);
    let span = hook::at(&call.func);
    match known {
        Some((Naming::Full, _, name)) => *call.func = parse_quote_spanned!(span=> __race::ptr::#name),
        Some((Naming::Module, function, _)) if are_simple || originals.len() == 1 => {
            let before = announce_arguments(walk, call, &originals, &function);
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
fn announce_arguments(walk: &mut Walk, call: &mut ExprCall, originals: &Arguments, function: &Function) -> TokenStream {
    let mut before = TokenStream::new();
    let count = originals.last().filter(|_| function.counted);
    if count.is_some_and(|count| !place::is_repeatable(count)) {
        return before;
    }
    for (position, effect) in function.pointers {
        let argument = &mut call.args[*position];
        let span = hook::at(argument);
        let count = count.map_or_else(|| quote_spanned!(span=> 1), |count| quote_spanned!(span=> #count));
        let effect = format_ident!("{effect}", span = span);
        let is_drop = effect == "Drop";
        let pointer = &originals[*position];
        if place::is_place(pointer) {
            if !place::is_pure(pointer) {
                continue;
            }
            let Some(Base { question, answer }) = walk.type_of_pointer(pointer) else { continue };
            let announcement = if is_drop {
                quote_spanned!(span=> #answer.dropped(|| &#pointer,))
            } else {
                quote_spanned!(span=> #answer.targets(__race::Effect::#effect, #count, || &#pointer))
            };
            before.extend(quote_spanned!(span=> #question #announcement;));
        } else if is_drop {
            *argument = parse_quote_spanned!(span=> __race::Value(#argument).dropped());
        } else {
            *argument = parse_quote_spanned!(span=> __race::Value(#argument).targets(__race::Effect::#effect, #count));
        }
    }
    before
}
