//! `host NAME LIBRARY` runs one case with the library `plugin`, whose path is `LIBRARY`.

#[path = "../../cases/src/case.rs"]
#[allow(dead_code, unused_imports, unused_macros)]
mod case;
#[path = "../../cases/src/invisible.rs"]
#[allow(dead_code)]
mod invisible;

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::thread;

use case::{Place, earlier, in_order, later};

unsafe extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlclose(library: *mut c_void) -> c_int;
}

type Write = unsafe extern "C" fn(*mut u64, u64) -> u64;

#[derive(Clone, Copy)]
struct Library {
    handle: usize,
    write: Write,
}

impl Library {
    fn open(path: &CStr) -> Self {
        const NOW: c_int = 2;
        // SAFETY: the library's constructors may run at any time.
        let handle = unsafe { dlopen(path.as_ptr(), NOW) };
        assert!(!handle.is_null(), "{path:?} was expected to load");
        // SAFETY: the library has a function of this name and type.
        let write = unsafe { std::mem::transmute::<*mut c_void, Write>(dlsym(handle, c"plugin_write".as_ptr())) };
        Self { handle: handle as usize, write }
    }

    fn close(self) {
        // SAFETY: nobody uses the library any more.
        assert_eq!(unsafe { dlclose(self.handle as *mut c_void) }, 0);
    }

    fn write(self, place: *mut u64, value: u64) -> u64 {
        // SAFETY: the library is open, and the place lives.
        unsafe { (self.write)(place, value) }
    }

    fn write_own(self, value: u64) -> u64 {
        self.write(std::ptr::null_mut(), value)
    }
}

static PLACE: Place<u64> = Place::new(0);

fn race_in_library(path: &CStr) {
    let library = Library::open(path);
    in_order(|| assert_eq!(library.write_own(1), 40), || assert_eq!(library.write_own(2), 1));
}

fn race_with_library(path: &CStr) {
    let library = Library::open(path);
    in_order(|| PLACE.write(1), || assert_eq!(library.write(PLACE.address(), 2), 1));
}

/// The code of the earlier access is no longer there when the race is reported.
fn race_with_closed_library(path: &CStr) {
    thread::scope(|scope| {
        scope.spawn(|| {
            let library = Library::open(path);
            earlier(|| library.write(PLACE.address(), 1));
            library.close();
            invisible::meet(2);
            invisible::wait(3);
        });
        scope.spawn(|| {
            invisible::meet(2);
            later(|| PLACE.read());
            invisible::advance();
        });
    });
}

/// The library comes back to where it was, with numbers of its own that are new.
fn clean_reopened_library(path: &CStr) {
    let library = Library::open(path);
    let first = library.write as usize;
    thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(library.write_own(1), 40);
            invisible::meet(2);
            invisible::wait(3);
        });
        scope.spawn(|| {
            invisible::meet(2);
            library.close();
            let library = Library::open(path);
            assert_eq!(library.write as usize, first, "the system was expected to use the place again");
            assert_eq!(library.write_own(2), 40);
            invisible::advance();
        });
    });
}

/// Who opens a library that is open already finds what its constructor did.
fn clean_opened_twice(path: &CStr) {
    thread::scope(|scope| {
        scope.spawn(|| {
            Library::open(path);
            invisible::meet(2);
            invisible::wait(3);
        });
        scope.spawn(|| {
            invisible::meet(2);
            assert_eq!(Library::open(path).write_own(1), 40);
            invisible::advance();
        });
    });
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, name, path] = arguments.as_slice() else { panic!("a case and a library, not {arguments:?}") };
    let case = match name.as_str() {
        "race_in_library" => race_in_library,
        "race_with_library" => race_with_library,
        "race_with_closed_library" => race_with_closed_library,
        "clean_reopened_library" => clean_reopened_library,
        "clean_opened_twice" => clean_opened_twice,
        _ => panic!("there is no case {name:?}"),
    };
    case(&CString::new(path.as_str()).unwrap());
}
