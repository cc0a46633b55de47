//! Addresses of variables that only some programs have.

/// The address of the variable with this name, null where nobody defines it. A load from the linker's table of addresses,
/// since a weak variable cannot be declared on stable Rust.
macro_rules! address_of_weak {
    ($name:literal) => {{
        let address: usize;
        // SAFETY: reads the linker's table of addresses, where a weak name that nobody defines has null.
        unsafe {
            core::arch::asm!(
                concat!(".weak ", $name),
                concat!("mov {}, qword ptr [rip + ", $name, "@GOTPCREL]"),
                out(reg) address,
                options(pure, nomem, nostack, preserves_flags)
            );
        }
        address
    }};
}
pub(super) use address_of_weak;
