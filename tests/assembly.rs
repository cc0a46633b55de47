//! Without the feature `race` nothing of this library is left: functions written with its names compile to the
//! instructions of the same functions written with std's.
//!
//! Compared function by function, labels renamed; two that LLVM has merged into one are equal by that, and so are "above 15" and
//! "16 or above", between which it chooses by what else is in the module.

#![cfg(not(feature = "race"))]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

#[test]
fn without_the_feature_the_assembly_is_that_of_the_plain_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("race-assembly.s");
    let output = Command::new(env!("CARGO"))
        .args(["rustc", "--locked", "--quiet", "--package", "race-assembly", "--lib", "--"])
        .args([
            "-Copt-level=3",
            "-Cdebuginfo=0",
            "-Ccodegen-units=1",
            "-Coverflow-checks=off",
            "-Cdebug-assertions=off",
        ])
        .arg(format!("--emit=asm={}", file.display()))
        .current_dir(root)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let assembly = std::fs::read_to_string(&file).expect("the compiler has written the assembly");
    let by_hand = functions(&assembly, "hand_");
    let by_race = functions(&assembly, "race_");
    let names: Vec<&String> = by_hand.keys().collect();
    assert!(names.len() >= 10, "{names:?}");
    assert_eq!(names, by_race.keys().collect::<Vec<_>>());
    for (name, body) in &by_hand {
        assert!(body.iter().any(|line| line.starts_with("ret") || line.starts_with("jmp")), "{name}: {body:?}");
        assert_eq!(by_race[name], *body, "hand_{name} and race_{name} differ");
    }
}

/// The functions whose names begin with `prefix`, without it, and their instructions. One that was merged into its twin
/// has the twin's.
fn functions(assembly: &str, prefix: &str) -> BTreeMap<String, Vec<String>> {
    let of_prefix = |label: &str| label.strip_prefix(prefix).map(str::to_owned);
    let own = assembly.lines().filter_map(|line| line.strip_suffix(':')).filter_map(|label| {
        let name = of_prefix(label)?;
        Some((name, body_of(assembly, label)))
    });
    let merged = assembly.lines().filter_map(|line| line.split_once(" = ")).filter_map(|(label, other)| {
        let name = of_prefix(label)?;
        assert_eq!(other.split_once('_').map(|(_, rest)| rest), Some(&*name), "merged into another than its twin");
        Some((name, body_of(assembly, other)))
    });
    own.chain(merged).collect()
}

/// The instructions of a function, with its labels numbered in the order of their appearance.
fn body_of(assembly: &str, name: &str) -> Vec<String> {
    let lines = assembly.lines().skip_while(|line| line.strip_suffix(':') != Some(name)).skip(1);
    let mut labels: Vec<String> = Vec::new();
    let mut body = Vec::new();
    for line in lines.take_while(|line| !line.starts_with(".Lfunc_end")) {
        let line = line.trim();
        let is_label = line.ends_with(':');
        if line.is_empty() || line.starts_with('#') || (line.starts_with('.') && !is_label) {
            continue;
        }
        let mut renamed = String::new();
        for (index, part) in line.split(".L").enumerate() {
            if index == 0 {
                renamed.push_str(part);
                continue;
            }
            let end = part.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(part.len());
            let label = &part[..end];
            let number = labels.iter().position(|known| known == label).unwrap_or_else(|| {
                labels.push(label.to_owned());
                labels.len() - 1
            });
            renamed.push_str(&format!("label{number}{}", &part[end..]));
        }
        body.push(renamed);
    }
    unify_comparisons(&mut body);
    body
}

/// Writes "above n" as "n + 1 or above".
fn unify_comparisons(body: &mut [String]) {
    for index in 1..body.len() {
        let Some(label) = body[index].strip_prefix("ja\t").map(str::to_owned) else { continue };
        let compared = body[index - 1].split_once('$').filter(|(operation, _)| operation.starts_with("cmp"));
        let Some((operation, (number, rest))) = compared.and_then(|(it, rest)| Some((it, rest.split_once(',')?)))
        else {
            continue;
        };
        let Ok(number) = number.parse::<u32>() else { continue };
        body[index - 1] = format!("{operation}${},{rest}", number + 1);
        body[index] = format!("jae\t{label}");
    }
}
