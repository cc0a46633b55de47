//! The Rust toolchain in use: what rustc says of itself and where its tools and std lie.
//!
//! Guarantee: it is the very toolchain that the following `cargo` will use, because both go through the same `RUSTC`,
//! `build.rustc` or PATH, and rustup's `RUSTUP_TOOLCHAIN`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cargo_config::CargoConfig;
use crate::error::Error;

/// The only host (and target) whose engine and recipe exist.
pub const SUPPORTED_HOST: &str = "x86_64-unknown-linux-gnu";

/// One installed toolchain.
#[derive(Debug)]
pub struct Toolchain {
    pub sysroot: PathBuf,
    pub host: String,
    /// The whole text of `rustc -vV`: two compilers with the same text read the same bitcode.
    pub version: String,
    /// Short name for a person, such as `1.95.0-59807616e`.
    pub label: String,
}

impl Toolchain {
    /// Asks the rustc that cargo will call.
    pub fn detect(config: &CargoConfig) -> Result<Self, Error> {
        let chosen =
            ["RUSTC", "CARGO_BUILD_RUSTC"].into_iter().filter_map(std::env::var_os).find(|name| !name.is_empty());
        let configured = || config.program(&["build", "rustc"]).map(PathBuf::into_os_string);
        let rustc = chosen.or_else(configured).unwrap_or_else(|| OsString::from("rustc"));
        // Two processes at once: rustup's proxy makes each of them slow, and a warm start waits for both.
        let version = start(&rustc, &["-vV"])?;
        let sysroot = start(&rustc, &["--print", "sysroot"])?;
        let version = finish(&rustc, version)?;
        let sysroot = finish(&rustc, sysroot)?;
        Self::from_answers(version, sysroot.trim_end())
    }

    fn from_answers(version: String, sysroot: &str) -> Result<Self, Error> {
        let field =
            |name: &str| version.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
        let host = field("host:").unwrap_or_default();
        if host != SUPPORTED_HOST {
            return Err(Error::UnsupportedHost { host, supported: SUPPORTED_HOST });
        }
        let release = field("release:").unwrap_or_default();
        let mut commit = field("commit-hash:").unwrap_or_default();
        commit.truncate(9);
        let label = format!("{release}-{commit}");
        Ok(Self { sysroot: PathBuf::from(sysroot), host, version, label })
    }

    /// The directory `lib/rustlib/<host>`, where target libraries and tools lie.
    pub fn target_directory(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib").join(&self.host)
    }

    /// The linker of the LLVM that wrote std's bitcode: no other is sure to read it.
    pub fn linker(&self) -> Result<PathBuf, Error> {
        require(self.target_directory().join("bin/rust-lld"))
    }

    /// The tool that changes symbols of objects, if the toolchain ships it.
    pub fn object_tool(&self) -> Option<PathBuf> {
        Some(self.target_directory().join("bin/rust-objcopy")).filter(|path| path.is_file())
    }
}

fn require(path: PathBuf) -> Result<PathBuf, Error> {
    if path.is_file() { Ok(path) } else { Err(Error::ToolMissing { missing: path }) }
}

fn start(program: &OsString, arguments: &[&str]) -> Result<std::process::Child, Error> {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|reason| Error::ToolchainMissing {
            program: Path::new(program).display().to_string(),
            reason: reason.to_string(),
        })
}

fn finish(program: &OsString, child: std::process::Child) -> Result<String, Error> {
    let broken = |reason: String| Error::ToolchainBroken { program: Path::new(program).display().to_string(), reason };
    let output = child.wait_with_output().map_err(|reason| broken(reason.to_string()))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let first = complaint.lines().next().unwrap_or("no message");
        return Err(broken(first.trim_start_matches("error: ").to_owned()));
    }
    String::from_utf8(output.stdout).map_err(|_| broken("its answer is not valid UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let text = "rustc 1.95.0 (59807616e 2026-04-14)\ncommit-hash: 59807616e1fa25\nhost: x86_64-unknown-linux-gnu\nrelease: 1.95.0\n";
        let toolchain = Toolchain::from_answers(text.to_owned(), "/opt/rust").expect("supported");
        assert_eq!(toolchain.label, "1.95.0-59807616e");
        assert_eq!(toolchain.target_directory(), Path::new("/opt/rust/lib/rustlib/x86_64-unknown-linux-gnu"));
    }

    #[test]
    fn other_hosts_are_refused_with_their_name() {
        let error =
            Toolchain::from_answers("host: aarch64-apple-darwin\n".to_owned(), "/opt").expect_err("unsupported");
        assert!(error.to_string().starts_with("aarch64-apple-darwin is not supported"));
    }
}
