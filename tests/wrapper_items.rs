//! Every stable item of `std::sync`, `std::sync::atomic`, `std::sync::mpsc`, `std::thread` and `std::cell` as of Rust 1.95 has
//! its counterpart: the same list is compiled for `std` and for `race`, so that a missing item does not compile.
//!
//! Methods are named once; what std declares `const` is called in a constant; traits are asked for by bounds.

use std::error::Error;
use std::fmt::{Debug, Display, Pointer};
use std::hash::Hash;
use std::ops::{Deref, DerefMut};
use std::os::unix::thread::JoinHandleExt;

fn atomic<T: Debug + Default + From<V> + Send + Sync, V>() {}

/// Names what all atomic types have.
macro_rules! common {
    ($type:ident, $value:ty, $example:expr) => {
        const _: ($type, $value) = ($type::new($example), $type::new($example).into_inner());
        const _: unsafe fn(*mut $value) -> &'static $type = |at| {
            // SAFETY: never called.
            unsafe { $type::from_ptr(at) }
        };
        let _ = ($type::load, $type::store, $type::swap, $type::compare_and_swap, $type::as_ptr);
        let _ = ($type::compare_exchange, $type::compare_exchange_weak, $type::get_mut);
        let _ = $type::fetch_update::<fn($value) -> Option<$value>>;
        let _ = |it: &$type| it.try_update(Ordering::Relaxed, Ordering::Relaxed, |value| Some(value));
        let _ = |it: &$type| it.update(Ordering::Relaxed, Ordering::Relaxed, |value| value);
        atomic::<$type, $value>();
    };
}
/// Names what the atomic integers have.
macro_rules! integers {
    ($($type:ident $value:ty),*) => {
        $(
            common!($type, $value, 1);
            let _ = ($type::fetch_add, $type::fetch_sub, $type::fetch_and, $type::fetch_nand);
            let _ = ($type::fetch_or, $type::fetch_xor, $type::fetch_max, $type::fetch_min);
        )*
    };
}

