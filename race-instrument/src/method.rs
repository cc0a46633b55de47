//! Methods of raw pointers and `NonNull` that access memory. Methods of the same names of other types are left to them:
//! what stands before a call asks for the type of its receiver.

use proc_macro2::TokenStream;
use quote::{format_ident, quote_spanned};
use syn::{Expr, ExprMethodCall, parse_quote_spanned};

use crate::hook::{self, Base};
use crate::place;
use crate::walk::Walk;

/// What a method does.
struct Method {
    /// The name of the effect on the target.
    effect: &'static str,
    /// The argument that is a pointer too, and the effect on its target.
    other: Option<(usize, &'static str)>,
    /// The argument that says how many targets in a row.
    count: Option<usize>,
}

/// The method of raw pointers of this name.
fn known(name: &str, arguments: usize) -> Option<Method> {
    let (effect, other, count) = match (name, arguments) {
        ("read" | "read_unaligned", 0) => ("Read", None, None),
        ("read_volatile", 0) => ("VolatileRead", None, None),
        ("write" | "write_unaligned" | "replace", 1) => ("Write", None, None),
        ("write_volatile", 1) => ("VolatileWrite", None, None),
        ("write_bytes", 2) => ("Write", None, Some(1)),
        ("copy_from" | "copy_from_nonoverlapping", 2) => ("Write", Some((0, "Read")), Some(1)),
        ("copy_to" | "copy_to_nonoverlapping", 2) => ("Read", Some((0, "Write")), Some(1)),
        ("swap", 1) => ("Write", Some((0, "Write")), None),
        ("drop_in_place", 0) => ("Drop", None, None),
        _ => return None,
    };
    Some(Method { effect, other, count })
}

/// A method call.
pub fn call(walk: &mut Walk, expression: &mut Expr) {
    let in_unsafe = walk.in_unsafe;
    let Expr::MethodCall(call) = expression else { return };
    let are_simple = call.args.iter().all(place::is_simple);
    let method = known(&call.method.to_string(), call.args.len());
    let is_pure = place::is_pure(&call.receiver);
    let hints =
        method.filter(|_| in_unsafe && are_simple && call.turbofish.is_none()).and_then(|method| hints(call, &method));
    call.args.iter_mut().for_each(|argument| walk.value(argument));
    if place::is_place(&call.receiver) {
        walk.looked_at(&mut call.receiver);
    } else {
        walk.value(&mut call.receiver);
    }
    let Some((name, hints)) = hints else { return };
    let span = hook::at(&call.receiver);
    if is_pure {
        let receiver = &call.receiver;
        let Some(Base { question, answer }) = walk.type_of_pointer(receiver) else { return };
        // The receiver stays where it is: it is looked at, and not moved.
        let announcement = quote_spanned!(span=> #answer.#name(|| &#receiver, #hints););
        *expression = parse_quote_spanned!(hook::around(receiver)=> ({ #question #announcement #call }));
    } else if place::gives_a_value(&call.receiver) {
        let receiver = &call.receiver;
        call.receiver = parse_quote_spanned!(span=> __race::Value(#receiver).#name(#hints));
    }
}

/// The method that announces, and what it is told. `None` if an argument must not be evaluated twice.
fn hints(call: &ExprMethodCall, method: &Method) -> Option<(syn::Ident, TokenStream)> {
    let span = hook::at(&call.receiver);
    let name = |name: &str| syn::Ident::new(name, span);
    if method.effect == "Drop" {
        return Some((name("dropped"), TokenStream::new()));
    }
    let effect = format_ident!("{}", method.effect, span = span);
    let count = match method.count {
        Some(position) => lent_or_given(&call.args[position])?,
        None => quote_spanned!(span=> __race::Given(1)),
    };
    let Some((position, other_effect)) = method.other else {
        return Some((name("method"), quote_spanned!(span=> __race::Effect::#effect, || #count)));
    };
    let other = lent_or_given(&call.args[position])?;
    let other_effect = format_ident!("{other_effect}", span = span);
    let hints = quote_spanned! {span=>
        __race::Effect::#effect, || #count, __race::Effect::#other_effect, || #other
    };
    Some((name("method_on_two"), hints))
}

/// An argument that is looked at before the call, without being moved.
fn lent_or_given(argument: &Expr) -> Option<TokenStream> {
    let span = hook::at(argument);
    if place::is_place(argument) && place::is_pure(argument) {
        return Some(quote_spanned!(span=> __race::Lent(&#argument)));
    }
    place::is_repeatable(argument).then(|| quote_spanned!(span=> __race::Given(#argument)))
}
