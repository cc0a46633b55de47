//! One line of a stack as a person knows it: function, file, line. All renderers share it.
//!
//! Guarantees: the fields hold what the debug information says; how a path is shown is decided at the end, in
//! [`Frame::shown_file`]. Can miss: everything that the program was built without; each field says what stands for it.

use crate::report::model::Pc;

/// A function activation of a stack. One return address yields several when calls were inlined there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The return address this frame was made from.
    pub pc: Pc,
    /// The function's path without hash, `None` when no symbol covers the address.
    pub function: Option<String>,
    /// The source file as the debug information spells it, `None` without debug information.
    pub file: Option<String>,
    /// The line in `file`, counted from 1.
    pub line: Option<u32>,
    /// The column in `line`, counted from 1.
    pub column: Option<u32>,
    /// File name of the executable or library that holds the code, `None` for code that no loaded file holds.
    pub module: Option<String>,
    /// Where in that file's address space the call lies (the load address subtracted): what `addr2line` wants.
    pub offset: usize,
}

/// Whoever can say what is at a code address.
pub trait Symbolise {
    /// The frames at a return address, innermost first: at least one, more when calls were inlined there.
    fn frames(&self, pc: Pc) -> Vec<Frame>;
}

/// What a frame without a symbol is called.
pub const UNKNOWN_FUNCTION: &str = "<unknown>";

/// Where code lies that belongs to no loaded file, such as code made at run time.
pub const UNKNOWN_MODULE: &str = "<no file>";

/// Path parts after which a path says enough: the crate's own directory follows, or `library/` of the toolchain's.
///
/// The number is how many further components to drop (the registry's or the compiler's hash).
const KNOWN_ROOTS: [(&str, usize); 5] =
    [("/rustc/", 1), ("/lib/rustlib/src/rust/", 0), ("/registry/src/", 1), ("/git/checkouts/", 0), ("/rust/deps/", 0)];

impl Frame {
    /// The function's name as a report shows it, without the parentheses.
    pub fn shown_function(&self) -> &str {
        self.function.as_deref().unwrap_or(UNKNOWN_FUNCTION)
    }

    /// The path as a report shows it; the module's name when there is no source file.
    ///
    /// With `strip` not empty: the text after the first place where `strip` occurs, anywhere in the path. Otherwise,
    /// and for paths without it, the directories of the toolchain and of cargo's registry are left out.
    pub fn shown_file(&self, strip: &str) -> &str {
        let Some(file) = self.file.as_deref() else {
            return self.module.as_deref().unwrap_or(UNKNOWN_MODULE);
        };
        if !strip.is_empty()
            && let Some((_, rest)) = file.split_once(strip)
        {
            return rest;
        }
        shorten(file)
    }
}

/// Leaves out the directories of the toolchain, of cargo's registry and of its git checkouts.
pub fn shorten(file: &str) -> &str {
    for (root, dropped) in KNOWN_ROOTS {
        if let Some((_, mut rest)) = file.split_once(root) {
            for _ in 0..dropped {
                rest = rest.split_once('/').map_or(rest, |(_, below)| below);
            }
            return rest;
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(file: Option<&str>) -> Frame {
        Frame {
            pc: Pc(0x1001),
            function: None,
            file: file.map(str::to_owned),
            line: None,
            column: None,
            module: Some("libfoo.so".to_owned()),
            offset: 0x1000,
        }
    }

    #[test]
    fn toolchain_and_registry_directories_are_left_out() {
        let cases = [
            ("/rustc/0123abcd/library/std/src/thread/mod.rs", "library/std/src/thread/mod.rs"),
            (
                "/home/u/.rustup/toolchains/x/lib/rustlib/src/rust/library/core/src/ptr/mod.rs",
                "library/core/src/ptr/mod.rs",
            ),
            ("/home/u/.cargo/registry/src/mirror-00ff/rayon-1.10.0/src/lib.rs", "rayon-1.10.0/src/lib.rs"),
            ("/home/u/.cargo/git/checkouts/some-0f0f/abc123/src/lib.rs", "some-0f0f/abc123/src/lib.rs"),
            ("/rust/deps/hashbrown-0.15.4/src/raw.rs", "hashbrown-0.15.4/src/raw.rs"),
            ("/home/u/project/src/main.rs", "/home/u/project/src/main.rs"),
            ("./nptl/pthread_create.c", "./nptl/pthread_create.c"),
        ];
        for (path, shown) in cases {
            assert_eq!(frame(Some(path)).shown_file(""), shown);
        }
    }

    #[test]
    fn strip_keeps_the_text_after_its_first_occurrence_anywhere() {
        assert_eq!(frame(Some("/home/u/main.rs")).shown_file("/main."), "rs");
        assert_eq!(frame(Some("/a/b/a/b/c.rs")).shown_file("/b/"), "a/b/c.rs");
        assert_eq!(frame(Some("/rustc/0123/library/std/src/rt.rs")).shown_file("library/std/"), "src/rt.rs");
    }

    #[test]
    fn strip_that_does_not_occur_changes_nothing() {
        assert_eq!(frame(Some("/rustc/0123/library/std/src/rt.rs")).shown_file("/nowhere/"), "library/std/src/rt.rs");
    }

    #[test]
    fn without_debug_information_the_module_stands_for_the_file() {
        assert_eq!(frame(None).shown_file("libfoo"), "libfoo.so");
        assert_eq!(Frame { module: None, ..frame(None) }.shown_file(""), "<no file>");
        assert_eq!(frame(None).shown_function(), "<unknown>");
    }
}
