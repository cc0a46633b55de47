//! Whether a release of memory was the doing of std's reference counts.
//!
//! In programs of which only this library's own types are seen, the count of std's `Arc` is not: what its owners did
//! happens before the last one's destructor, and nothing told the engine. A release of memory from within that
//! destructor can therefore not be held against accesses that came before. Guarantees: a stack that passes through std's
//! `Arc` or `Weak` is recognised by function or by file, whichever the program was built with; one without any names
//! counts as such. Can miss: races of such a release with an access before it. What is taken out of an `Arc` first, by
//! `Arc::into_inner`, is no longer covered.

use super::frame::{Frame, Symbolise};
use super::model::Pc;

/// Whether the stack passes through the destructor of a reference count of std's, or may.
pub fn is_by_reference_count(stack: &[Pc], symbols: &impl Symbolise) -> bool {
    let mut any_name = false;
    for &pc in stack {
        let frames = symbols.frames(pc);
        if frames.iter().any(is_of_count) {
            return true;
        }
        any_name |= frames.iter().any(|frame| frame.function.is_some());
    }
    !any_name
}

fn is_of_count(frame: &Frame) -> bool {
    frame.function.as_ref().is_some_and(|name| name.contains("alloc::sync::"))
        || frame.file.as_ref().is_some_and(|file| file.ends_with("library/alloc/src/sync.rs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Names(&'static [(Option<&'static str>, Option<&'static str>)]);

    impl Symbolise for Names {
        fn frames(&self, pc: Pc) -> Vec<Frame> {
            let (function, file) = self.0[pc.0];
            let own = |text: Option<&str>| text.map(str::to_owned);
            vec![Frame {
                pc,
                function: own(function),
                file: own(file),
                line: None,
                column: None,
                module: None,
                offset: 0,
            }]
        }
    }

    fn is_counted(names: &'static [(Option<&'static str>, Option<&'static str>)]) -> bool {
        let stack: Vec<Pc> = (0..names.len()).map(Pc).collect();
        is_by_reference_count(&stack, &Names(names))
    }

    #[test]
    fn a_count_is_known_by_its_function_or_its_file() {
        assert!(is_counted(&[(Some("free"), None), (Some("alloc::sync::Arc<T,A>::drop_slow"), None)]));
        assert!(is_counted(&[(Some("drop_slow"), Some("/rustc/0a/library/alloc/src/sync.rs"))]));
        assert!(!is_counted(&[(Some("free"), None), (Some("user::main"), Some("src/sync.rs"))]));
    }

    #[test]
    fn without_names_it_may_have_been_one() {
        assert!(is_counted(&[(None, None), (None, None)]));
        assert!(!is_counted(&[(None, None), (Some("main"), None)]));
    }
}
