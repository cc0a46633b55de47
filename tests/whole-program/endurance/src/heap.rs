//! A heap of which all is accessed, so that much shadow is needed.

use std::sync::mpsc::channel;
use std::thread;

use crate::resident;

/// Numbers of a block: 1 MiB.
const BLOCK: usize = (1 << 20) / size_of::<u64>();

/// `total` blocks, which one thread makes and another, alive all the while, reads when they are handed over.
pub fn grow(total: usize) {
    let (sender, receiver) = channel::<Vec<Vec<u64>>>();
    let reader = thread::spawn(move || {
        let blocks = receiver.recv().unwrap();
        blocks.iter().flatten().fold(0u64, |sum, number| sum.wrapping_add(*number))
    });
    let mut blocks = Vec::new();
    for number in 0..total {
        blocks.push((0..BLOCK).map(|index| (index * number) as u64).collect());
        let done = number + 1;
        if done.is_multiple_of(total.div_ceil(10)) || done == total {
            resident::print("blocks", done);
        }
    }
    sender.send(blocks).unwrap();
    let sum = reader.join().unwrap();
    resident::print("read", total);
    println!("sum: {sum}");
}
