//! `--c`: which C code of a build is instrumented and which is not, with whose compiler and flags, and what is refused.
//!
//! The compilers are the system's `cc` and, for the list of their calls, `clang` too where it is installed.

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use common::{Outcome, Project, run, scratch, temporary_directory, write_script};
use object::{Object, ObjectSymbol};

/// The lines that say where the fixture's C code is instrumented.
fn facts(outcome: Outcome) -> Vec<String> {
    outcome.expect_code(0).stdout.lines().map(str::to_owned).collect()
}

const FACTS: [&str; 4] = ["program=true", "build_script=false", "proc_macro=false", "users=0"];

/// The same project all along, so that each build finds what the others left behind.
#[test]
fn the_programs_c_code_is_instrumented_and_that_of_build_scripts_is_not() {
    let project = Project::fixture("foreign");
    let race = |words: &[&str]| project.race(words);
    let plain = ["program=false", "build_script=false", "proc_macro=false", "users=0"];
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "-q", "--locked"]).current_dir(project.path());

    assert_eq!(facts(run(&mut race(&["run", "-q", "--locked"]))), plain);
    assert_eq!(facts(run(&mut race(&["run", "-q", "--locked", "--c"]))), FACTS);
    assert_eq!(facts(run(&mut race(&["run", "-q", "--locked"]))), plain);
    assert_eq!(facts(run(&mut cargo)), plain);

    let outcome = run(&mut race(&["run", "-q", "--c", "--locked", "--", "race"])).expect_code(66);
    assert!(outcome.stderr.contains("  native_add()\n"), "{outcome:#?}");
    assert!(outcome.stderr.contains("/native/src/native.c:"), "{outcome:#?}");
    assert!(outcome.stderr.contains("  app::race::{{closure}}"), "{outcome:#?}");
    let outcome = run(&mut race(&["run", "-q", "--locked", "--", "race"])).expect_code(0);
    assert_eq!(outcome.stderr, "", "C code without instrumentation is not seen");

    for (name, number) in [("CFLAGS", "1"), ("HOST_CFLAGS", "2"), ("CFLAGS_x86_64-unknown-linux-gnu", "3")] {
        let mut command = race(&["run", "-q", "--c", "--locked"]);
        let found = facts(run(command.env(name, format!("-DUSERS={number}"))));
        assert_eq!(found[..3], FACTS[..3], "{name}");
        assert_eq!(found[3], format!("users={number}"), "{name}");
    }

    // What the printed environment builds is found built already.
    let printed = run(&mut race(&["env", "--c"])).expect_code(0).stdout;
    let script = format!("{printed}\ncargo build --locked 2>&1 && target/race-c/*/debug/app");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(project.path());
    common::clean_environment(&mut shell);
    let outcome = run(&mut shell).expect_code(0);
    assert!(FACTS.iter().all(|fact| outcome.stdout.lines().any(|line| line == *fact)), "{outcome:#?}");

    let text = run(&mut race(&["explain", "run", "--c"])).expect_code(0).stdout;
    for part in ["Your compilers for C and C++: cc and c++", "/target/race-c", "is instrumented\n", "/race-cc' \\\n"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[test]
fn the_users_compiler_is_called_whatever_variable_names_it() {
    let project = Project::fixture("foreign");
    let compiler = project.path().join("my compiler");
    let log = project.path().join("log");
    write_script(&compiler, &format!("#!/bin/sh\necho \"$*\" >>'{}'\nexec cc -DUSERS=7 \"$@\"\n", log.display()));
    let mut command = project.race(["run", "-q", "--c", "--locked"]);
    let found = facts(run(command.env("CC_x86_64-unknown-linux-gnu", &compiler).env("CC", "missing")));
    assert_eq!(found, ["program=true", "build_script=false", "proc_macro=false", "users=7"]);
    let calls = std::fs::read_to_string(&log).expect("written by the compiler");
    assert!(calls.lines().any(|line| line.contains("-c src/native.c") || line.contains("-c -o")), "{calls}");
    let sentence = run(project.race(["env", "--c"]).env("CC_x86_64-unknown-linux-gnu", &compiler)).expect_sentence();
    let expected = "no shell can set CC_x86_64-unknown-linux-gnu; set CC_x86_64_unknown_linux_gnu, which means the same, or use --json";
    assert_eq!(sentence, expected);
}

#[test]
fn compilers_that_do_not_instrument_are_refused() {
    let project = Project::fixture("foreign");
    let refused = |script: &str| {
        let compiler = project.path().join("compiler");
        write_script(&compiler, script);
        let mut command = project.race(["build", "--c"]);
        run(command.env("CC", &compiler)).expect_sentence().replace(&compiler.display().to_string(), "CC")
    };
    let remedy = "; name gcc 11, clang 14 or a later one in the variable CC, or leave --c out";
    let forgetful = "#!/bin/sh\nfor word; do shift; case $word in -fsanitize=*) ;; *) set -- \"$@\" \"$word\" ;; esac; done\nexec cc \"$@\"\n";
    let expected = format!("the compiler `CC` does not instrument with -fsanitize=thread{remedy}");
    assert_eq!(refused(forgetful), expected);
    let expected = format!("the compiler `CC` does not instrument with -fsanitize=thread (unknown option){remedy}");
    assert_eq!(refused("#!/bin/sh\necho unknown option >&2\nexit 1\n"), expected);
    let sentence = run(project.race(["build", "--c"]).env("CC", "missing-cc")).expect_sentence();
    let expected =
        "cannot run the C compiler `missing-cc`; install gcc or clang, name one in the variable CC, or leave --c out";
    assert_eq!(sentence, expected);
    assert!(!project.path().join("target").exists(), "nothing is built");
}

/// Every kind of access and of atomic operation, in all sizes.
const ALL_KINDS: &str = r"
#include <stdatomic.h>
#define KINDS(T, n) \
T load##n(_Atomic T *p) { return atomic_load(p); } \
void store##n(_Atomic T *p, T v) { atomic_store(p, v); } \
T swap##n(_Atomic T *p, T v) { return atomic_exchange(p, v); } \
T add##n(_Atomic T *p, T v) { return atomic_fetch_add(p, v); } \
T sub##n(_Atomic T *p, T v) { return atomic_fetch_sub(p, v); } \
T and##n(_Atomic T *p, T v) { return atomic_fetch_and(p, v); } \
T or##n(_Atomic T *p, T v) { return atomic_fetch_or(p, v); } \
T xor##n(_Atomic T *p, T v) { return atomic_fetch_xor(p, v); } \
T not_and##n(T *p, T v) { return __atomic_fetch_nand(p, v, __ATOMIC_SEQ_CST); } \
_Bool strong##n(_Atomic T *p, T *e, T v) { return atomic_compare_exchange_strong(p, e, v); } \
_Bool weak##n(_Atomic T *p, T *e, T v) { return atomic_compare_exchange_weak(p, e, v); } \
T value##n(T *p, T e, T v) { return __sync_val_compare_and_swap(p, e, v); } \
_Bool lock##n(T *p, T v) { return __sync_lock_test_and_set(p, v); } \
void unlock##n(T *p) { __sync_lock_release(p); } \
T read##n(T *p) { return *p; } \
void write##n(T *p, T v) { *p = v; } \
void read_write##n(T *p) { *p += 1; } \
T volatile_read##n(volatile T *p) { return *p; } \
void volatile_write##n(volatile T *p, T v) { *p = v; } \
struct __attribute__((packed)) packed##n { char c; T v; volatile T w; }; \
T unaligned_read##n(struct packed##n *p) { return p->v; } \
void unaligned_write##n(struct packed##n *p, T v) { p->v = v; } \
void unaligned_read_write##n(struct packed##n *p) { p->v += 1; } \
T unaligned_volatile_read##n(struct packed##n *p) { return p->w; } \
void unaligned_volatile_write##n(struct packed##n *p, T v) { p->w = v; }
KINDS(unsigned char, 8) KINDS(unsigned short, 16) KINDS(unsigned, 32) KINDS(unsigned long, 64) KINDS(__int128, 128)
void fences(void) { atomic_thread_fence(memory_order_seq_cst); atomic_signal_fence(memory_order_seq_cst); }
struct large { char bytes[100]; };
void copy(struct large *to, struct large *from) { *to = *from; }
struct bits { unsigned a : 3, b : 7; };
void bits(struct bits *p) { p->b = 3; }
";

/// Objects with virtual functions, static variables in functions, exceptions.
const OBJECTS: &str = r"
struct Base { virtual int get(); virtual ~Base(); int number; };
int Base::get() { return number; }
Base::~Base() { number = 2; }
struct Derived : virtual Base { int get() override; Derived(); ~Derived(); };
Derived::Derived() { number = 1; }
Derived::~Derived() { number = 3; }
int Derived::get() { return 4; }
int call(Base *base) { return base->get(); }
Base *make() { return new Derived; }
void end(Base *base) { delete base; }
int &once() { static int number = make()->get(); return number; }
int caught() { try { throw 1; } catch (int) { return once(); } }
";

#[test]
fn the_engine_has_every_call_that_compilers_put_in() {
    run(&mut common::race(["setup"])).expect_code(0);
    let mut has = BTreeSet::new();
    for entry in scratch().join("cache").read_dir().expect("made by the setup") {
        let path = entry.expect("readable").path().join("race-runtime.o");
        if path.is_file() {
            has = symbols(&path, |symbol| symbol.is_definition() && symbol.is_global());
        }
    }
    let place = temporary_directory();
    let (c, cxx) = (place.path().join("all.c"), place.path().join("objects.cc"));
    std::fs::write(&c, ALL_KINDS).expect("written");
    std::fs::write(&cxx, OBJECTS).expect("written");
    let llvm = ["-mllvm", "-tsan-distinguish-volatile", "-mllvm", "-tsan-compound-read-before-write"];
    let compilers: [(&str, &Path, &[&str]); 4] = [
        ("cc", &c, &["--param=tsan-distinguish-volatile=1"]),
        ("c++", &cxx, &[]),
        ("clang", &c, &llvm),
        ("clang++", &cxx, &llvm),
    ];
    let mut wanted = BTreeSet::new();
    for (compiler, source, further) in compilers {
        let optional = compiler.starts_with("clang");
        if optional && Command::new(compiler).arg("--version").output().is_err() {
            continue;
        }
        for (flags, level) in [(&[][..], "-O0"), (&[][..], "-O2"), (further, "-O1")] {
            let compiled = place.path().join("all.o");
            let mut command = Command::new(compiler);
            command.args(["-w", "-mcx16", "-fsanitize=thread", "-c", level]).args(flags).arg(source).arg("-o");
            run(command.arg(&compiled)).expect_code(0);
            let ours = |name: &str| name.starts_with("__tsan_") || name.starts_with("__cxa_guard_");
            wanted.extend(symbols(&compiled, |symbol| symbol.is_undefined()).into_iter().filter(|name| ours(name)));
        }
    }
    assert!(wanted.len() > 80, "{wanted:?}");
    let missing: Vec<_> = wanted.difference(&has).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn symbols(path: &Path, wanted: impl Fn(&object::Symbol<'_, '_>) -> bool) -> BTreeSet<String> {
    let bytes = std::fs::read(path).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
    let file = object::File::parse(bytes.as_slice()).expect("an object");
    file.symbols().filter(wanted).filter_map(|symbol| symbol.name().ok().map(str::to_owned)).collect()
}
