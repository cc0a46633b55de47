//! What `#[race::instrument]` makes of the item that it stands on.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

use crate::arguments::Arguments;
use crate::item::Rewriter;
use crate::{check, nesting, skip};

/// What becomes of an item; `None` if it stays as it is.
pub fn instrument(arguments: TokenStream, item: TokenStream, with_engine: bool) -> Result<Option<TokenStream>, Error> {
    nesting::check(&arguments)?;
    nesting::check(&item)?;
    let arguments = syn::parse2::<Arguments>(arguments)?;
    let mut subject = check::subject(item)?;
    let rewriter = Rewriter::new(&arguments.race, &subject);
    if with_engine {
        rewriter.subject(&mut subject);
    }
    let had_skips = skip::remove(rewriter.names(), &mut subject);
    Ok((with_engine || had_skips).then(|| subject.into_token_stream()))
}
