//! `mop_test.go`, part: interfaces, errors, strings, pointers and functions in variables that another thread reassigns.
//!
//! An interface is a reference to a trait's object: two words. Its variable is read through `let` or an argument, since
//! what a method call does with the place that it is called on depends on types.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::catch_unwind;

use race::channel::{Sender, bounded};

use crate::case::{consume, go, variable};

trait Writer: Sync {
    fn write(&self, number: i32) -> i32;
}

struct Dummy(i32);

impl Writer for Dummy {
    fn write(&self, number: i32) -> i32 {
        self.0 + number
    }
}

static ONE: Dummy = Dummy(1);
static OTHER: Dummy = Dummy(2);
static NUMBER: i32 = 5;

/// An error.
#[derive(Debug)]
struct Failure;

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("failed")
    }
}

impl Error for Failure {}

type AnyError = Option<&'static (dyn Error + Sync)>;

#[derive(Clone, Copy)]
struct Complex {
    real: f64,
    imaginary: f64,
}

#[derive(Clone, Copy)]
struct Receiver(u64);

impl Receiver {
    fn by_value(self) -> u64 {
        self.0
    }
}

fn increment(number: i32) -> i32 {
    number + 1
}

fn double(number: i32) -> i32 {
    number * 2
}

crate::suite! {
    "mop_test.go";

    "TestRaceIfaceWW" => fn race_iface_ww() {
        let a = variable::<&dyn Writer>(&ONE);
        let (done, finished) = bounded(1);
        go(move || {
            *a = &ONE;
            done.send(true).unwrap();
        });
        *a = &OTHER;
        finished.recv().unwrap();
        let a = *a;
        consume(a.write(1));
    }

    "TestRaceIfaceCmp" => fn race_iface_cmp() {
        let (a, b) = (variable::<&dyn Writer>(&ONE), variable::<&dyn Writer>(&ONE));
        let (done, finished) = bounded(1);
        go(move || {
            *a = &OTHER;
            done.send(true).unwrap();
        });
        consume(std::ptr::addr_eq(*a, *b));
        finished.recv().unwrap();
    }

    "TestRaceEfaceConv" => fn race_eface_conv() {
        unsafe fn start(anything: Box<dyn Any>, done: Sender<bool>) {
            // SAFETY: a boxed number and a sender may go elsewhere.
            unsafe {
                go(move || {
                    consume(anything);
                    done.send(true).unwrap();
                });
            }
        }
        let v = variable(0_i32);
        let (done, finished) = bounded(0);
        go(move || start(Box::new(*v), done));
        *v = 1;
        finished.recv().unwrap();
    }

    "TestRaceIfaceConv" => fn race_iface_conv() {
        unsafe fn start(writer: &'static dyn Writer, done: Sender<bool>) {
            // SAFETY: a reference to a static and a sender may go elsewhere.
            unsafe {
                go(move || {
                    consume(writer.write(1));
                    done.send(true).unwrap();
                });
            }
        }
        let v = variable::<&Dummy>(&ONE);
        let (done, finished) = bounded(0);
        go(move || start(*v, done));
        *v = &OTHER;
        finished.recv().unwrap();
    }

    "TestRaceError" => fn race_error() {
        let error = variable::<AnyError>(None);
        let (done, finished) = bounded(1);
        go(move || {
            *error = Some(&Failure);
            done.send(true).unwrap();
        });
        consume(*error);
        finished.recv().unwrap();
    }

    "TestRaceIntptrRW" => fn race_intptr_rw() {
        let (x, y) = (variable(0_i32), variable(0_i32));
        let p = variable(x);
        let (done, finished) = bounded(1);
        go(move || {
            **p = 5;
            done.send(true).unwrap();
        });
        *y = **p;
        finished.recv().unwrap();
    }

    "TestRaceStringRW" => fn race_string_rw() {
        let string = variable("");
        let (done, finished) = bounded(1);
        go(move || {
            *string = "abacaba";
            done.send(true).unwrap();
        });
        consume(*string);
        finished.recv().unwrap();
    }

    "TestRaceStringPtrRW" => fn race_string_ptr_rw() {
        let p = variable(variable(""));
        let (done, finished) = bounded(1);
        go(move || {
            **p = "a";
            done.send(true).unwrap();
        });
        consume(**p);
        finished.recv().unwrap();
    }

    "TestRaceFloat64WW" => fn race_float64_ww() {
        let x = variable(0.0_f64);
        let (done, finished) = bounded(1);
        go(move || {
            *x = 1.0;
            done.send(true).unwrap();
        });
        *x = 2.0;
        finished.recv().unwrap();
    }

    "TestRaceComplex128WW" => fn race_complex128_ww() {
        let x = variable(Complex { real: 0.0, imaginary: 0.0 });
        let (done, finished) = bounded(1);
        go(move || {
            *x = Complex { real: 2.0, imaginary: 2.0 };
            done.send(true).unwrap();
        });
        *x = Complex { real: 1.0, imaginary: 2.0 };
        finished.recv().unwrap();
        consume((*x).real + (*x).imaginary);
    }

    "TestRaceUnsafePtrRW" => fn race_unsafe_ptr_rw() {
        let (x, z) = (variable(5_i32), variable(6_i32));
        let p = variable(x.cast_const());
        let (done, finished) = bounded(1);
        go(move || {
            *p = z;
            done.send(true).unwrap();
        });
        consume(**p);
        finished.recv().unwrap();
    }

    // The function is called through `let`, see above.
    "TestRaceFuncVariableRW" => fn race_func_variable_rw() {
        let function = variable::<fn(i32) -> i32>(increment);
        let (done, finished) = bounded(1);
        go(move || {
            *function = double;
            done.send(true).unwrap();
        });
        let callee = *function;
        consume(callee(1));
        finished.recv().unwrap();
    }

    "TestRaceFuncVariableWW" => fn race_func_variable_ww() {
        let function = variable::<fn(i32) -> i32>(increment);
        let (done, finished) = bounded(1);
        go(move || {
            *function = double;
            done.send(true).unwrap();
        });
        *function = increment;
        finished.recv().unwrap();
    }

    // As above.
    "TestRaceFuncItself" => fn race_func_itself() {
        let function = variable::<fn(i32) -> i32>(increment);
        let (done, finished) = bounded(0);
        go(move || {
            let callee = *function;
            consume(callee(1));
            done.send(true).unwrap();
        });
        *function = double;
        finished.recv().unwrap();
    }

    "TestRaceEmptyInterface1" => fn race_empty_interface_1() {
        let x = variable::<Option<&(dyn Any + Sync)>>(Some(&NUMBER));
        let (done, finished) = bounded(0);
        go(move || {
            *x = None;
            done.send(true).unwrap();
        });
        consume(*x);
        finished.recv().unwrap();
    }

    "TestRaceEmptyInterface2" => fn race_empty_interface_2() {
        let x = variable::<Option<&(dyn Any + Sync)>>(None);
        let (done, finished) = bounded(0);
        go(move || {
            *x = Some(&NUMBER);
            done.send(true).unwrap();
        });
        consume(*x);
        finished.recv().unwrap();
    }

    "TestRaceTypeAssert" => fn race_type_assert() {
        let x = variable::<&(dyn Any + Send + Sync)>(&NUMBER);
        let (done, finished) = bounded(1);
        go(move || {
            let anything = *x;
            consume(anything.downcast_ref::<i32>());
            done.send(true).unwrap();
        });
        *x = &"a string";
        finished.recv().unwrap();
    }

    "TestRaceInterCall2" => fn race_inter_call_2() {
        let (writer, x) = (&ONE as &dyn Writer, variable(0_i32));
        let (done, finished) = bounded(1);
        go(move || {
            consume(writer.write(*x));
            done.send(true).unwrap();
        });
        *x = 1;
        finished.recv().unwrap();
    }

    // As a function, see above.
    "TestRaceMethodCall2" => fn race_method_call_2() {
        let receiver = variable(variable(Receiver(0)));
        let (done, finished) = bounded(1);
        go(move || {
            consume(Receiver::by_value(**receiver));
            done.send(true).unwrap();
        });
        *receiver = variable(Receiver(1));
        finished.recv().unwrap();
    }

    "TestRacePanicArg" => fn race_panic_arg() {
        std::panic::set_hook(Box::new(|_| {}));
        let error = variable::<AnyError>(Some(&Failure));
        let (done, finished) = bounded(1);
        go(move || {
            let error = Carried(error);
            let panicked = catch_unwind(move || {
                let error = error.get();
                std::panic::panic_any(*error)
            });
            assert!(panicked.is_err());
            done.send(true).unwrap();
        });
        *error = None;
        finished.recv().unwrap();
    }
}

/// A pointer that an unwinding may pass.
#[derive(Clone, Copy)]
struct Carried<T>(*mut T);

impl<T> std::panic::UnwindSafe for Carried<T> {}

impl<T> Carried<T> {
    fn get(self) -> *mut T {
        self.0
    }
}
