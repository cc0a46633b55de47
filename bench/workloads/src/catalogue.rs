//! All workloads: how they are called, what they are about, what they do.

use std::fmt::{self, Display, Formatter};

use crate::compute::{bodies, bytes, calls, heap, image, maps, matrix, pointers, sorting, text};
use crate::sync::{atomics, channels, collections, locks, service, tasks, threads};
use crate::threads::{in_threads, solo};

/// What takes a workload's time.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Work on data.
    Compute,
    /// Synchronisation.
    Sync,
}

/// What one run does.
pub struct Workload {
    name: &'static str,
    kind: Kind,
    /// Whether the wrapper tier sees what it is about.
    wrapper: bool,
    /// How much heap it touches, if that is what it is about.
    heap: usize,
    pub run: fn(),
    /// One sentence for the table.
    does: &'static str,
}

/// The line of `workloads list`.
impl Display for Workload {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Compute => "compute",
            Kind::Sync => "sync",
        };
        let wrapper = if self.wrapper { "wrapper" } else { "plain" };
        write!(formatter, "{}\t{kind}\t{wrapper}\t{}\t{}", self.name, self.heap, self.does)
    }
}

/// The workload of this name.
pub fn find(name: &str) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|workload| workload.name == name)
}

const fn compute(name: &'static str, run: fn(), does: &'static str) -> Workload {
    Workload { name, kind: Kind::Compute, wrapper: false, heap: 0, run, does }
}

const fn sync(name: &'static str, run: fn(), does: &'static str) -> Workload {
    Workload { name, kind: Kind::Sync, wrapper: false, heap: 0, run, does }
}

impl Workload {
    const fn also_wrapper(mut self) -> Self {
        self.wrapper = true;
        self
    }

    const fn of_heap(mut self, bytes: usize) -> Self {
        self.heap = bytes;
        self
    }
}

