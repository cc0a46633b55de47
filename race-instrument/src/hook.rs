//! The announcements: the tokens that stand before or around an access.
//!
//! An announcement bears the position of the access and counts as the user's own code, since reports show its line, and the
//! debug information of what a macro adds points to the macro. What stands around it is the macro's. The type of a
//! pointer is asked for in code that never runs (`never()` comes before it): the borrow checker does not look there, so no
//! borrow is added. `__race` is imported into each function.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Expr, parse_quote_spanned};

use crate::closure::{self, Question};
use crate::place::{self, Root};
use crate::walk::Walk;

/// What is done with a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is read.
    Read,
    /// It is written, or read and written.
    Write,
    /// It is read at once if it is a number or the like; what other types do is not known.
    ReadOfScalar,
    /// It is read as a whole if it can be copied; what is read of others is not known.
    ReadOfCopy,
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
    /// The call that announces it for what is at `address`.
    fn announce(self, span: Span, address: TokenStream) -> TokenStream {
        match self {
            Access::Read => quote_spanned!(span=> __race::read(#address)),
            Access::Write => quote_spanned!(span=> __race::write(#address)),
            Access::ReadOfScalar => quote_spanned!(span=> __race::Seen(#address).read_if_scalar()),
            Access::ReadOfCopy => quote_spanned!(span=> __race::Seen(#address).read_if_copied()),
        }
    }
}

/// The type of a pointer: what asks for it, and what stands for the answer.
pub struct Base {
    /// Statements.
    pub question: TokenStream,
    /// An expression.
    pub answer: TokenStream,
}

impl Walk<'_> {
    /// Statements that announce an access to a place that can be looked at twice, and the reads of the pointers that
    /// lead to it.
    pub fn before(&mut self, place: &Expr, access: Access) -> TokenStream {
        let span = at(place);
        let announcement = match place::root(place, self.in_unsafe) {
            Some(Root::Pointer | Root::Named) => access.announce(span, quote_spanned!(span=> &raw const #place)),
            // A static that is written is no constant, whose address could not be taken.
            Some(Root::Static) if access == Access::Write => {
                let announcement = access.announce(span, quote_spanned!(span=> &raw const #place));
                return quote_spanned!(span=> #announcement;);
            }
            Some(Root::Static) => {
                let announcement = access.announce(span, quote_spanned!(span=> &#place));
                return quote_spanned!(span=> #[allow(static_mut_refs)] #announcement;);
            }
            Some(Root::Computed) | None => return TokenStream::new(),
        };
        self.before_if_watched(place, announcement)
    }

    /// Statements that announce the reads of the pointers that lead to a place, and do `announcement` if the place is
    /// behind one that is watched.
    pub fn before_if_watched(&mut self, place: &Expr, announcement: TokenStream) -> TokenStream {
        let span = at(place);
        let Some(pointer) = place::pointer(place) else { return TokenStream::new() };
        let Some(Base { question, answer }) = self.type_of_pointer(pointer) else { return TokenStream::new() };
        let earlier = self.before(pointer, Access::Read);
        quote_spanned! {span=>
            #earlier
            #question
            if #answer.is_watched() { #announcement }
        }
    }

    /// Asks for the type of a pointer. `None` if it cannot be asked for without changing what a closure captures.
    pub fn type_of_pointer(&mut self, pointer: &Expr) -> Option<Base> {
        let span = around(pointer);
        match closure::question(&self.closures, pointer) {
            Question::Nowhere => None,
            Question::Here => {
                let name = syn::Ident::new("__race_base", at(pointer));
                let question = quote_spanned! {span=>
                    #[allow(unreachable_code, clippy::diverging_sub_expression)]
                    let #name = if true {
                        __race::Base::inferred()
                    } else {
                        __race::never();
                        __race::Base::of(&#pointer)
                    };
                };
                Some(Base { question, answer: quote_spanned!(at(pointer)=> #name) })
            }
            Question::BeforeClosure(depth) => {
                self.answers += 1;
                let (name, answer) = closure::answer(self.answers, pointer);
                let unsafety = self.in_unsafe.then(|| quote_spanned!(span=> unsafe));
                self.closures[depth].ask(quote_spanned! {span=>
                    #[allow(
                        unreachable_code,
                        unused_unsafe,
                        clippy::diverging_sub_expression,
                        clippy::undocumented_unsafe_blocks
                    )]
                    let #name = if true {
                        __race::Base::lent()
                    } else {
                        __race::never();
                        #unsafety { __race::Base::lent_by(&#pointer) }
                    };
                });
                Some(Base { question: TokenStream::new(), answer })
            }
        }
    }
}

/// A value that is inferred and coerced as if it were assigned to the place.
pub fn value_for(place: &Expr, value: &Expr) -> (TokenStream, TokenStream) {
    let span = around(place);
    let statement = quote_spanned! {span=>
        #[allow(unreachable_code, clippy::diverging_sub_expression)]
        let place = if true {
            __race::Base::inferred()
        } else {
            __race::never();
            __race::Base::of_value(&raw const #place)
        };
    };
    (statement, quote_spanned!(span=> __race::for_place(place, #value)))
}

/// Makes the pointer of a place whose pointer is computed announce the access on its way.
pub fn within(place: &mut Expr, access: Access) {
    let span = at(place);
    let method = match access {
        Access::Read => "read",
        Access::Write => "write",
        _ => return within_saying(place, |place| access.announce(span, quote_spanned!(span=> &raw const #place))),
    };
    let method = syn::Ident::new(method, span);
    on_its_way(place, |place| quote_spanned!(span=> #method(|__race_pointer| &raw const #place)));
}

/// Makes the pointer of a place whose pointer is computed do `announcement`, given the place, on its way.
pub fn within_saying(place: &mut Expr, announcement: impl FnOnce(&Expr) -> TokenStream) {
    let span = at(place);
    on_its_way(place, |place| {
        let announcement = announcement(place);
        quote_spanned!(span=> with(|__race_pointer| #announcement))
    });
}

/// Makes the pointer of a place go through the method that is made for the place behind `__race_pointer`.
fn on_its_way(place: &mut Expr, method: impl FnOnce(&Expr) -> TokenStream) {
    let span = at(place);
    let mut seen_from_outside = place.clone();
    let Some(hole) = place::pointer_mut(&mut seen_from_outside) else { return };
    *hole = parse_quote_spanned!(span=> (*__race_pointer));
    let Some(pointer) = place::pointer_mut(place) else { return };
    let method = method(&seen_from_outside);
    *pointer = parse_quote_spanned!(span=> __race::Value(#pointer).#method);
}
