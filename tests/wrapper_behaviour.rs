//! What semaphores, maps, pools, wait groups and cells do, with or without the engine.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use race::cell::RaceCell;
use race::sync::{Arc, Map, Pool, PoolGuard, Semaphore, WaitGroup};
use race::thread;

const LONG: Duration = Duration::from_secs(60);

/// Waits until somebody is in the semaphore's queue, when a permit is free.
fn wait_for_queue(semaphore: &Semaphore) {
    while semaphore.try_acquire(1) {
        semaphore.release(1);
        thread::yield_now();
    }
}

#[test]
fn a_semaphore_gives_no_more_than_it_has() {
    static SEMAPHORE: Semaphore = Semaphore::new(5);
    static USED: AtomicUsize = AtomicUsize::new(0);
    thread::scope(|scope| {
        for count in [1, 2, 3, 4, 5, 1, 2, 3] {
            scope.spawn(move || {
                for _ in 0..100 {
                    let _permits = SEMAPHORE.access(count);
                    assert!(USED.fetch_add(count, Ordering::SeqCst) + count <= 5);
                    USED.fetch_sub(count, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(SEMAPHORE.available(), 5);
}

#[test]
fn who_wants_many_permits_is_not_overtaken() {
    let semaphore = Semaphore::new(2);
    semaphore.acquire(1);
    thread::scope(|scope| {
        scope.spawn(|| {
            semaphore.acquire(2);
            assert_eq!(semaphore.available(), 0);
            semaphore.release(2);
        });
        wait_for_queue(&semaphore);
        assert_eq!(semaphore.available(), 1, "one is free, and kept for who waits for two");
        assert!(semaphore.try_access(1).is_none());
        semaphore.release(1);
        assert!(semaphore.acquire_timeout(2, LONG));
    });
    assert_eq!(semaphore.available(), 0);
}

#[test]
fn who_gives_up_lets_others_in() {
    let semaphore = Semaphore::new(2);
    semaphore.acquire(1);
    thread::scope(|scope| {
        scope.spawn(|| assert!(!semaphore.acquire_timeout(2, Duration::from_millis(100))));
        wait_for_queue(&semaphore);
        semaphore.acquire(1);
    });
    assert_eq!(semaphore.available(), 0);
    semaphore.release(2);
    assert!(semaphore.acquire_timeout(2, Duration::MAX));
}

#[test]
fn misuse_of_a_semaphore_panics_and_leaves_it_usable() {
    let semaphore = Semaphore::new(2);
    let text = |misuse: &dyn Fn()| {
        let panic = catch_unwind(AssertUnwindSafe(misuse)).expect_err("this is misuse");
        panic.downcast_ref::<String>().expect("a panic with values in it").clone()
    };
    assert_eq!(text(&|| semaphore.release(1)), "Semaphore released more than held: 1 permits of 0");
    let endless = "Semaphore of 2 permits was asked for 3: it would wait for ever";
    assert_eq!(text(&|| semaphore.acquire(3)), endless);
    assert_eq!(text(&|| drop(semaphore.access(3))), endless);
    assert_eq!(text(&|| assert!(semaphore.acquire_timeout(3, LONG))), endless);
    assert!(!semaphore.try_acquire(3) && semaphore.try_acquire(2));
}

#[test]
fn a_map_does_what_its_names_say() {
    let map = Map::new();
    assert!(map.is_empty() && map.load("a").is_none() && map.load_and_delete("a").is_none());
    map.store("a".to_string(), 1);
    assert_eq!((map.load("a"), map.len()), (Some(1), 1));
    map.store("a".into(), 2);
    assert_eq!(map.swap("a".into(), 3), Some(2));
    assert_eq!(map.swap("b".into(), 4), None);
    assert_eq!(map.load_or_store("b".into(), 5), (4, true));
    assert_eq!(map.load_or_store("c".into(), 6), (6, false));
    assert!(!map.compare_and_swap("a", &9, 10) && !map.compare_and_swap("z", &9, 10));
    assert!(map.compare_and_swap("a", &3, 10));
    assert!(!map.compare_and_delete("b", &9) && !map.compare_and_delete("z", &9));
    assert!(map.compare_and_delete("b", &4));
    assert_eq!((map.load("a"), map.load("b"), map.load("c"), map.len()), (Some(10), None, Some(6), 2));
    assert_eq!((map.load_and_delete("a"), map.load_and_delete("a")), (Some(10), None));
    map.delete("z");
    map.delete("c");
    assert!(map.is_empty());
    map.store("d".into(), 7);
    map.clear();
    assert_eq!((map.len(), map.load("d"), format!("{map:?}").as_str()), (0, None, "Map { len: 0, .. }"));
}

#[test]
fn a_range_shows_all_and_may_change_the_map() {
    let map: Map<u32, u32> = Map::default();
    (0..10).for_each(|key| map.store(key, key * key));
    let mut seen = BTreeMap::new();
    map.range(|&key, &value| {
        map.delete(&key);
        map.store(key + 100, value);
        seen.insert(key, value).is_none()
    });
    assert_eq!(seen, (0..10).map(|key| (key, key * key)).collect());
    assert_eq!(map.len(), 10);
    let mut count = 0;
    map.range(|_, _| {
        map.clear();
        count += 1;
        true
    });
    assert_eq!(count, 1, "what is gone is not shown");
}

#[test]
fn one_thread_stores_and_all_load_its_value() {
    let map = Map::new();
    thread::scope(|scope| {
        for number in 0..4 {
            let map = &map;
            scope.spawn(move || {
                for key in 0..100 {
                    let (value, loaded) = map.load_or_store(key, number);
                    assert!(loaded || value == number);
                    assert_eq!(map.load(&key), Some(value));
                }
            });
        }
    });
    assert_eq!(map.len(), 100);
}

/// A map's values are dropped once, and outside of its lock: their destructors may use it.
#[test]
fn values_are_dropped_once_and_may_use_the_map() {
    #[derive(Clone)]
    struct Value(Arc<Map<u8, Value>>, Arc<AtomicUsize>);
    impl PartialEq for Value {
        fn eq(&self, other: &Value) -> bool {
            Arc::ptr_eq(&self.1, &other.1)
        }
    }
    impl Drop for Value {
        fn drop(&mut self) {
            self.0.len();
            self.1.fetch_add(1, Ordering::SeqCst);
        }
    }
    let (map, drops) = (Arc::new(Map::new()), Arc::new(AtomicUsize::new(0)));
    let value = || Value(map.clone(), drops.clone());
    let expect = |count| assert_eq!(drops.swap(0, Ordering::SeqCst), count);
    map.store(1, value());
    map.store(1, value());
    expect(1);
    drop(map.swap(1, value()));
    expect(1);
    let other = Value(map.clone(), Arc::default());
    assert!(!map.compare_and_swap(&1, &other, value()) && !map.compare_and_swap(&2, &other, value()));
    expect(2);
    let same = value();
    assert!(map.compare_and_swap(&1, &same, value()) && map.compare_and_delete(&1, &same));
    expect(2);
    map.store(1, value());
    map.delete(&1);
    map.store(1, value());
    map.clear();
    expect(2);
}

#[test]
fn a_pool_hands_out_what_came_back_last() {
    let made = AtomicUsize::new(0);
    let pool = Pool::new(|| made.fetch_add(1, Ordering::SeqCst));
    assert_eq!((pool.get(), pool.get()), (0, 1));
    pool.put(7);
    pool.put(8);
    assert_eq!((pool.get(), pool.get(), pool.get()), (8, 7, 2));
    let mut guard = pool.take();
    *guard += 10;
    drop(guard);
    assert_eq!(format!("{pool:?}"), "Pool { idle: 1, .. }");
    assert_eq!((pool.get(), PoolGuard::into_inner(pool.take()), pool.get()), (13, 4, 5));
    pool.put(9);
    pool.clear();
    assert_eq!(pool.get(), 6);
}

#[test]
fn a_pool_does_not_keep_what_a_panic_left() {
    static POOL: Pool<Vec<u8>> = Pool::new(Vec::new);
    let panicked = catch_unwind(|| {
        POOL.take().push(1);
        let mut broken = POOL.take();
        broken.push(2);
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(panicked.is_err());
    assert_eq!(POOL.get(), []);
}

#[test]
fn a_wait_group_runs_threads_and_goes_on_with_their_panics() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let group = WaitGroup::new();
    for _ in 0..5 {
        group.go(|| {
            COUNT.fetch_add(1, Ordering::SeqCst);
        });
    }
    group.wait();
    assert_eq!(COUNT.load(Ordering::SeqCst), 5);
    group.go(|| std::panic::resume_unwind(Box::new(())));
    let panic = catch_unwind(AssertUnwindSafe(|| group.wait())).expect_err("the thread panicked");
    assert_eq!(panic.downcast_ref(), Some(&"a thread of the WaitGroup panicked"));
}

#[test]
fn a_race_cell_is_a_variable() {
    static CELL: RaceCell<u8> = RaceCell::new(1);
    // SAFETY: this thread alone uses it.
    unsafe {
        CELL.write(2);
        assert_eq!((CELL.read(), CELL.replace(3)), (2, 2));
        CELL.update(|number| number * 2);
        assert_eq!(CELL.with(|number| *number), 6);
        CELL.with_mut(|number| *number += 1);
        assert_eq!(*CELL.get(), 7);
    }
    let drops = Arc::new(());
    let mut cell = RaceCell::from(drops.clone());
    // SAFETY: as above.
    unsafe { cell.write(drops.clone()) };
    assert_eq!(Arc::strong_count(&drops), 2, "what is overwritten is dropped");
    assert_eq!(Arc::strong_count(cell.get_mut()), 2);
    drop(cell.into_inner());
    assert_eq!(Arc::strong_count(&drops), 1);
    assert_eq!(format!("{:?}", RaceCell::<u8>::default()), "RaceCell { .. }");
}
