//! The arguments of `#[race::instrument]`: under which name the crate `race` is known.

use syn::parse::{Parse, ParseStream};
use syn::{Error, LitStr, Path, Token, parse_quote};

/// What stands in the parentheses.
pub struct Arguments {
    /// The crate's path.
    pub race: Path,
}

impl Parse for Arguments {
    fn parse(input: ParseStream) -> Result<Arguments, Error> {
        if input.is_empty() {
            return Ok(Arguments { race: parse_quote!(::race) });
        }
        let rest = input.fork();
        let race = argument(input).ok().filter(|_| input.is_empty());
        race.map(|race| Arguments { race }).ok_or_else(|| {
            let tokens: proc_macro2::TokenStream = rest.parse().unwrap_or_default();
            Error::new_spanned(
                tokens,
                "`#[race::instrument]` takes no argument but `crate = path`, for a dependency that has another name: \
                 write it without parentheses or as `#[race::instrument(crate = other_name)]`",
            )
        })
    }
}

fn argument(input: ParseStream) -> Result<Path, Error> {
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    let path = if input.peek(LitStr) {
        input.parse::<LitStr>()?.parse_with(Path::parse_mod_style)?
    } else {
        Path::parse_mod_style(input)?
    };
    input.parse::<Option<Token![,]>>()?;
    Ok(path)
}
