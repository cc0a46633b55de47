//! Function names: one spelling per function, whichever mangling its crate was built with.
//!
//! The precompiled std uses the newer mangling, which keeps type arguments (`<a::B>::f::<u8>`), user crates the older
//! one, which does not (`a::B::f`). Reports print the second form for both. Can miss: names of C++ functions stay
//! mangled, and debug information without linkage names (`debug = "line-tables-only"`) gives `f` without its path.

/// Drops the type arguments of functions and the brackets around a plain self type.
pub fn plain(demangled: &str) -> String {
    let name = without_function_arguments(demangled);
    match self_type(&name) {
        Some((kind, rest)) if kind.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':') => {
            format!("{kind}{rest}")
        }
        _ => name,
    }
}

/// The crate that a function belongs to: its path's first segment, of the self type's path for methods.
///
/// `None` for names without a path, such as C functions.
pub fn crate_of(name: &str) -> Option<&str> {
    let path = name.trim_start_matches(['<', '&', '*', '[', '(']);
    let path = path.strip_prefix("dyn ").or_else(|| path.strip_prefix("mut ")).unwrap_or(path);
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    let (first, rest) = path.split_at(end);
    (!first.is_empty() && rest.starts_with("::")).then_some(first)
}

/// The function's own identifier: `call_once` of `<A as B<()>>::call_once::{shim:vtable#0}`.
pub fn base(name: &str) -> String {
    let mut flat = String::new();
    let mut rest = name;
    while let Some(open) = rest.find('<') {
        let (before, group) = rest.split_at(open);
        flat.push_str(before);
        rest = closing(group).map_or("", |end| &group[end + 1..]);
    }
    flat.push_str(rest);
    let identifier = flat.split("::").filter(|part| !part.is_empty() && !part.starts_with('{')).last().unwrap_or("");
    identifier.split('{').next().unwrap_or("").to_owned()
}

/// Splits `<T>::rest` into `T` and `::rest`.
fn self_type(name: &str) -> Option<(&str, &str)> {
    let end = closing(name)?;
    Some((&name[1..end], &name[end + 1..]))
}

/// Removes each `::<...>` but keeps `::<impl ...>`, which is a path segment.
fn without_function_arguments(name: &str) -> String {
    let mut kept = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(start) = rest.find("::<") {
        let group = &rest[start + 2..];
        match closing(group) {
            Some(end) if !group.starts_with("<impl ") => {
                kept.push_str(&rest[..start]);
                rest = &group[end + 1..];
            }
            _ => {
                kept.push_str(&rest[..start + 3]);
                rest = &group[1..];
            }
        }
    }
    kept.push_str(rest);
    kept
}

/// Index of the `>` that closes the `<` at the start of the text.
fn closing(text: &str) -> Option<usize> {
    if !text.starts_with('<') {
        return None;
    }
    let mut depth = 0usize;
    let mut before = '\0';
    for (index, character) in text.char_indices() {
        match character {
            '<' => depth += 1,
            // The `>` of `->` closes nothing.
            '>' if before != '-' => {
                depth -= 1;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
        before = character;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_manglings_give_one_name() {
        let cases = [
            (
                "<std::thread::builder::Builder>::spawn::<test::run_test::{closure#1}, ()>",
                "std::thread::builder::Builder::spawn",
            ),
            (
                "std::thread::lifecycle::spawn_unchecked::<f::{closure#1}, ()>::{closure#1}",
                "std::thread::lifecycle::spawn_unchecked::{closure#1}",
            ),
            ("a::call::<fn() -> core::result::Result<(), ()>, u8>", "a::call"),
            (
                "std::thread::scoped::<impl std::thread::builder::Builder>::spawn_scoped",
                "std::thread::scoped::<impl std::thread::builder::Builder>::spawn_scoped",
            ),
            ("<a::Stack<u64>>::push", "<a::Stack<u64>>::push"),
            ("<a::T as core::ops::drop::Drop>::drop", "<a::T as core::ops::drop::Drop>::drop"),
            ("core::ptr::drop_in_place<alloc::vec::Vec<u8>>", "core::ptr::drop_in_place<alloc::vec::Vec<u8>>"),
            ("probe::main::{{closure}}", "probe::main::{{closure}}"),
            ("main", "main"),
            ("", ""),
        ];
        for (demangled, expected) in cases {
            assert_eq!(plain(demangled), expected);
        }
    }

    #[test]
    fn broken_brackets_are_left_alone() {
        for odd in ["<", ">", "a::<", "a::<b", "operator->", "<a>", "::<>::<", "<<a>"] {
            let _ = base(odd);
            let _ = crate_of(odd);
            assert!(plain(odd).len() <= odd.len());
        }
        assert_eq!(plain("a::<b"), "a::<b");
        assert_eq!(plain("operator->"), "operator->");
    }

    #[test]
    fn the_crate_is_that_of_the_self_type() {
        let cases = [
            ("probe::main", Some("probe")),
            ("<race::cell::UnsafeCell<u8> as core::fmt::Debug>::fmt", Some("race")),
            ("<&dyn core::ops::function::Fn<()> as core::ops::function::FnOnce<()>>::call_once", Some("core")),
            ("main", None),
            ("spawn<probe::main::{closure_env#0}, ()>", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(crate_of(name), expected, "{name}");
        }
    }

    #[test]
    fn the_base_is_the_last_identifier() {
        let cases = [
            ("core::ops::function::FnOnce::call_once{{vtable.shim}}", "call_once"),
            ("<a::f::{closure#1} as core::ops::function::FnOnce<()>>::call_once::{shim:vtable#0}", "call_once"),
            ("spawn_unchecked<probe::starter::{closure_env#0}, ()>", "spawn_unchecked"),
            ("std::rt::lang_start::{{closure}}", "lang_start"),
            ("<std::sys::thread::unix::Thread>::new::thread_start", "thread_start"),
            ("main", "main"),
        ];
        for (name, expected) in cases {
            assert_eq!(base(name), expected, "{name}");
        }
    }
}
