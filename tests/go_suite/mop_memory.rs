//! `mop_test.go`, part: whose memory it is: stacks, the heap and its reuse, arguments by value, buffers that are read into.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Cursor, Read};
use std::os::unix::fs::FileExt;

use race::cell::UnsafeCell;
use race::channel::{Sender, bounded};
use race::sync::WaitGroup;

use crate::case::{consume, go, variable};
use crate::wrapper_case::{Steps, Unseen};

/// What a case's threads share.
struct Shared<T>(UnsafeCell<T>);

// SAFETY: it is not safe; the cases say what keeps it from harm.
unsafe impl<T> Sync for Shared<T> {}

/// A file to read from: any will do.
fn some_file() -> File {
    File::open(std::env::current_exe().expect("a test knows its own file")).expect("and may read it")
}

const BUFFER: usize = 64;

/// One buffer for all that is read.
static READ_INTO: Shared<[u8; BUFFER]> = Shared(UnsafeCell::new([0; BUFFER]));

/// A part of the buffer as it is sent.
type Chunk = (*const u8, usize);

/// Computes something of all bytes of each chunk.
#[race::instrument]
fn hash_all(chunks: race::channel::Receiver<Chunk>) {
    let mut sum = 0_u8;
    for (start, length) in chunks {
        for position in 0..length {
            // SAFETY: it lies within the buffer, which is a static.
            sum = sum.wrapping_mul(31) ^ unsafe { *start.add(position) };
        }
    }
    consume(sum);
}

/// Reads into the buffer again and again, sending what was read, while another thread hashes that. The kernel writes
/// where this tier does not look, so that the read is an access of the cell.
fn read_and_hash(mut read: impl FnMut(&mut [u8]) -> usize) {
    let (sender, chunks) = bounded(0);
    let (done, finished) = bounded::<bool>(0);
    // SAFETY: the ends of channels may go elsewhere.
    unsafe {
        go(move || {
            hash_all(chunks);
            drop(done);
        });
    }
    for _ in 0..4 {
        let length = READ_INTO.0.with_mut(|buffer| {
            // SAFETY: bytes, of which the other thread may see old or new ones.
            read(unsafe { &mut *buffer })
        });
        sender.send((READ_INTO.0.get().cast_const().cast(), length)).unwrap();
    }
    drop(sender);
    assert!(finished.recv().is_err(), "nothing is sent there");
}

