//! The types keep std's shape: the same names, bounds, auto traits and constants, in every build; and without the engine
//! they are std's.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;

/// Whether a type implements a trait, as a constant.
macro_rules! implements {
    ($type:ty, $bound:path) => {{
        #[allow(dead_code)] // where the answer is yes
        trait Otherwise {
            const ANSWER: bool = false;
        }
        impl<T: ?Sized> Otherwise for T {}
        struct Ask<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        impl<T: ?Sized + $bound> Ask<T> {
            const ANSWER: bool = true;
        }
        <Ask<$type>>::ANSWER
    }};
}

/// Asserts that `race::$path` and `std::$path` agree in their auto traits.
macro_rules! same_auto_traits {
    ($($($segment:ident)::+ $(<$($argument:tt),+>)?),* $(,)?) => {
        $(
            same_auto_traits!(@ race::$($segment)::+ $(<$($argument),+>)?, std::$($segment)::+ $(<$($argument),+>)?);
        )*
    };
    (@ $ours:ty, $stds:ty) => {
        let ours = [
            implements!($ours, Send),
            implements!($ours, Sync),
            implements!($ours, Unpin),
            implements!($ours, UnwindSafe),
            implements!($ours, RefUnwindSafe),
        ];
        let stds = [
            implements!($stds, Send),
            implements!($stds, Sync),
            implements!($stds, Unpin),
            implements!($stds, UnwindSafe),
            implements!($stds, RefUnwindSafe),
        ];
        assert_eq!(ours, stds, "Send, Sync, Unpin, UnwindSafe, RefUnwindSafe of {}", stringify!($ours));
    };
}

/// Neither `Send` nor `Sync`.
type Single = Rc<u8>;
/// `Send` and not `Sync`.
type Movable = std::cell::Cell<u8>;
/// `Sync` and not `Send`.
type Shared = std::sync::MutexGuard<'static, u8>;
/// Not unwind safe.
type Fragile = &'static mut u8;

#[test]
fn auto_traits_are_those_of_std() {
    same_auto_traits!(
        sync::Mutex<u8>, sync::Mutex<Single>, sync::Mutex<Movable>, sync::Mutex<Shared>, sync::Mutex<Fragile>,
        sync::RwLock<u8>, sync::RwLock<Single>, sync::RwLock<Movable>, sync::RwLock<Shared>, sync::RwLock<Fragile>,
        sync::OnceLock<u8>, sync::OnceLock<Single>, sync::OnceLock<Movable>, sync::OnceLock<Shared>, sync::OnceLock<Fragile>,
        sync::LazyLock<u8>, sync::LazyLock<Single>, sync::LazyLock<Movable>, sync::LazyLock<Shared>, sync::LazyLock<Fragile>,
        sync::LazyLock<u8, Single>, sync::LazyLock<u8, Movable>, sync::LazyLock<u8, Shared>, sync::LazyLock<u8, Fragile>,
        sync::Condvar, sync::Once, sync::Barrier, sync::BarrierWaitResult, sync::WaitTimeoutResult,
        sync::mpsc::Sender<u8>, sync::mpsc::Sender<Single>, sync::mpsc::Sender<Movable>,
        sync::mpsc::SyncSender<u8>, sync::mpsc::SyncSender<Single>, sync::mpsc::SyncSender<Movable>,
        sync::mpsc::Receiver<u8>, sync::mpsc::Receiver<Single>, sync::mpsc::Receiver<Movable>,
        sync::atomic::AtomicBool, sync::atomic::AtomicUsize, sync::atomic::AtomicI8, sync::atomic::AtomicPtr<Single>,
        thread::JoinHandle<u8>, thread::JoinHandle<Single>, thread::Thread, thread::Builder,
        cell::UnsafeCell<u8>, cell::UnsafeCell<Single>, cell::UnsafeCell<Shared>, cell::UnsafeCell<Fragile>,
    );
}

#[test]
fn auto_traits_of_guards_are_those_of_std() {
    macro_rules! guards {
        ($($guard:ident<$content:ty>),*) => {
            $(
                same_auto_traits!(@ race::sync::$guard<'static, $content>, std::sync::$guard<'static, $content>);
            )*
        };
    }
    guards!(
        MutexGuard<u8>,
        MutexGuard<Movable>,
        MutexGuard<Single>,
        MutexGuard<Fragile>,
        RwLockReadGuard<u8>,
        RwLockReadGuard<Movable>,
        RwLockReadGuard<Single>,
        RwLockReadGuard<Fragile>,
        RwLockWriteGuard<u8>,
        RwLockWriteGuard<Movable>,
        RwLockWriteGuard<Single>,
        RwLockWriteGuard<Fragile>
    );
}

