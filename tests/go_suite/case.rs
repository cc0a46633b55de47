//! What a case of the suite is, how it is judged, and the few words that the cases are written in.
//!
//! A case's body is one `unsafe` block in a function under `#[race::instrument]`, so that its accesses through raw
//! pointers are seen as they stand, in its closures too. Guarantees: a case is run (a process that ran no test does not
//! count), judged by its exit status and by its reports, and fails if anything in it panics. Can miss: which accesses a
//! report is about; any will do, as in the original suite.

use crate::wrapper_case::{Outcome, in_own_process};

/// A case of the original suite.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The file it is from.
    pub file: &'static str,
    /// Its name there.
    pub test: &'static str,
    /// Its name here.
    pub name: &'static str,
}

impl Case {
    /// What is expected of it, as the list of the original cases has it.
    pub fn expect(&self) -> &'static str {
        if self.is_racy() { "race" } else { "norace" }
    }

    fn is_racy(&self) -> bool {
        match self.name {
            name if name.starts_with("race_") => true,
            name if name.starts_with("no_race_") => false,
            name => panic!("{name} is neither `race_...` nor `no_race_...`"),
        }
    }

    /// Runs it and judges it, or is it, in a process that was started for it.
    pub fn judge(&self, module: &str, body: fn()) {
        let module = module.split_once("::").map_or("", |(_crate, module)| module);
        let path = format!("{module}::{}", self.name);
        let repeats = std::env::var("RACE_TEST_REPEATS").map_or(1, |repeats| {
            repeats.parse().unwrap_or_else(|_| panic!("RACE_TEST_REPEATS is {repeats:?}: give a number"))
        });
        for _ in 0..repeats {
            let Some(Outcome { status, text }) = in_own_process(&path, body) else { return };
            let has_report = text.contains("WARNING: DATA RACE");
            let expected = if self.is_racy() { (66, true) } else { (0, false) };
            assert_eq!((status, has_report), expected, "status of {path} and whether it has reports:\n{text}");
            for word in ["fatal", "panicked at"] {
                assert!(!text.contains(word), "{path} says {word:?}:\n{text}");
            }
        }
    }
}

/// Declares the cases of one file: the original name, the function. `race_...` must be reported, `no_race_...` must not.
#[macro_export]
macro_rules! suite {
    ($file:literal; $($(#[$attribute:meta])* $test:literal => fn $name:ident() { $($body:tt)* })*) => {
        /// The cases of this module.
        pub const CASES: &[$crate::case::Case] = &[
            $($crate::case::Case { file: $file, test: $test, name: stringify!($name) }),*
        ];

        $(
            $(#[$attribute])*
            #[test]
            fn $name() {
                #[race::instrument]
                fn body() {
                    // SAFETY: it is not always safe, and that is what the cases are about. What could corrupt memory
                    // beyond a number is ordered in time, unseen by the detector.
                    // Not every case needs the block; clippy misses the comment above, which no macro passes on.
                    #[allow(unused_unsafe, clippy::undocumented_unsafe_blocks, clippy::macro_metavars_in_unsafe)]
                    unsafe {
                        $($body)*
                    }
                }
                let case = $crate::case::Case { file: $file, test: $test, name: stringify!($name) };
                case.judge(module_path!(), body);
            }
        )*
    };
}

/// A variable that threads may share: never dropped.
pub fn variable<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// Uses a value.
pub fn consume<T>(value: T) {
    std::hint::black_box(value);
}

/// Runs the body in a thread of its own that nobody joins.
///
/// # Safety
/// What the body captures must be good in another thread.
pub unsafe fn go(body: impl FnOnce() + 'static) {
    struct Carried<F>(F);
    // SAFETY: the caller's promise.
    unsafe impl<F> Send for Carried<F> {}
    let body = Carried(body);
    let thread = race::thread::spawn(move || {
        let whole = body;
        (whole.0)();
    });
    // Goroutines have no handles: nor is there a count of who holds one, which might order something.
    std::mem::forget(thread);
}
