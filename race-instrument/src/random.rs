//! Functions made at random go through the rewriting: what comes out is still a function, and calls what went in exactly
//! as often, each once.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{ItemFn, Path, parse_quote};

use crate::check::Subject;
use crate::item::Rewriter;
use crate::skip;

/// Writes code. Every call has a name of its own.
struct Writer {
    state: u64,
    calls: usize,
}

impl Writer {
    fn pick(&mut self, below: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % below
    }

    fn call(&mut self) -> String {
        self.calls += 1;
        format!("call_{}_", self.calls)
    }

    /// Fills each `E` (expression), `P` (place), `N` (pattern) and `F` (call) of a form that is picked.
    fn fill(&mut self, forms: &[&str], depth: usize) -> String {
        let form = forms[self.pick(forms.len())];
        let mut filled = String::new();
        for letter in form.chars() {
            match letter {
                'E' => filled += &self.expression(depth),
                'P' => filled += &self.place(depth),
                'N' => filled += self.pattern(),
                'F' => filled += &self.call(),
                letter => filled.push(letter),
            }
        }
        filled
    }

    fn expression(&mut self, depth: usize) -> String {
        let Some(depth) = depth.checked_sub(1) else { return self.fill(&["1", "p", "*p", "F()", "STATIC"], 0) };
        let forms = [
            "P",
            "(E + E)",
            "(E == E)",
            "(P < E)",
            "{ E }",
            "unsafe { E }",
            "F(E, E)",
            "E.F(E)",
            "{ P = E; }",
            "{ P += E; }",
            "(E as u64)",
            "&P",
            "&mut P",
            "&raw const P",
            "p.read()",
            "p.write(E)",
            "q.copy_from(p, E)",
            "(E).swap(E)",
            "ptr::write(P, E)",
            "std::ptr::read(E)",
            "mem::replace(&mut P, E)",
            "std::mem::swap(&mut P, &mut P)",
            "match P { N => E, N => { E } }",
            "if let N = P { E } else { E }",
            "if E && let N = P { E }",
            "(|x| E)",
            "(move || E)",
            "async move { E }",
            "E.await",
            "E?",
            "return E",
            "(S { a: E, b: E, ..P })",
            "{ (P, P, _) = E; }",
            "println!(\"{} {x}\", E, x = E)",
            "assert_eq!(P, E)",
            "vec![E; 3]",
            "matches!(P, N)",
            "other!(+ - E)",
            "(#[race::skip] P)",
            "'a: loop { E; break 'a }",
            "for i in E { E; }",
            "while let N = P { E; }",
        ];
        self.fill(&forms, depth)
    }

    fn place(&mut self, depth: usize) -> String {
        let Some(depth) = depth.checked_sub(1) else { return self.fill(&["*p", "self.a", "q.b[i]", "x", "STATIC"], 0) };
        self.fill(&["(*P)", "P.a", "P[i]", "P[E]", "F(E).a", "*F(E)", "*(E as *mut u8)", "(P)", "*p.add(E)"], depth)
    }

    fn pattern(&mut self) -> &'static str {
        let patterns = ["_", "x", "1..=2", "None", "Some(x)", "(1, x)", "ref y", "S { a, .. }", "1 | 2"];
        patterns[self.pick(patterns.len())]
    }
}

/// The calls in the code, and what of it is the program's `#[race::skip]`.
fn calls_and_skips(code: TokenStream) -> (Vec<String>, usize) {
    let text = code.to_string();
    let names = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let mut calls: Vec<String> = names.filter(|name| name.starts_with("call_")).map(String::from).collect();
    calls.sort();
    (calls, text.matches("race :: skip").count())
}

#[test]
fn each_call_stays_and_stays_single() {
    let race: Path = parse_quote!(::race);
    let (mut rewritten, mut skipped) = (0, 0);
    for seed in 0..400 {
        let mut writer = Writer { state: seed, calls: 0 };
        let statements: Vec<String> = (0..3).map(|_| format!("{};", writer.expression(4))).collect();
        let code = format!("async unsafe fn random(&self) {{ {} }}", statements.join(" "));
        let Ok(function) = syn::parse_str::<ItemFn>(&code) else { continue };
        let before = function.to_token_stream();
        let mut subject = Subject::Function(function);
        let rewriter = Rewriter::new(&race, &subject);
        rewriter.subject(&mut subject);
        skip::remove(rewriter.names(), &mut subject);
        let after = subject.to_token_stream();
        assert!(syn::parse2::<ItemFn>(after.clone()).is_ok(), "no function any more:\n{before}\nbecame\n{after}");
        let ((calls, skips), (calls_left, skips_left)) =
            (calls_and_skips(before.clone()), calls_and_skips(after.clone()));
        assert_eq!(calls, calls_left, "calls of\n{before}\nin\n{after}");
        // What macros that are not known are given is not touched.
        assert!(skips_left == 0 || before.to_string().contains("other !"), "left of `skip` in\n{after}");
        rewritten += usize::from(after.to_string().contains("__race :: read"));
        skipped += skips;
    }
    assert!(rewritten > 200 && skipped > 20, "{rewritten} functions were rewritten, {skipped} expressions skipped");
}
