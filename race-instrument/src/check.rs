//! What `#[race::instrument]` can be put on: functions with a body that runs, and what contains such.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Error, ItemFn, ItemImpl, ItemMod, ItemTrait, TraitItemFn};

/// What the attribute stands on.
pub enum Subject {
    /// One function or method.
    Function(ItemFn),
    /// All functions of an implementation.
    Implementation(ItemImpl),
    /// All functions of a trait that have a body.
    Trait(ItemTrait),
    /// All functions of a module.
    Module(ItemMod),
}

impl ToTokens for Subject {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Subject::Function(item) => item.to_tokens(tokens),
            Subject::Implementation(item) => item.to_tokens(tokens),
            Subject::Trait(item) => item.to_tokens(tokens),
            Subject::Module(item) => item.to_tokens(tokens),
        }
    }
}

/// What there is to rewrite, or why there is nothing.
pub fn subject(item: TokenStream) -> Result<Subject, Error> {
    if let Ok(function) = syn::parse2::<ItemFn>(item.clone()) {
        return match &function.sig.constness {
            Some(word) => Err(Error::new_spanned(
                word,
                "`#[race::instrument]` cannot announce accesses of a `const fn`, which may run in the compiler: \
                 remove `const`, or put the accesses into a function of their own",
            )),
            None => Ok(Subject::Function(function)),
        };
    }
    if let Ok(item) = syn::parse2::<ItemImpl>(item.clone()) {
        return Ok(Subject::Implementation(item));
    }
    if let Ok(item) = syn::parse2::<ItemTrait>(item.clone()) {
        return Ok(Subject::Trait(item));
    }
    if let Ok(module) = syn::parse2::<ItemMod>(item.clone()) {
        return match &module.content {
            Some(_) => Ok(Subject::Module(module)),
            None => Err(Error::new_spanned(
                module,
                "`#[race::instrument]` does not see what is in the file of a module: put it on the functions, impls and \
                 inline modules in there",
            )),
        };
    }
    if syn::parse2::<TraitItemFn>(item.clone()).is_ok() {
        return Err(Error::new_spanned(
            item,
            "`#[race::instrument]` announces what a body does, and this function has none: put it on those that \
             implement it",
        ));
    }
    // The item itself is underlined where it can be parsed, which leaves its attributes out.
    Err(Error::new_spanned(
        item,
        "`#[race::instrument]` is for functions, impls, traits and inline modules: put it on those that access memory",
    ))
}
