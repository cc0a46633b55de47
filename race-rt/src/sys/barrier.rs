//! A memory barrier on all processors that run this process, so that only one side of a handshake has to pay.

/// Commands of the system call, which the C library does not know.
#[repr(i32)]
enum Command {
    PrivateExpedited = 1 << 3,
    RegisterPrivateExpedited = 1 << 4,
}

fn call(command: Command) -> bool {
    // SAFETY: the call takes numbers only.
    unsafe { libc::syscall(libc::SYS_membarrier, command as i32, 0, 0) == 0 }
}

/// Tells the kernel that [`on_all_processors`] will be called.
pub fn register() {
    call(Command::RegisterPrivateExpedited);
}

/// Every thread of the process has passed a full memory barrier when this returns. False when the kernel has none to
/// offer.
pub fn on_all_processors() -> bool {
    call(Command::PrivateExpedited)
}
