//! `#[race::test]` and `#[race::main]`: a function that the detector runs, as libtest or the operating system asks.
//!
//! Without the feature a test is a plain `#[test]` and `main` stays as it is. Guarantees: the body is moved as it is into
//! an inner function of the same name; attributes that libtest and the compiler look for stay with the outer one, all
//! others (`#[race::instrument]` among them) go inward with the body. Mistakes are the same with and without the feature.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, ItemFn, Lit, LitInt, LitStr, Meta, Path, ReturnType, Visibility};

use crate::nesting;

/// Which of the two attributes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// `#[race::test]`.
    Test,
    /// `#[race::main]`.
    Main,
}

impl Entry {
    fn name(self) -> &'static str {
        match self {
            Entry::Test => "#[race::test]",
            Entry::Main => "#[race::main]",
        }
    }
}

/// What stands in the attribute's parentheses.
struct Arguments {
    runs: LitInt,
    options: LitStr,
    library: Option<Path>,
}

impl Arguments {
    fn parse(entry: Entry, tokens: TokenStream) -> Result<Arguments, Error> {
        let (runs, options) = (LitInt::new("1", Span::call_site()), LitStr::new("", Span::call_site()));
        let mut arguments = Arguments { runs, options, library: None };
        let argument = |meta: ParseNestedMeta<'_>| {
            if entry == Entry::Test && meta.path.is_ident("runs") {
                arguments.runs = meta.value()?.parse()?;
                if arguments.runs.base10_parse::<u32>().is_ok_and(|runs| runs > 0) {
                    return Ok(());
                }
                return Err(Error::new_spanned(&arguments.runs, "write a number of runs from 1 on: `runs = 10`"));
            }
            if entry == Entry::Main && meta.path.is_ident("options") {
                arguments.options = meta.value()?.parse()?;
                return Ok(());
            }
            if meta.path.is_ident("crate") {
                arguments.library = Some(meta.value()?.parse()?);
                return Ok(());
            }
            let first = match entry {
                Entry::Test => "`runs = 10`",
                Entry::Main => "`options = \"halt_on_error=1\"`",
            };
            Err(meta.error(format!("`{}` knows {first} and `crate = path::to::race` only", entry.name())))
        };
        syn::meta::parser(argument).parse2(tokens)?;
        Ok(arguments)
    }

    fn library(&self) -> TokenStream {
        match &self.library {
            Some(path) => quote!(#path),
            None => quote!(::race),
        }
    }
}