#[test]
fn channels_are_for_messages_that_may_move() {
    use race::channel::{Receiver, Sender};
    assert!(implements!(Sender<Movable>, Send) && implements!(Sender<Movable>, Sync));
    assert!(implements!(Receiver<Movable>, Send) && implements!(Receiver<Movable>, Sync));
    assert!(!implements!(Sender<Single>, Send) && !implements!(Sender<Single>, Sync));
    assert!(!implements!(Receiver<Single>, Send) && !implements!(Receiver<Single>, Sync));
}

#[test]
fn what_std_has_not_may_be_shared_as_its_content_allows() {
    use race::cell::RaceCell;
    use race::sync::{Map, Pool, PoolGuard, Semaphore, SemaphoreGuard, WaitGroup};
    assert!(implements!(Semaphore, Send) && implements!(Semaphore, Sync) && implements!(SemaphoreGuard<'static>, Send));
    assert!(implements!(WaitGroup, Send) && implements!(WaitGroup, Sync));
    // Values are seen by several threads at the same time.
    assert!(implements!(Map<u8, u8>, Sync) && implements!(Map<u8, Movable>, Send));
    assert!(!implements!(Map<u8, Movable>, Sync) && !implements!(Map<Movable, u8>, Sync));
    assert!(!implements!(Map<u8, Shared>, Sync) && !implements!(Map<Single, u8>, Send));
    // Objects are not, but they move.
    assert!(implements!(Pool<Movable>, Sync) && !implements!(Pool<Single>, Sync) && !implements!(Pool<Single>, Send));
    assert!(!implements!(Pool<u8, Movable>, Sync), "any thread calls the function that makes objects");
    assert!(implements!(PoolGuard<'static, Movable>, Send) && !implements!(PoolGuard<'static, Movable>, Sync));
    // All shared access is `unsafe`.
    assert!(implements!(RaceCell<u8>, Sync) && implements!(RaceCell<Movable>, Sync) && implements!(RaceCell<u8>, Send));
    assert!(!implements!(RaceCell<Single>, Sync) && !implements!(RaceCell<Single>, Send));
    assert!(!implements!(RaceCell<Shared>, Sync));
}

/// What std's types can do in constants, statics, patterns and coercions.
#[test]
fn constants_statics_and_coercions_work() {
    use race::cell::UnsafeCell;
    use race::sync::atomic::{AtomicU8, AtomicU64, Ordering};
    use race::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, MutexGuard, Once, OnceLock, RwLock};

    static MUTEX: Mutex<u8> = Mutex::new(1);
    static RW_LOCK: RwLock<u8> = RwLock::new(2);
    static CONDVAR: Condvar = Condvar::new();
    static ONCE: Once = Once::new();
    static ONCE_LOCK: OnceLock<u8> = OnceLock::new();
    static LAZY_LOCK: LazyLock<Vec<u8>> = LazyLock::new(|| vec![4]);
    static BARRIER: Barrier = Barrier::new(1);
    static ATOMICS: [AtomicU8; 3] = [const { AtomicU8::new(5) }; 3];
    const INNER: u64 = AtomicU64::new(6).into_inner();
    const CELL: u64 = UnsafeCell::new(7).into_inner();
    #[allow(clippy::declare_interior_mutable_const)]
    const FRESH: AtomicU8 = AtomicU8::new(8);

    assert_eq!((*MUTEX.lock().unwrap(), *RW_LOCK.read().unwrap()), (1, 2));
    CONDVAR.notify_all();
    ONCE.call_once(|| ());
    assert_eq!(ONCE_LOCK.get_or_init(|| 3), &3);
    assert_eq!(LAZY_LOCK.len(), 1);
    assert!(BARRIER.wait().is_leader());
    assert_eq!(ATOMICS[2].load(Ordering::Relaxed), 5);
    let local = FRESH;
    assert_eq!((INNER, CELL, local.into_inner()), (6, 7, 8));

    let unsized_mutex: Arc<Mutex<[u8]>> = Arc::new(Mutex::new([1, 2, 3]));
    let guard: MutexGuard<'_, [u8]> = unsized_mutex.lock().unwrap();
    assert_eq!(guard.len(), 3);
    let unsized_lock: Box<RwLock<dyn std::fmt::Debug>> = Box::new(RwLock::new(5));
    assert_eq!(format!("{:?}", unsized_lock.read().unwrap()), "5");
    let unsized_cell: &UnsafeCell<[u8]> = &UnsafeCell::new([1, 2]);
    assert_eq!(unsized_cell.with(|bytes: *const [u8]| bytes.len()), 2);

    struct Parts {
        count: AtomicU64,
        lock: Mutex<String>,
    }
    // Neither has a destructor that would forbid taking the struct apart.
    let Parts { count, lock } = Parts { count: AtomicU64::new(9), lock: Mutex::new("a".into()) };
    assert_eq!((count.into_inner(), lock.into_inner().unwrap()), (9, "a".into()));
}

#[test]
fn cells_and_atomics_cost_no_room() {
    assert_eq!(size_of::<race::cell::UnsafeCell<[u8; 3]>>(), 3);
    assert_eq!(size_of::<race::cell::RaceCell<[u8; 3]>>(), 3);
    assert_eq!(size_of::<race::sync::atomic::AtomicU16>(), 2);
    assert_eq!(align_of::<race::sync::atomic::AtomicU64>(), align_of::<std::sync::atomic::AtomicU64>());
    assert!(!std::mem::needs_drop::<race::sync::atomic::AtomicU64>());
    assert!(!std::mem::needs_drop::<race::cell::UnsafeCell<u64>>());
    assert!(!std::mem::needs_drop::<race::cell::RaceCell<u64>>());
}

#[test]
fn the_text_forms_are_those_of_std() {
    macro_rules! same_text {
        ($($value:tt)+) => {
            assert_eq!(format!("{:?}", race::$($value)+), format!("{:?}", std::$($value)+));
        };
    }
    same_text!(sync::Mutex::new(1));
    same_text!(sync::RwLock::new("a"));
    same_text!(sync::Condvar::new());
    same_text!(sync::Once::new());
    same_text!(sync::OnceLock::<u8>::new());
    same_text!(sync::OnceLock::from(3));
    same_text!(sync::LazyLock::<u8>::new(|| 1));
    same_text!(sync::Barrier::new(2));
    same_text!(sync::atomic::AtomicU8::new(7));
    same_text!(sync::atomic::AtomicBool::new(true));
    same_text!(sync::mpsc::channel::<u8>());
    same_text!(sync::mpsc::sync_channel::<u8>(1));
    same_text!(cell::UnsafeCell::new(1));
    let std_result = std::sync::Barrier::new(1).wait();
    assert_eq!(format!("{:?}", race::sync::Barrier::new(1).wait()), format!("{std_result:?}"));
}

/// Without the engine, the names are std's own: a value of one is a value of the other.
#[cfg(not(race_engine))]
#[test]
fn without_the_engine_the_types_are_std_s() {
    use std::any::TypeId;

    macro_rules! identical {
        ($($($segment:ident)::+ $(<$($argument:tt),+>)?),* $(,)?) => {
            $(
                assert_eq!(
                    TypeId::of::<race::$($segment)::+ $(<$($argument),+>)?>(),
                    TypeId::of::<std::$($segment)::+ $(<$($argument),+>)?>(),
                );
            )*
        };
    }
    identical!(
        sync::Arc<u8>,
        sync::Weak<u8>,
        sync::Mutex<u8>,
        sync::MutexGuard<'static, u8>,
        sync::RwLock<u8>,
        sync::RwLockReadGuard<'static, u8>,
        sync::RwLockWriteGuard<'static, u8>,
        sync::Condvar,
        sync::WaitTimeoutResult,
        sync::Once,
        sync::OnceState,
        sync::OnceLock<u8>,
        sync::LazyLock<u8>,
        sync::Barrier,
        sync::BarrierWaitResult,
        sync::PoisonError<u8>,
        sync::TryLockError<u8>,
        sync::LockResult<u8>,
        sync::TryLockResult<u8>,
        sync::mpsc::Sender<u8>,
        sync::mpsc::SyncSender<u8>,
        sync::mpsc::Receiver<u8>,
        sync::mpsc::Iter<'static, u8>,
        sync::mpsc::TryIter<'static, u8>,
        sync::mpsc::IntoIter<u8>,
        sync::mpsc::SendError<u8>,
        sync::mpsc::TrySendError<u8>,
        sync::mpsc::RecvError,
        sync::mpsc::TryRecvError,
        sync::mpsc::RecvTimeoutError,
        sync::atomic::AtomicBool,
        sync::atomic::AtomicPtr<u8>,
        sync::atomic::Ordering,
        sync::atomic::AtomicI8,
        sync::atomic::AtomicI16,
        sync::atomic::AtomicI32,
        sync::atomic::AtomicI64,
        sync::atomic::AtomicU8,
        sync::atomic::AtomicU16,
        sync::atomic::AtomicU32,
        sync::atomic::AtomicU64,
        sync::atomic::AtomicIsize,
        sync::atomic::AtomicUsize,
        thread::Thread,
        thread::ThreadId,
        thread::Builder,
        thread::JoinHandle<u8>,
        thread::Result<u8>,
        thread::ScopedJoinHandle<'static, u8>,
        thread::Scope<'static, 'static>,
        thread::AccessError,
        thread::LocalKey<u8>,
    );
    macro_rules! same_function {
        ($($name:ident: $type:ty),* $(,)?) => {
            $(
                let [ours, stds]: [$type; 2] = [race::thread::$name, std::thread::$name];
                assert!(std::ptr::fn_addr_eq(ours, stds));
            )*
        };
    }
    same_function!(park: fn(), yield_now: fn(), panicking: fn() -> bool, current: fn() -> std::thread::Thread);
}
