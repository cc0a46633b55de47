//! `io_test.go`: order by what one thread writes to a file or a socket and another reads there.
//!
//! Go takes all input and output for edges, and `cargo race` sees the calls; in this tier the program says it.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;

use crate::case::{consume, go, variable};

/// A file that is gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        Scratch(std::env::temp_dir().join(format!("race-go-suite-{}", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may never have been written.
        let _ = fs::remove_file(&self.0);
    }
}

/// Stands for what is written to the file, and for what the sockets carry there and back.
static FILE: u8 = 0;
static REQUEST: u8 = 0;
static REPLY: u8 = 0;

static mut HANDLED: i32 = 0;

/// Answers each request with a byte.
#[race::instrument]
fn serve(listener: TcpListener) {
    for connection in listener.incoming() {
        let mut connection = connection.unwrap();
        connection.read_exact(&mut [0]).unwrap();
        race::acquire(&raw const REQUEST);
        // SAFETY: whoever asked waits for the answer.
        unsafe { HANDLED += 1 };
        race::release(&raw const REPLY);
        connection.write_all(&[1]).unwrap();
    }
}

crate::suite! {
    "io_test.go";

    "TestNoRaceIOFile" => fn no_race_io_file() {
        let x = variable(0_i32);
        let scratch = Scratch::new();
        let path = scratch.0.clone();
        go(move || {
            *x = 42;
            race::release(&raw const FILE);
            fs::write(path, "hello").unwrap();
        });
        while fs::read(&scratch.0).map_or(true, |bytes| bytes.is_empty()) {
            std::thread::yield_now();
        }
        race::acquire(&raw const FILE);
        consume(*x);
    }

    // Bytes over a socket: what the protocol is does not matter.
    "TestNoRaceIOHttp" => fn no_race_io_http() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        go(move || serve(listener));
        for _ in 0..2 {
            HANDLED += 1;
            race::release(&raw const REQUEST);
            let mut connection = TcpStream::connect(address).unwrap();
            connection.write_all(&[1]).unwrap();
            connection.read_exact(&mut [0]).unwrap();
            race::acquire(&raw const REPLY);
        }
        HANDLED += 1;
        consume(HANDLED);
    }
}