/// Names every item below `$root`.
macro_rules! items_of {
    ($root:ident) => {
        #[allow(deprecated, clippy::type_complexity, clippy::declare_interior_mutable_const)]
        pub mod items {
            use super::super::*;

            fn locks() {
                use $root::sync::{Condvar, LockResult, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
                use $root::sync::{RwLockWriteGuard, TryLockError, TryLockResult, WaitTimeoutResult};
                const _: (Mutex<u8>, RwLock<u8>, Condvar) = (Mutex::new(1), RwLock::new(1), Condvar::new());
                let _ = (Mutex::<u8>::lock, Mutex::<u8>::try_lock, Mutex::<u8>::is_poisoned, Mutex::<u8>::clear_poison);
                let _ = (Mutex::<u8>::into_inner, Mutex::<u8>::get_mut);
                let _ = (RwLock::<u8>::read, RwLock::<u8>::try_read, RwLock::<u8>::write, RwLock::<u8>::try_write);
                let _ = (RwLock::<u8>::is_poisoned, RwLock::<u8>::clear_poison, RwLock::<u8>::into_inner);
                let _ = (RwLock::<u8>::get_mut, RwLockWriteGuard::<u8>::downgrade);
                let _ = (Condvar::wait::<u8>, Condvar::wait_while::<u8, fn(&mut u8) -> bool>);
                let _ = (Condvar::wait_timeout_ms::<u8>, Condvar::wait_timeout::<u8>);
                let _ = (Condvar::wait_timeout_while::<u8, fn(&mut u8) -> bool>, WaitTimeoutResult::timed_out);
                let _ = (Condvar::notify_one, Condvar::notify_all);
                let _ = (PoisonError::<u8>::new, PoisonError::<u8>::into_inner, PoisonError::<u8>::get_ref);
                let _ = (PoisonError::<u8>::get_mut, TryLockError::<u8>::WouldBlock, TryLockError::<u8>::Poisoned);
                let _: (LockResult<u8>, TryLockResult<u8>) = (Ok(1), Ok(1));
                fn content<T: Debug + Default + From<u8>>() {}
                (content::<Mutex<u8>>(), content::<RwLock<u8>>());
                fn reader<T: Debug + Display + Deref<Target = u8>>() {}
                (reader::<MutexGuard<u8>>(), reader::<RwLockReadGuard<u8>>(), reader::<RwLockWriteGuard<u8>>());
                fn writer<T: DerefMut>() {}
                (writer::<MutexGuard<u8>>(), writer::<RwLockWriteGuard<u8>>());
                fn condition<T: Debug + Default>() {}
                condition::<Condvar>();
                fn result<T: Copy + Debug + Eq>() {}
                result::<WaitTimeoutResult>();
                fn error<T: Error>() {}
                (error::<PoisonError<u8>>(), error::<TryLockError<u8>>());
                let _: TryLockError<u8> = PoisonError::new(1).into();
            }

            fn once() {
                use $root::sync::{Barrier, BarrierWaitResult, LazyLock, ONCE_INIT, Once, OnceLock, OnceState};
                const _: (Once, OnceLock<u8>, Barrier) = (Once::new(), OnceLock::new(), Barrier::new(1));
                const _: (LazyLock<u8>, Once) = (LazyLock::new(|| 1), ONCE_INIT);
                let _ = (Once::call_once::<fn()>, Once::call_once_force::<fn(&OnceState)>, Once::is_completed);
                let _ = (Once::wait, Once::wait_force, OnceState::is_poisoned);
                let _ = (OnceLock::<u8>::get, OnceLock::<u8>::get_mut, OnceLock::<u8>::wait, OnceLock::<u8>::set);
                let _ = (OnceLock::<u8>::get_or_init::<fn() -> u8>, OnceLock::<u8>::into_inner, OnceLock::<u8>::take);
                let _ = (LazyLock::<u8>::force, LazyLock::<u8>::force_mut, LazyLock::<u8>::get, LazyLock::<u8>::get_mut);
                let _ = (Barrier::wait, BarrierWaitResult::is_leader);
                fn shown<T: Debug>() {}
                (shown::<Once>(), shown::<OnceState>(), shown::<Barrier>(), shown::<BarrierWaitResult>());
                fn lock<T: Clone + Debug + Default + From<u8> + Eq>() {}
                lock::<OnceLock<u8>>();
                fn lazy<T: Debug + Default + DerefMut<Target = u8>>() {}
                lazy::<LazyLock<u8>>();
            }

            fn channels() {
                use $root::sync::mpsc::{IntoIter, Iter, Receiver, RecvError, RecvTimeoutError, SendError, Sender};
                use $root::sync::mpsc::{SyncSender, TryIter, TryRecvError, TrySendError, channel, sync_channel};
                let _: (fn() -> (Sender<u8>, Receiver<u8>), fn(usize) -> (SyncSender<u8>, Receiver<u8>)) =
                    (channel, sync_channel);
                let _ = (Sender::<u8>::send, SyncSender::<u8>::send, SyncSender::<u8>::try_send);
                let _ = (Receiver::<u8>::recv, Receiver::<u8>::try_recv, Receiver::<u8>::recv_timeout);
                let _ = (Receiver::<u8>::iter, Receiver::<u8>::try_iter);
                let _ = (SendError(1), RecvError, TrySendError::Full(1), TrySendError::Disconnected(1));
                let _ = (TryRecvError::Empty, TryRecvError::Disconnected);
                let _ = (RecvTimeoutError::Timeout, RecvTimeoutError::Disconnected);
                fn sender<T: Clone + Debug>() {}
                (sender::<Sender<u8>>(), sender::<SyncSender<u8>>());
                fn receiver<T: Debug + IntoIterator<Item = u8, IntoIter = IntoIter<u8>>>() {}
                receiver::<Receiver<u8>>();
                fn borrowed<'a, T: IntoIterator<Item = u8, IntoIter = Iter<'a, u8>>>() {}
                borrowed::<&Receiver<u8>>();
                fn iterator<T: Debug + Iterator<Item = u8>>() {}
                (iterator::<Iter<u8>>(), iterator::<TryIter<u8>>(), iterator::<IntoIter<u8>>());
                fn error<T: Copy + Error + Eq>() {}
                (error::<SendError<u8>>(), error::<TrySendError<u8>>(), error::<RecvError>());
                (error::<TryRecvError>(), error::<RecvTimeoutError>());
                fn from<T: From<F>, F>() {}
                (from::<TrySendError<u8>, SendError<u8>>(), from::<TryRecvError, RecvError>());
                from::<RecvTimeoutError, RecvError>();
            }

            fn atomics() {
                use $root::sync::atomic::*;
                integers!(AtomicI8 i8, AtomicI16 i16, AtomicI32 i32, AtomicI64 i64, AtomicIsize isize);
                integers!(AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize);
                common!(AtomicBool, bool, true);
                let _ = (AtomicBool::fetch_and, AtomicBool::fetch_nand, AtomicBool::fetch_or, AtomicBool::fetch_xor);
                let _ = AtomicBool::fetch_not;
                type AtomicPtrU8 = AtomicPtr<u8>;
                common!(AtomicPtrU8, *mut u8, std::ptr::null_mut());
                let _ = (AtomicPtrU8::fetch_ptr_add, AtomicPtrU8::fetch_ptr_sub, AtomicPtrU8::fetch_byte_add);
                let _ = (AtomicPtrU8::fetch_byte_sub, AtomicPtrU8::fetch_or, AtomicPtrU8::fetch_and);
                let _ = AtomicPtrU8::fetch_xor;
                fn pointer<T: Pointer>() {}
                pointer::<AtomicPtrU8>();
                let _ = (fence, compiler_fence, spin_loop_hint);
                const _: (AtomicBool, AtomicIsize, AtomicUsize) = (ATOMIC_BOOL_INIT, ATOMIC_ISIZE_INIT, ATOMIC_USIZE_INIT);
                let _ = (Ordering::Relaxed, Ordering::Release, Ordering::Acquire, Ordering::AcqRel, Ordering::SeqCst);
            }

            fn threads() {
                use $root::thread::{AccessError, Builder, JoinHandle, LocalKey, Result, Scope, ScopedJoinHandle, Thread};
                use $root::thread::{ThreadId, available_parallelism, current, panicking, park, park_timeout};
                use $root::thread::{park_timeout_ms, scope, sleep, sleep_ms, spawn, yield_now};
                let _ = (available_parallelism, current, panicking, park, park_timeout, park_timeout_ms, sleep, sleep_ms);
                let _ = (yield_now, spawn::<fn() -> u8, u8>, scope::<for<'a, 'b> fn(&'a Scope<'a, 'b>), ()>);
                let _ = (Builder::new, Builder::name, Builder::stack_size, Builder::spawn::<fn() -> u8, u8>);
                let _ = (Builder::spawn_unchecked::<fn() -> u8, u8>, Builder::spawn_scoped::<fn() -> u8, u8>);
                let _ = (JoinHandle::<u8>::thread, JoinHandle::<u8>::join, JoinHandle::<u8>::is_finished);
                let _ = (ScopedJoinHandle::<u8>::thread, ScopedJoinHandle::<u8>::join);
                let _ = (ScopedJoinHandle::<u8>::is_finished, Scope::spawn::<fn() -> u8, u8>);
                let _ = (Thread::unpark, Thread::id, Thread::name);
                fn handle<T: JoinHandleExt>() {}
                handle::<JoinHandle<u8>>();
                fn shown<T: Debug>() {}
                (shown::<JoinHandle<u8>>(), shown::<ScopedJoinHandle<u8>>(), shown::<Scope>(), shown::<Builder>());
                shown::<LocalKey<u8>>();
                fn thread<T: Clone + Debug>() {}
                thread::<Thread>();
                fn id<T: Copy + Debug + Eq + Hash>() {}
                id::<ThreadId>();
                fn error<T: Copy + Eq + Error>() {}
                error::<AccessError>();
                let _: Result<u8> = Ok(1);
            }

            fn thread_locals() {
                use $root::cell::{Cell, RefCell};
                use $root::thread::{AccessError, LocalKey};
                $root::thread_local! {
                    static NUMBER: Cell<u8> = const { Cell::new(1) };
                    static LIST: RefCell<Vec<u8>> = RefCell::new(vec![1]);
                }
                assert_eq!(NUMBER.with(Cell::get), 1);
                assert_eq!(NUMBER.try_with(Cell::get) as Result<u8, AccessError>, Ok(1));
                NUMBER.set(2);
                assert_eq!((NUMBER.get(), NUMBER.take(), NUMBER.replace(3)), (2, 2, 0));
                LIST.with_borrow_mut(|list| list.push(2));
                assert_eq!(LIST.with_borrow(Vec::len), 2);
                LIST.set(vec![3]);
                assert_eq!((LIST.take(), LIST.replace(vec![4])), (vec![3], vec![]));
                let _: &'static LocalKey<Cell<u8>> = &NUMBER;
            }

            fn cells() {
                use $root::cell::{BorrowError, BorrowMutError, Cell, LazyCell, OnceCell, Ref, RefCell, RefMut, UnsafeCell};
                const _: (UnsafeCell<u8>, u8) = (UnsafeCell::new(1), UnsafeCell::new(1).into_inner());
                const _: fn(&mut u8) -> &mut UnsafeCell<u8> = |value| UnsafeCell::from_mut(value);
                const _: fn(&UnsafeCell<u8>) -> *mut u8 = |cell| cell.get();
                const _: fn(&mut UnsafeCell<u8>) -> &mut u8 = |cell| cell.get_mut();
                const _: fn(*const UnsafeCell<u8>) -> *mut u8 = |cell| UnsafeCell::raw_get(cell);
                fn cell<T: Debug + Default + From<u8>>() {}
                (cell::<UnsafeCell<u8>>(), cell::<Cell<u8>>(), cell::<RefCell<u8>>(), cell::<OnceCell<u8>>());
                fn lazy<T: Debug + Default + Deref<Target = u8>>() {}
                lazy::<LazyCell<u8>>();
                fn borrow<T: Debug + Display + Deref>() {}
                (borrow::<Ref<u8>>(), borrow::<RefMut<u8>>());
                fn error<T: Error>() {}
                (error::<BorrowError>(), error::<BorrowMutError>());
            }

            fn shared() {
                use $root::sync::{Arc, Weak};
                let shared: Arc<dyn Debug> = Arc::new(1);
                let _: Weak<dyn Debug> = Arc::downgrade(&shared);
            }

            pub fn all() {
                (locks(), once(), channels(), atomics(), threads(), thread_locals(), cells(), shared());
            }
        }
    };
}

mod of_std {
    items_of!(std);
}

mod of_race {
    items_of!(race);
}

#[test]
fn every_item_is_there() {
    of_std::items::all();
    of_race::items::all();
}
