//! The announcements: the tokens that stand before or around an access.
//!
//! An announcement bears the position of the access and counts as the user's own code, since reports show its line, and the
//! debug information of what a macro adds points to the macro. What stands around it is the macro's. The type of a
//! pointer is asked for in code that never runs (`never()` comes before it): the borrow checker does not look there, so no
//! borrow is added.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Expr, parse_quote_spanned};

use crate::place::{self, Root};

/// What is done with a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is read.
    Read,
    /// It is written, or read and written.
    Write,
}

/// The position of the user's code, for what reports show.
pub fn at(expression: &Expr) -> Span {
    expression.span()
}

/// The same position, for what the macro adds around it.
pub fn around(expression: &Expr) -> Span {
    Span::mixed_site().located_at(expression.span())
}

impl Access {
    fn method(self, span: Span) -> syn::Ident {
        syn::Ident::new(if self == Access::Read { "read" } else { "write" }, span)
    }
}

/// Statements that announce an access to a place that can be looked at twice, and the reads of the pointers that lead
/// to it.
pub fn before(place: &Expr, access: Access, in_unsafe: bool) -> TokenStream {
    let span = at(place);
    let method = access.method(span);
    match place::root(place, in_unsafe) {
        Some(Root::Pointer | Root::Named) => {}
        // A static that is written is no constant, whose address could not be taken.
        Some(Root::Static) if access == Access::Write => {
            return quote_spanned!(span=> ::race::__private::#method(&raw const #place););
        }
        Some(Root::Static) => {
            return quote_spanned!(span=> #[allow(static_mut_refs)] ::race::__private::#method(&#place););
        }
        Some(Root::Computed) | None => return TokenStream::new(),
    }
    let Some(pointer) = place::pointer(place) else { return TokenStream::new() };
    let earlier = before(pointer, Access::Read, in_unsafe);
    let base = type_of_pointer(pointer);
    let announcement = quote_spanned!(span=> ::race::__private::#method(&raw const #place));
    quote_spanned! {span=>
        #earlier
        #base
        if __race_base.is_watched() { #announcement }
    }
}

/// A statement that makes `__race_base` stand for the type of a pointer.
pub fn type_of_pointer(pointer: &Expr) -> TokenStream {
    let name = syn::Ident::new("__race_base", at(pointer));
    quote_spanned! {around(pointer)=>
        #[allow(unreachable_code, clippy::diverging_sub_expression)]
        let #name = if true {
            ::race::__private::Base::inferred()
        } else {
            ::race::__private::never();
            ::race::__private::Base::of(&#pointer)
        };
    }
}

/// A value that is inferred and coerced as if it were assigned to the place.
pub fn value_for(place: &Expr, value: &Expr) -> (TokenStream, TokenStream) {
    let span = around(place);
    let statement = quote_spanned! {span=>
        #[allow(unreachable_code, clippy::diverging_sub_expression)]
        let place = if true {
            ::race::__private::Base::inferred()
        } else {
            ::race::__private::never();
            ::race::__private::Base::of_value(&raw const #place)
        };
    };
    (statement, quote_spanned!(span=> ::race::__private::for_place(place, #value)))
}

/// Makes the pointer of a place whose pointer is computed announce the access on its way.
pub fn within(place: &mut Expr, access: Access) {
    let span = at(place);
    let mut seen_from_outside = place.clone();
    let Some(hole) = place::pointer_mut(&mut seen_from_outside) else { return };
    *hole = parse_quote_spanned!(span=> (*__race_pointer));
    let Some(pointer) = place::pointer_mut(place) else { return };
    let method = access.method(span);
    *pointer = parse_quote_spanned! {span=>
        ::race::__private::Value(#pointer).#method(|__race_pointer| &raw const #seen_from_outside)
    };
}