crate::suite! {
    "mop_test.go";

    "TestNoRaceFuncArgsRW" => fn no_race_func_args_rw() {
        unsafe fn start(byte: u8, done: Sender<bool>) {
            // SAFETY: a byte and a sender may go elsewhere.
            unsafe {
                go(move || {
                    consume(byte);
                    done.send(true).unwrap();
                });
            }
        }
        let y = variable(0_u8);
        let (done, finished) = bounded(1);
        start(*y, done);
        *y = 1;
        finished.recv().unwrap();
    }

    "TestRaceFuncArgsRW" => fn race_func_args_rw() {
        let y = variable(0_u8);
        let (done, finished) = bounded(1);
        go(move || {
            consume(*y);
            done.send(true).unwrap();
        });
        *y = 1;
        finished.recv().unwrap();
    }

    "TestRaceIndirection" => fn race_indirection() {
        let y = variable(0_i32);
        let x = variable(y);
        let (done, finished) = bounded(1);
        go(move || {
            **x = 1;
            done.send(true).unwrap();
        });
        **x = 2;
        finished.recv().unwrap();
    }

    "TestRaceRune" => fn race_rune() {
        let x = variable('a');
        let (done, finished) = bounded(0);
        go(move || {
            *x = 'b';
            done.send(true).unwrap();
        });
        consume(*x);
        finished.recv().unwrap();
    }

    "TestNoRaceAddrExpr" => fn no_race_addr_expr() {
        let x = variable(0_i32);
        let (done, finished) = bounded(1);
        go(move || {
            *x = 1;
            done.send(true).unwrap();
        });
        consume(&raw const *x);
        finished.recv().unwrap();
    }

    "TestRaceTLS" => fn race_tls() {
        let (comm, commed) = bounded(0);
        let (back, backed) = bounded(0);
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            let mut on_the_stack = 0_i32;
            let y = &raw mut on_the_stack;
            comm.send(y).unwrap();
            *y = 1;
            assert_eq!(backed.recv(), Ok(y));
            done.send(true).unwrap();
        });
        go(move || {
            let y = commed.recv().unwrap();
            *y = 2;
            back.send(y).unwrap();
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    // Blocks are handed out again as soon as they are free, without a collector.
    "TestNoRaceHeapReallocation" => fn no_race_heap_reallocation() {
        const BLOCKS: usize = 1000;
        static FREED: Steps = Steps::new();
        #[race::instrument]
        fn allocate_and_free() {
            for _ in 0..2 {
                let blocks: Vec<*mut u64> = (0..BLOCKS as u64).map(variable).collect();
                for block in blocks {
                    // SAFETY: it is a block of its own, freed once.
                    unsafe {
                        *block += 1;
                        drop(Box::from_raw(block));
                    }
                }
            }
        }
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            allocate_and_free();
            FREED.take();
            done.send(true).unwrap();
        });
        go(move || {
            FREED.wait_for(1);
            allocate_and_free();
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceHeapParam" => fn race_heap_param() {
        unsafe fn result(done: Sender<bool>) -> *mut i32 {
            let x = variable(0_i32);
            // SAFETY: a pointer to what is never freed, and a sender, may go elsewhere.
            unsafe { go(move || write(x, done)) };
            x
        }
        #[race::instrument]
        unsafe fn write(x: *mut i32, done: Sender<bool>) {
            // SAFETY: nothing orders it with the read, which is what the case is about.
            unsafe { *x = 42 };
            done.send(true).unwrap();
        }
        let (done, finished) = bounded(1);
        consume(*result(done));
        finished.recv().unwrap();
    }

    // A tenth of the original's rounds, since each is many calls in a build without optimisation.
    "TestNoRaceTinyAlloc" => fn no_race_tiny_alloc() {
        const THREADS: usize = 4;
        let (done, finished) = bounded(0);
        for _ in 0..THREADS {
            let done = done.clone();
            go(move || {
                for _ in 0..100_000 {
                    let byte = variable(0_u8);
                    *byte = 42;
                    drop(Box::from_raw(byte));
                }
                done.send(true).unwrap();
            });
        }
        for _ in 0..THREADS {
            finished.recv().unwrap();
        }
    }

    "TestRaceCrawl" => fn race_crawl() {
        static SEEN: Shared<Option<HashMap<String, bool>>> = Shared(UnsafeCell::new(None));
        static DONE: WaitGroup = WaitGroup::new();
        /// Keeps the map in one piece, unseen by the detector.
        static WHOLE: Unseen = Unseen::new();
        fn crawl(url: String, depth: usize) {
            struct Leaving;
            impl Drop for Leaving {
                fn drop(&mut self) {
                    DONE.done();
                }
            }
            let _leaving = Leaving;
            if depth == 0 {
                return;
            }
            let is_known = {
                let _whole = WHOLE.lock();
                // SAFETY: one at a time.
                SEEN.0.with(|seen| unsafe { (*seen).as_ref().is_some_and(|seen| seen.contains_key(&url)) })
            };
            if is_known {
                return;
            }
            {
                let _whole = WHOLE.lock();
                // SAFETY: one at a time.
                SEEN.0.with_mut(|seen| unsafe { (*seen).get_or_insert_default().insert(url.clone(), true) });
            }
            for link in 0..3 {
                DONE.add(1);
                let url = format!("{url}/{link}");
                race::thread::spawn(move || crawl(url, depth - 1));
            }
        }
        DONE.add(1);
        race::thread::spawn(|| crawl("root".to_owned(), 3));
        DONE.wait();
    }

    "TestRaceIssue5567" => fn race_issue_5567() {
        let mut file = some_file();
        read_and_hash(move |buffer| file.read(buffer).unwrap());
    }

    "TestRaceIssue51618" => fn race_issue_51618() {
        let file = some_file();
        let mut position = 0;
        read_and_hash(move |buffer| {
            let length = file.read_at(buffer, position).unwrap();
            position += length as u64;
            length
        });
    }

    "TestRaceIssue5654" => fn race_issue_5654() {
        let mut text = Cursor::new("a text in memory, ".repeat(100));
        let (sender, chunks) = bounded::<Chunk>(0);
        let (done, finished) = bounded::<bool>(0);
        go(move || {
            for (start, length) in chunks {
                let mut bytes = vec![0; length];
                std::ptr::copy_nonoverlapping(start, bytes.as_mut_ptr(), length);
                consume(String::from_utf8_lossy(&bytes).len());
            }
            drop(done);
        });
        for _ in 0..4 {
            let length = READ_INTO.0.with_mut(|buffer| text.read(&mut *buffer).unwrap());
            sender.send((READ_INTO.0.get().cast_const().cast(), length)).unwrap();
        }
        drop(sender);
        assert!(finished.recv().is_err(), "nothing is sent there");
    }
}
