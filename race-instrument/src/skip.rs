//! `#[race::skip]`: which code it stands on, and its removal from expressions, where rustc does not know it.

use syn::visit_mut::VisitMut;
use syn::{Attribute, Expr, ImplItem, Item, Macro, Path, TraitItem};

use crate::check::Subject;
use crate::macro_call;

/// How the attributes of this crate are written.
pub struct Names<'a> {
    /// The crate's path.
    pub race: &'a Path,
}

impl Names<'_> {
    /// Whether one of the attributes is `#[race::skip]`, which may be imported.
    pub fn skips(&self, attributes: &[Attribute]) -> bool {
        attributes.iter().any(|attribute| self.is_skip(attribute))
    }

    /// Whether one of the attributes is `#[race::instrument]` by that name, and will do what it does by itself.
    pub fn instruments(&self, attributes: &[Attribute]) -> bool {
        attributes.iter().any(|attribute| self.is_ours(attribute.path(), "instrument"))
    }

    fn is_skip(&self, attribute: &Attribute) -> bool {
        attribute.path().is_ident("skip") || self.is_ours(attribute.path(), "skip")
    }

    fn is_ours(&self, path: &Path, name: &str) -> bool {
        let segments: Vec<_> = path.segments.iter().map(|segment| &segment.ident).collect();
        let Some((last, krate)) = segments.split_last() else { return false };
        let named: Vec<_> = self.race.segments.iter().map(|segment| &segment.ident).collect();
        // The name of the crate, its path, or the end of that.
        *last == name && !krate.is_empty() && ((krate.len() == 1 && krate[0] == "race") || named.ends_with(krate))
    }
}

/// Whether the attributes of an expression, or of a statement that starts with it, skip it.
pub fn skips_expression(names: &Names, expression: &Expr, is_statement: bool) -> bool {
    let mut expression = expression;
    loop {
        if names.skips(attributes(expression)) {
            return true;
        }
        // The attributes of a statement are found on what comes first in it.
        expression = match expression {
            Expr::Assign(inner) if is_statement => &inner.left,
            Expr::Binary(inner) if is_statement => &inner.left,
            Expr::Cast(inner) if is_statement => &inner.expr,
            _ => return false,
        }
    }
}

/// Removes the attribute from all expressions and statements inside; says whether there was one.
pub fn remove(names: &Names, subject: &mut Subject) -> bool {
    let mut remover = Remover { names, removed: false };
    match subject {
        Subject::Function(item) => remover.visit_block_mut(&mut item.block),
        Subject::Implementation(item) => item.items.iter_mut().for_each(|item| remover.visit_impl_item_mut(item)),
        Subject::Trait(item) => item.items.iter_mut().for_each(|item| remover.visit_trait_item_mut(item)),
        Subject::Module(item) => {
            item.content.iter_mut().flat_map(|(_, items)| items).for_each(|item| remover.visit_item_mut(item));
        }
    }
    remover.removed
}

struct Remover<'a> {
    names: &'a Names<'a>,
    removed: bool,
}

impl VisitMut for Remover<'_> {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let before = attributes.len();
        attributes.retain(|attribute| !self.names.is_skip(attribute));
        self.removed |= attributes.len() < before;
    }

    /// On items the attribute is one that rustc knows, or somebody else's of the same name.
    fn visit_item_mut(&mut self, item: &mut Item) {
        match item {
            Item::Fn(item) => self.visit_block_mut(&mut item.block),
            Item::Impl(item) => item.items.iter_mut().for_each(|item| self.visit_impl_item_mut(item)),
            Item::Trait(item) => item.items.iter_mut().for_each(|item| self.visit_trait_item_mut(item)),
            Item::Mod(item) => {
                let items = item.content.iter_mut().flat_map(|(_, items)| items);
                items.for_each(|item| self.visit_item_mut(item));
            }
            Item::Const(item) => self.visit_expr_mut(&mut item.expr),
            Item::Static(item) => self.visit_expr_mut(&mut item.expr),
            _ => {}
        }
    }

    fn visit_impl_item_mut(&mut self, item: &mut ImplItem) {
        match item {
            ImplItem::Fn(item) => self.visit_block_mut(&mut item.block),
            ImplItem::Const(item) => self.visit_expr_mut(&mut item.expr),
            _ => {}
        }
    }

    fn visit_trait_item_mut(&mut self, item: &mut TraitItem) {
        if let TraitItem::Fn(item) = item {
            item.default.iter_mut().for_each(|body| self.visit_block_mut(body));
        }
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        let Some(mut arguments) = macro_call::arguments(call) else { return };
        let before = std::mem::take(&mut self.removed);
        arguments.expressions().for_each(|argument| self.visit_expr_mut(argument));
        if self.removed {
            call.tokens = arguments.into_tokens();
        }
        self.removed |= before;
    }
}

/// The attributes of an expression.
fn attributes(expression: &Expr) -> &[Attribute] {
    macro_rules! of_each {
        ($($kind:ident)*) => {
            match expression {
                $(Expr::$kind(inner) => &inner.attrs,)*
                _ => &[],
            }
        };
    }
    of_each!(
        Array Assign Async Await Binary Block Break Call Cast Closure Const Continue Field ForLoop Group If Index Infer
        Let Lit Loop Macro Match MethodCall Paren Path Range RawAddr Reference Repeat Return Struct Try TryBlock Tuple
        Unary Unsafe While Yield
    )
}
