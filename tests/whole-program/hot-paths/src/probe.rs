//! A call between two breakpoints.

use std::arch::asm;

/// Whether and as what the call counts.
#[derive(Clone, Copy)]
pub struct Probe(Option<usize>);

impl Probe {
    /// Does not count.
    pub const fn idle() -> Self {
        Self(None)
    }

    /// Counts as the path of this number.
    pub const fn of(number: usize) -> Self {
        Self(Some(number))
    }

    /// Calls a function with up to five arguments. The tracer finds the path's number in `r12`.
    ///
    /// # Safety
    /// `function` is the address of a function of the C ABI that may be called with these arguments.
    #[inline(never)]
    pub unsafe fn call(self, function: usize, arguments: [usize; 5]) -> usize {
        let [first, second, third, fourth, fifth] = arguments;
        let result: usize;
        match self.0 {
            // SAFETY: the caller's promise; the stack is aligned for calls, and all that a call may change is told.
            None => unsafe {
                asm!("call r13", in("r13") function, in("rdi") first, in("rsi") second, in("rdx") third,
                    in("rcx") fourth, in("r8") fifth, lateout("rax") result, clobber_abi("C"));
            },
            // SAFETY: as above; who traces this process takes the breakpoints, otherwise they end it.
            Some(number) => unsafe {
                asm!("int3", "call r13", "int3", in("r12") number, in("r13") function, in("rdi") first,
                    in("rsi") second, in("rdx") third, in("rcx") fourth, in("r8") fifth, lateout("rax") result,
                    clobber_abi("C"));
            },
        }
        result
    }
}
