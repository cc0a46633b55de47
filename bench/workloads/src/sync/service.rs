//! A server without a network.

use std::collections::HashMap;
use std::fmt::Write;
use std::hint::black_box;

use race::channel::{Receiver, Sender, bounded};
use race::sync::atomic::{AtomicU64, Ordering};
use race::sync::{Arc, Mutex, Pool, RwLock};
use race::thread;

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
pub fn serve() {
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