/// What becomes of the function.
pub fn expand(
    entry: Entry,
    arguments: TokenStream,
    item: TokenStream,
    with_engine: bool,
) -> Result<TokenStream, Error> {
    nesting::check(&arguments)?;
    nesting::check(&item)?;
    let arguments = Arguments::parse(entry, arguments)?;
    let function = function(entry, item)?;
    Ok(match (entry, with_engine) {
        (Entry::Test, true) => test(&arguments, function),
        (Entry::Test, false) => quote!(#[::core::prelude::v1::test] #function),
        (Entry::Main, true) => main(&arguments, function),
        (Entry::Main, false) => quote!(#function),
    })
}

/// The function, or why it cannot be run.
fn function(entry: Entry, item: TokenStream) -> Result<ItemFn, Error> {
    let name = entry.name();
    let Ok(function) = syn::parse2::<ItemFn>(item.clone()) else {
        return Err(Error::new_spanned(item, format!("`{name}` is for functions with a body: put it on one")));
    };
    let signature = &function.sig;
    if let Some(word) = &signature.asyncness {
        let advice = match entry {
            Entry::Test => {
                "runs no `async fn`: write a plain one that waits for the future, as `block_on` of its executor does"
            }
            Entry::Main => {
                "runs no `async fn`: put it below the attribute that makes it a plain one, like `#[tokio::main]`"
            }
        };
        return Err(Error::new_spanned(word, format!("`{name}` {advice}")));
    }
    if !signature.inputs.is_empty() {
        let message = format!("`{name}` passes nothing to the function: remove the parameters");
        return Err(Error::new_spanned(&signature.inputs, message));
    }
    if !signature.generics.params.is_empty() {
        let message = format!("`{name}` cannot choose types for the function: remove the generic parameters");
        return Err(Error::new_spanned(&signature.generics, message));
    }
    let second = |attribute: &&Attribute| entry == Entry::Test && attribute.path().is_ident("test");
    if let Some(attribute) = function.attrs.iter().find(second) {
        return Err(Error::new_spanned(attribute, "`#[race::test]` makes a test by itself: remove this `#[test]`"));
    }
    Ok(function)
}

/// The text that the panic of a `#[should_panic]` test has to contain; `None` when the test is to return. The compiler has
/// resolved any `cfg_attr` before.
fn expected_panic(attributes: &[Attribute]) -> Option<String> {
    let should_panic = attributes.iter().find(|attribute| attribute.path().is_ident("should_panic"))?;
    Some(text_of(&should_panic.meta))
}

/// The text in `should_panic = "text"` and `should_panic(expected = "text")`. Other forms are the compiler's to refuse.
fn text_of(should_panic: &Meta) -> String {
    let text = match should_panic {
        Meta::Path(_) => None,
        Meta::NameValue(pair) => Some(pair.value.clone()),
        Meta::List(list) => list.parse_args::<syn::MetaNameValue>().ok().map(|pair| pair.value),
    };
    match text {
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => text.value(),
        _ => String::new(),
    }
}

/// What libtest or the compiler wants to see on the test itself. Other attributes are about the body.
const OUTER: [&str; 8] = ["should_panic", "ignore", "doc", "allow", "expect", "warn", "deny", "forbid"];

/// Takes the attributes that stay with the outer function.
fn take_outer(function: &mut ItemFn) -> Vec<Attribute> {
    let is_outer = |attribute: &Attribute| OUTER.iter().any(|name| attribute.path().is_ident(name));
    let (outer, inner) = std::mem::take(&mut function.attrs).into_iter().partition(is_outer);
    function.attrs = inner;
    outer
}

fn test(arguments: &Arguments, mut function: ItemFn) -> TokenStream {
    let expected = match expected_panic(&function.attrs) {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    };
    let outer = take_outer(&mut function);
    let (visibility, name) = (std::mem::replace(&mut function.vis, Visibility::Inherited), &function.sig.ident);
    let (library, runs) = (arguments.library(), &arguments.runs);
    // The failure's place is that of the test's name.
    let run = quote_spanned! {name.span()=>
        #library::__private::run_test(
            ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#name)),
            #runs,
            #expected,
            #name,
        )
    };
    // The compiler wants a test that should panic to return nothing.
    let (output, run) = match &function.sig.output {
        ReturnType::Default => (quote!(), quote!(let _ = #run;)),
        ReturnType::Type(_, output) => (quote_spanned!(output.span()=> -> ::std::process::ExitCode), run),
    };
    quote! {
        #[::core::prelude::v1::test]
        #(#outer)*
        #visibility fn #name() #output {
            #function
            #run
        }
    }
}

fn main(arguments: &Arguments, mut function: ItemFn) -> TokenStream {
    let (library, options) = (arguments.library(), &arguments.options);
    let begin = quote!(#library::__private::begin_main(#options););
    let outer = take_outer(&mut function);
    let visibility = std::mem::replace(&mut function.vis, Visibility::Inherited);
    let (name, output) = (&function.sig.ident, &function.sig.output);
    quote! {
        #(#outer)*
        #visibility fn #name() #output {
            #function
            #begin
            #name()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(entry: Entry, item: TokenStream) -> String {
        expand(entry, TokenStream::new(), item, true).expect("it can be run").to_string()
    }

    #[test]
    fn attributes_go_where_they_are_looked_for() {
        let item = quote! {
            #[ignore = "slow"]
            #[race::instrument]
            #[allow(dead_code)]
            pub fn works() {}
        };
        let (outer, inner) =
            ("# [ignore = \"slow\"] # [allow (dead_code)] pub fn works ()", "# [race :: instrument] fn works ()");
        for entry in [Entry::Test, Entry::Main] {
            let text = expanded(entry, item.clone());
            let places = [outer, inner].map(|part| text.find(part).unwrap_or_else(|| panic!("{part} in {text}")));
            assert!(places[0] < places[1], "{text}");
        }
    }

    #[test]
    fn the_text_of_a_panic_is_found_in_each_form() {
        let forms = [
            (quote!(#[should_panic]), Some("")),
            (quote!(#[should_panic = "a"]), Some("a")),
            (quote!(#[should_panic(expected = "a b")]), Some("a b")),
            (quote!(#[should_panic = r"c"]), Some("c")),
            (quote!(#[ignore]), None),
        ];
        for (attribute, expected) in forms {
            let attributes = Attribute::parse_outer.parse2(attribute).expect("an attribute");
            assert_eq!(expected_panic(&attributes).as_deref(), expected);
        }
    }
}
