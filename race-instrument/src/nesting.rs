//! How deeply code may be nested: whoever reads or rewrites an expression calls itself for each part of it, and the
//! compiler's stack, which a macro shares, has an end.
//!
//! Counted is what could be nested: the brackets that are open, and of each the tokens since the last `;`, `,` or `{}`. `<`
//! and `=` count for more, since types and assignments take more stack and time than operators do.
//!
//! Guarantee: what is let through ends, with a stack of eight megabytes, in a compiler that was built without optimisation.
//! Can miss: code that would have been read but is counted as too deep; a human's is far from it.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::Error;

/// The most that code may count.
const MOST: usize = 1024;
/// What an open bracket counts.
const BRACKET: usize = 16;
/// What `<` or `=` count.
const HEAVY: usize = 8;

/// Refuses code that is nested too deeply.
pub fn check(tokens: &TokenStream) -> Result<(), Error> {
    match too_deep(tokens.clone(), 0) {
        None => Ok(()),
        Some(place) => Err(Error::new(
            place,
            "this is nested too deeply for an attribute of `race`: make several expressions or functions of it",
        )),
    }
}

/// Where the tokens inside brackets that count for `before` are too many.
fn too_deep(tokens: TokenStream, before: usize) -> Option<Span> {
    let mut count = before;
    for tree in tokens {
        count += 1;
        match &tree {
            TokenTree::Punct(mark) if matches!(mark.as_char(), ';' | ',') => count = before,
            TokenTree::Punct(mark) if matches!(mark.as_char(), '<' | '=') => count += HEAVY,
            TokenTree::Group(group) => {
                if count + BRACKET > MOST {
                    return Some(group.span_open());
                }
                if let Some(place) = too_deep(group.stream(), count + BRACKET) {
                    return Some(place);
                }
                if group.delimiter() == Delimiter::Brace {
                    count = before;
                }
            }
            _ => {}
        }
        if count > MOST {
            return Some(tree.span());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(code: &str) -> bool {
        check(&code.parse().expect("tokens")).is_err()
    }

    #[test]
    fn depth_is_refused_and_length_is_not() {
        let nested =
            [("(", ")"), ("[", "]"), ("{", "}"), ("f(a, ", ")"), ("V<", ">"), ("x = ", ""), ("- ", ""), ("|| ", "")];
        for (open, close) in nested {
            for (depth, refused) in [(30, false), (2000, true)] {
                let code = format!("fn f() {{ {}1{} }}", open.repeat(depth), close.repeat(depth));
                assert_eq!(is_refused(&code), refused, "{open} {depth}");
            }
        }
        for part in ["x = f(y);", "if x { y }", "x => { y }", "x => y,", "fn f() { x }"] {
            assert!(!is_refused(&format!("mod m {{ {} }}", part.repeat(20_000))), "{part}");
        }
        assert!(!is_refused(&format!("x = {}1;", "x + ".repeat(400))));
    }
}
