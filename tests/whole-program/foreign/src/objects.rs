//! C++'s threads, locks, objects and static variables. The cases are C++ throughout.

use crate::case::Case;
use crate::invisible;

/// The table of the cases, from the functions in C++.
macro_rules! cases_in_cxx {
    ($($name:ident)*) => {
        unsafe extern "C" { $(safe fn $name();)* }

        pub const CASES: &[Case] = &[$((stringify!($name), || $name())),*];
    };
}

cases_in_cxx! {
    race_std_threads clean_std_mutex race_two_std_mutexes clean_std_atomic race_relaxed_std_atomic clean_std_fences
    clean_static_variable race_before_static_variable clean_call_once clean_call_once_again
    clean_shared_pointer race_delete_after_read clean_future clean_exception_from_thread clean_std_condition
    clean_shared_mutex race_under_shared_locks clean_virtual_call_during_end race_virtual_call_during_change_of_class
    clean_thread_local
}

#[unsafe(no_mangle)]
extern "C" fn step_advance() {
    invisible::advance();
}

#[unsafe(no_mangle)]
extern "C" fn step_wait(steps: u32) {
    invisible::wait(steps);
}

#[unsafe(no_mangle)]
extern "C" fn step_meet(steps: u32) {
    invisible::meet(steps);
}
