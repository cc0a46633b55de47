//! What the wrapper tier costs: workloads that are built with and without the feature `race`. `benches/wrapper.sh` runs
//! the two builds in turn and prints the table of docs/performance.md.
//!
//! `wrapper list` names the workloads, `wrapper NAME` runs one.

use std::collections::HashMap;
use std::fmt::Write;
use std::hint::black_box;
use std::process::ExitCode;

use race::cell::UnsafeCell;
use race::channel::{Receiver, Sender, bounded};
use race::sync::atomic::{AtomicU64, Ordering};
use race::sync::{Arc, Mutex, Pool, RwLock};
use race::thread;

const WORKLOADS: [(&str, fn()); 6] = [
    ("service", service),
    ("mutex", mutex),
    ("rw_lock", rw_lock),
    ("atomics", atomics),
    ("channel", channel),
    ("instrumented", instrumented),
];

fn main() -> ExitCode {
    // `cargo bench` adds a flag of its own.
    let name = std::env::args().skip(1).find(|argument| argument != "--bench").unwrap_or_else(|| "list".into());
    if name == "list" {
        WORKLOADS.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    }
    match WORKLOADS.iter().find(|(known, _)| *known == name) {
        Some((_, run)) => {
            run();
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("wrapper: there is no workload {name}; `wrapper list` names them");
            ExitCode::from(2)
        }
    }
}

/// What the service's threads share.
struct Service {
    /// Answers that were made before.
    cache: RwLock<HashMap<u64, Arc<str>>>,
    /// Buffers for answers under way.
    buffers: Pool<String>,
    served: AtomicU64,
    /// Requests by kind.
    statistics: Mutex<[u64; 4]>,
}

struct Request {
    line: String,
    answer: Sender<Arc<str>>,
}

/// A request loop without a network: two threads take requests from a channel, parse them, look into a cache, render what
/// is not there in a buffer from a pool, and answer on the request's own channel.
fn service() {
    const REQUESTS: u64 = 60_000;
    let service = Service {
        cache: RwLock::new(HashMap::new()),
        buffers: Pool::new(String::new),
        served: AtomicU64::new(0),
        statistics: Mutex::new([0; 4]),
    };
    let (requests, incoming) = bounded::<Request>(64);
    let length = thread::scope(|scope| {
        for _ in 0..2 {
            let (service, incoming) = (&service, incoming.clone());
            scope.spawn(move || service.serve(&incoming));
        }
        drop(incoming);
        let (answer, answers) = bounded(64);
        let mut length = 0;
        for number in 0..REQUESTS {
            // Four in five requests are for something that was asked for before.
            let item = if number % 5 == 0 { number } else { number % 997 };
            let line = format!(
                "GET /items/{item}?page={}&sort=name HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n",
                number % 7
            );
            requests.send(Request { line, answer: answer.clone() }).unwrap();
            if number >= 32 {
                length += answers.recv().unwrap().len();
            }
        }
        drop(requests);
        length + answers.iter().take(32).map(|answer| answer.len()).sum::<usize>()
    });
    assert_eq!(service.served.load(Ordering::Relaxed), REQUESTS);
    black_box(length);
}

impl Service {
    fn serve(&self, incoming: &Receiver<Request>) {
        for request in incoming {
            let (item, page) = parse(&request.line);
            let key = item * 7 + page;
            let cached = self.cache.read().unwrap().get(&key).cloned();
            let answer = cached.unwrap_or_else(|| {
                let made: Arc<str> = self.render(item, page).into();
                self.cache.write().unwrap().insert(key, made.clone());
                made
            });
            self.statistics.lock().unwrap()[(page % 4) as usize] += 1;
            self.served.fetch_add(1, Ordering::Relaxed);
            request.answer.send(answer).unwrap();
        }
    }

    fn render(&self, item: u64, page: u64) -> String {
        let mut buffer = self.buffers.take();
        buffer.clear();
        buffer.push_str("{\"items\":[");
        for row in 0..24 {
            let value = (item * 31 + page * 17 + row).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            write!(buffer, "{{\"id\":{},\"name\":\"item {row}\",\"value\":{value}}},", item + row).unwrap();
        }
        buffer.push_str("]}");
        buffer.clone()
    }
}

/// Item and page of a request line, with its headers counted as a server would.
fn parse(line: &str) -> (u64, u64) {
    let path = line.split(' ').nth(1).unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let item = path.rsplit('/').next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let page = query.split('&').find_map(|pair| pair.strip_prefix("page=")).and_then(|text| text.parse().ok());
    black_box(line.lines().filter_map(|header| header.split_once(": ")).count());
    (item, page.unwrap_or(0))
}

fn two_threads(work: impl Fn(u64) + Sync) {
    thread::scope(|scope| {
        for number in 0..2 {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
}

fn mutex() {
    let total = Mutex::new(0u64);
    two_threads(|number| (0..500_000).for_each(|_| *total.lock().unwrap() += number));
}

fn rw_lock() {
    let table = RwLock::new(vec![1u64; 64]);
    two_threads(|number| {
        for turn in 0..300_000 {
            if turn % 100 == 0 {
                table.write().unwrap()[number as usize] += 1;
            } else {
                black_box(table.read().unwrap()[turn % 64]);
            }
        }
    });
}

fn atomics() {
    let counter = AtomicU64::new(0);
    two_threads(|_| {
        for _ in 0..1_000_000 {
            counter.fetch_add(1, Ordering::AcqRel);
            black_box(counter.load(Ordering::Acquire));
        }
    });
}

fn channel() {
    let (sender, receiver) = bounded(128);
    thread::scope(|scope| {
        scope.spawn(move || (0..300_000u64).for_each(|number| sender.send(number).unwrap()));
        black_box(receiver.iter().sum::<u64>());
    });
}

/// Memory behind raw pointers, a half of it for each of two threads.
fn instrumented() {
    struct Halves([UnsafeCell<[u64; 512]>; 2]);
    // SAFETY: each thread has a half of its own.
    unsafe impl Sync for Halves {}
    let halves = Halves([const { UnsafeCell::new([0; 512]) }; 2]);
    let halves = &halves;
    two_threads(|number| {
        for _ in 0..20_000 {
            // SAFETY: the half is this thread's.
            unsafe { sweep(halves.0[number as usize].get().cast(), 512) };
        }
    });
}

#[race::instrument]
unsafe fn sweep(start: *mut u64, count: usize) {
    for index in 0..count {
        // SAFETY: the caller's promise.
        unsafe { *start.add(index) += 1 };
    }
}
