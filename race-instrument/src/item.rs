//! Finds the functions in what `#[race::instrument]` stands on, and has their bodies rewritten.
//!
//! Left alone are a `const fn`, which may run in the compiler; what `#[race::skip]` stands on; what has a
//! `#[race::instrument]` of its own; constants and statics; and what macros of the program make. Functions inside the
//! body of a function are found in an impl, trait or module, not in a function that bears the attribute itself.

use syn::{Attribute, Block, ImplItem, Item, Path, Signature, Stmt, TraitItem, parse_quote};

use crate::check::Subject;
use crate::skip::Names;
use crate::walk::Walk;

/// Rewrites functions.
pub struct Rewriter<'a> {
    names: Names<'a>,
    /// Whether functions inside bodies are meant too.
    inner_items: bool,
}

impl<'a> Rewriter<'a> {
    /// For a crate `race` of that name.
    pub fn new(race: &'a Path, subject: &Subject) -> Rewriter<'a> {
        Rewriter { names: Names { race }, inner_items: !matches!(subject, Subject::Function(_)) }
    }

    /// How the attributes are written.
    pub fn names(&self) -> &Names<'a> {
        &self.names
    }

    /// Rewrites what the attribute stands on.
    pub fn subject(&self, subject: &mut Subject) {
        match subject {
            Subject::Function(item) => self.function(&item.attrs, &item.sig, &mut item.block),
            Subject::Implementation(item) => self.implementation(&mut item.items),
            Subject::Trait(item) => self.trait_items(&mut item.items),
            Subject::Module(item) => {
                item.content.iter_mut().flat_map(|(_, items)| items).for_each(|item| self.item(item));
            }
        }
    }

    /// Rewrites an item inside a body.
    pub fn inner_item(&self, item: &mut Item) {
        if self.inner_items {
            self.item(item);
        }
    }

    fn item(&self, item: &mut Item) {
        match item {
            Item::Fn(item) => self.function(&item.attrs, &item.sig, &mut item.block),
            Item::Impl(item) if !self.is_left_alone(&item.attrs) => self.implementation(&mut item.items),
            Item::Trait(item) if !self.is_left_alone(&item.attrs) => self.trait_items(&mut item.items),
            Item::Mod(item) if !self.is_left_alone(&item.attrs) => {
                item.content.iter_mut().flat_map(|(_, items)| items).for_each(|item| self.item(item));
            }
            _ => {}
        }
    }

    fn implementation(&self, items: &mut [ImplItem]) {
        for item in items {
            if let ImplItem::Fn(item) = item {
                self.function(&item.attrs, &item.sig, &mut item.block);
            }
        }
    }

    fn trait_items(&self, items: &mut [TraitItem]) {
        for item in items {
            if let TraitItem::Fn(item) = item
                && let Some(body) = &mut item.default
            {
                self.function(&item.attrs, &item.sig, body);
            }
        }
    }

    fn function(&self, attributes: &[Attribute], signature: &Signature, body: &mut Block) {
        if self.is_left_alone(attributes) || signature.constness.is_some() || is_naked(attributes) {
            return;
        }
        Walk::new(self, signature.unsafety.is_some()).block(body);
        let race = self.names.race;
        let import: Stmt = parse_quote!(
            #[allow(unused_imports)]
            use #race::__private::{self as __race, OtherBase as _, OtherSeen as _, OtherValue as _};
        );
        body.stmts.insert(0, import);
    }

    fn is_left_alone(&self, attributes: &[Attribute]) -> bool {
        self.names.skips(attributes) || self.names.instruments(attributes)
    }
}

/// Whether a function consists of machine instructions alone.
fn is_naked(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("naked")
            || (attribute.path().is_ident("unsafe")
                && attribute.parse_args::<Path>().is_ok_and(|path| path.is_ident("naked")))
    })
}
