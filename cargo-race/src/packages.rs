//! The packages of a build, as far as they contain code that is not instrumented.
//!
//! From `cargo metadata`, offline and with the lock file as it is: a question must not change the project. When that is
//! not enough, nothing is known. A package is taken to bring C code when its manifest says that it links to a native
//! library, or when its build script uses a crate made for compiling C.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::toolchain::SUPPORTED_HOST;

/// Crates with which build scripts compile or find native code.
pub const COMPILING: [&str; 5] = ["autotools", "cc", "cmake", "cxx-build", "pkg-config"];

/// Names of packages by what is not instrumented in them, each sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Packages {
    pub build_scripts: Vec<String>,
    pub proc_macros: Vec<String>,
    pub foreign: Vec<String>,
    /// The names of their library crates, as files have them.
    pub libraries: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

/// Which packages are really in the build; `packages` also has those of other machines.
#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    id: String,
    links: Option<String>,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

impl Packages {
    /// Asks cargo.
    pub fn read(cargo: &OsString, arguments: &[OsString]) -> Option<Self> {
        let output = Command::new(cargo)
            .args(["metadata", "--format-version=1", "--offline", "--locked", "--filter-platform", SUPPORTED_HOST])
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        Self::from_metadata(&output.stdout)
    }

    fn from_metadata(json: &[u8]) -> Option<Self> {
        let metadata: Metadata = serde_json::from_slice(json).ok()?;
        let present: Vec<&str> = metadata.resolve.nodes.iter().map(|node| node.id.as_str()).collect();
        let mut found = Self::default();
        for package in metadata.packages.iter().filter(|package| present.contains(&package.id.as_str())) {
            let has = |kind: &str| package.targets.iter().any(|target| target.kind.iter().any(|own| own == kind));
            let compiles = package.dependencies.iter().any(|dependency| {
                dependency.kind.as_deref() == Some("build") && COMPILING.contains(&dependency.name.as_str())
            });
            for (applies, names) in [
                (has("custom-build"), &mut found.build_scripts),
                (has("proc-macro"), &mut found.proc_macros),
                (package.links.is_some() || compiles, &mut found.foreign),
            ] {
                if applies {
                    names.push(package.name.clone());
                }
            }
            let libraries =
                package.targets.iter().filter(|target| target.kind.iter().any(|kind| kind.ends_with("lib")));
            found.libraries.extend(libraries.map(|target| target.name.replace('-', "_")));
        }
        for names in [&mut found.build_scripts, &mut found.proc_macros, &mut found.foreign, &mut found.libraries] {
            names.sort();
            names.dedup();
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_sorted_by_what_they_hold() {
        let package = |name: &str, links: &str, kind: &str, dependency: &str| {
            format!(
                r#"{{"name":"{name}","id":"{name}","links":{links},"targets":[{{"name":"{name}-lib","kind":["lib"]}},{{"name":"x","kind":["{kind}"]}}],
                    "dependencies":[{{"name":"{dependency}","kind":"build"}}]}}"#
            )
        };
        let packages = [
            package("z", "\"z\"", "custom-build", "x"),
            package("b", "null", "custom-build", "cc"),
            package("m", "null", "proc-macro", "x"),
            package("elsewhere", "\"w\"", "bin", "x"),
        ];
        let json = format!(
            r#"{{"packages":[{}],"resolve":{{"nodes":[{{"id":"z"}},{{"id":"b"}},{{"id":"m"}}]}}}}"#,
            packages.join(",")
        );
        let names = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let expected = Packages {
            build_scripts: names(&["b", "z"]),
            proc_macros: names(&["m"]),
            foreign: names(&["b", "z"]),
            libraries: names(&["b_lib", "m_lib", "z_lib"]),
        };
        assert_eq!(Packages::from_metadata(json.as_bytes()), Some(expected));
        assert_eq!(Packages::from_metadata(b""), None);
    }
}