pub const WORKLOADS: &[Workload] = &[
    compute(
        "matmul",
        matrix::multiply_in_two_threads,
        "Two threads make half of the product of the same two matrices of 500 x 500 numbers each.",
    ),
    compute(
        "hash_map",
        || in_threads(2, maps::count_in_a_hash_map),
        "Two threads count 4,000,000 numbers in a `HashMap` of their own each.",
    ),
    compute("hash_map_solo", || solo(maps::count_in_a_hash_map), "The same twice in the only thread."),
    compute(
        "btree_map",
        || in_threads(2, maps::count_in_a_tree_map),
        "Two threads count 1,000,000 numbers in a `BTreeMap` of their own each.",
    ),
    compute(
        "deflate",
        || in_threads(2, bytes::deflate_and_inflate),
        "Two threads compress 1.8 MB of words each and unpack them (`flate2`, all Rust).",
    ),
    compute("sha256", || in_threads(2, bytes::digest), "Two threads digest 100 MB each with SHA-256 (`sha2`)."),
    compute("byte_loop", || in_threads(2, bytes::mix), "Two threads mix 16 MB each in loops over bytes and words."),
    compute("byte_loop_solo", || solo(bytes::mix), "The same twice in the only thread."),
    compute(
        "json",
        || in_threads(2, text::parse_and_print_json),
        "Two threads make 1.4 MB of JSON, parse it twice and print it (`serde_json`).",
    ),
    compute(
        "regex",
        text::match_in_two_threads,
        "Two threads look for all matches of one expression in the same 0.6 MB of text ten times (`regex`).",
    ),
    compute(
        "blur",
        image::blur_in_two_threads,
        "Two threads blur an image of 1024 x 1024 bytes twice, along rows and columns.",
    ),
    compute("rayon_sort", sorting::sort_in_parallel, "rayon sorts 2,500,000 numbers in parallel."),
    compute("vec_sort", || in_threads(2, sorting::sort), "Two threads sort 1,500,000 numbers each."),
    compute("vec_sort_solo", || solo(sorting::sort), "The same twice in the only thread."),
    compute("n_body", bodies::attract, "rayon moves 1,200 bodies eight steps; each reads the places of all others."),
    compute(
        "fib",
        || in_threads(2, calls::call),
        "Two threads make 39,000,000 calls each of a function that only adds.",
    ),
    compute("fib_solo", || solo(calls::call), "The same twice in the only thread."),
    compute("recursion", || in_threads(2, calls::descend), "Two threads go 2,000 calls deep, 10,000 times each."),
    compute(
        "boxes",
        || in_threads(2, heap::allocate),
        "Two threads allocate and free 4,000,000 boxes of 32 bytes each.",
    ),
    compute("boxes_solo", || solo(heap::allocate), "The same twice in the only thread."),
    compute("large_heap", heap::touch_once, "Two threads write 256 MiB of fresh memory once.").of_heap(heap::LARGE),
    compute(
        "pointers",
        pointers::sweep_in_two_threads,
        "Two threads add to 512 words behind a raw pointer, 60,000 times each, under `#[race::instrument]`.",
    )
    .also_wrapper(),
    sync(
        "mutex_alone",
        || in_threads(2, locks::lock_alone),
        "Two threads lock a `Mutex` of their own 4,000,000 times each.",
    )
    .also_wrapper(),
    sync("mutex_alone_solo", || solo(locks::lock_alone), "The same twice in the only thread.").also_wrapper(),
    sync("mutex_2", || locks::lock_in_threads(2), "2 threads lock one `Mutex` 3,000,000 times together.")
        .also_wrapper(),
    sync("mutex_4", || locks::lock_in_threads(4), "4 threads do so.").also_wrapper(),
    sync("mutex_16", || locks::lock_in_threads(16), "16 threads do so.").also_wrapper(),
    sync("mutex_64", || locks::lock_in_threads(64), "64 threads do so.").also_wrapper(),
    sync("ping_pong", locks::ping_pong, "Two threads take turns 40,000 times by a `Mutex` and a `Condvar`.")
        .also_wrapper(),
    sync(
        "rw_lock",
        locks::read_and_write_lock,
        "Four threads lock one `RwLock` 600,000 times each; one time of a hundred to write.",
    )
    .also_wrapper(),
    sync("acquire_load", atomics::load, "Two threads load one atomic 40,000,000 times each; nobody stores.")
        .also_wrapper(),
    sync("release_store", atomics::store, "Two threads store to one atomic 6,000,000 times each.").also_wrapper(),
    sync("fetch_add", atomics::add, "Two threads add to one atomic 3,000,000 times each, `AcqRel`.").also_wrapper(),
    sync("fetch_add_relaxed", atomics::add_relaxed, "The same 4,000,000 times each, `Relaxed`.").also_wrapper(),
    sync(
        "compare_exchange",
        atomics::exchange,
        "Two threads count one atomic up 1,000,000 times each by `compare_exchange_weak`.",
    )
    .also_wrapper(),
    sync(
        "arc_clone_drop",
        threads::clone_in_two_threads,
        "Two threads clone one `Arc` 3,000,000 times each and drop the clone.",
    ),
    sync("channel", channels::send, "One thread sends another 500,000 boxes (`std::sync::mpsc`).").also_wrapper(),
    sync(
        "crossbeam_channel",
        channels::send_by_crossbeam,
        "500,000 numbers through crossbeam's channel of 128 places.",
    ),
    sync("race_channel", channels::send_by_race, "200,000 numbers through `race`'s own channel of 128 places.")
        .also_wrapper(),
    sync(
        "dash_map",
        collections::count_in_a_shared_map,
        "Four threads count 300,000 numbers each in the same `DashMap`.",
    ),
    sync("tokio_mutex", tasks::lock_in_tasks, "1,000 tasks of tokio on two workers lock one mutex 250 times each."),
    sync("tokio_spawn", tasks::send_from_tasks, "96,000 tasks of tokio that send one message each."),
    sync(
        "seg_queue",
        collections::queue,
        "Two threads put 700,000 numbers each into crossbeam's `SegQueue` and take some out.",
    ),
    sync("spawn_join", threads::spawn_and_join, "3,000 threads one after the other, each joined.").also_wrapper(),
    sync(
        "service",
        service::serve,
        "A request loop: two threads, a cache under an `RwLock`, a buffer pool, channels in both directions.",
    )
    .also_wrapper(),
];
