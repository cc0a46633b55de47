//! Free things of a kind that are taken and given back all the time, by their numbers.
//!
//! Things of a kind live in one reservation and are never unmade. A free one goes to the thread that freed it, in bulk to
//! the common stock, from which threads take in bulk what they need: so hardly ever does one wait for another.

use std::marker::PhantomData;

use crate::sys::atomic::AtomicU32;
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::spin::Spin;

/// A kind of things with numbers; zero is none.
pub trait Numbered: Sized + 'static {
    /// No thing has this number, nor a higher one.
    const LIMIT: u32;
    /// What no thread has for itself.
    fn common() -> &'static Spin<Common<Self>>;
    /// Where a thing that is free has the number of the next one.
    fn next(number: u32) -> &'static AtomicU32;
}

/// Free things that no thread has for itself.
#[derive(Debug)]
pub struct Common<Kind> {
    free: FreeList<Kind>,
    untouched: u32,
}

impl<Kind: Numbered> Common<Kind> {
    /// All of them, untouched.
    pub const ALL: Common<Kind> = Common { free: FreeList::EMPTY, untouched: 1 };

    /// How many things were ever taken, and the one that is none.
    pub fn touched(&self) -> usize {
        self.untouched as usize
    }
}

/// A list through the things themselves.
#[derive(Debug)]
struct FreeList<Kind> {
    first: u32,
    count: u32,
    kind: PhantomData<Kind>,
}

impl<Kind: Numbered> FreeList<Kind> {
    const EMPTY: FreeList<Kind> = FreeList { first: 0, count: 0, kind: PhantomData };

    #[inline(always)]
    fn push(&mut self, number: u32) {
        Kind::next(number).store(self.first, Relaxed);
        self.first = number;
        self.count += 1;
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<u32> {
        let number = self.first;
        (number != 0).then(|| {
            self.first = Kind::next(number).load(Relaxed);
            self.count -= 1;
            number
        })
    }
}

/// A thread's own free things of a kind.
#[derive(Debug)]
pub struct Stock<Kind>(FreeList<Kind>);

impl<Kind: Numbered> Stock<Kind> {
    /// Things that a thread takes from the common ones at once.
    const CHUNK: u32 = 64;
    /// Things that a thread keeps before it hands half of them to the others.
    const KEEP: u32 = 512;

    /// Nothing.
    pub const EMPTY: Stock<Kind> = Stock(FreeList::EMPTY);

    /// Gives everything to the others: the thread has ended.
    pub fn give_all(&mut self) {
        self.spill(0);
    }

    /// One that is free, with the number of the next one still in it; `None` when all are in use.
    #[inline]
    pub fn take(&mut self) -> Option<u32> {
        self.0.pop().or_else(|| self.take_anew())
    }

    /// Takes one back.
    #[inline]
    pub fn give(&mut self, number: u32) {
        self.0.push(number);
        if self.0.count > Stock::<Kind>::KEEP {
            self.spill(Stock::<Kind>::KEEP / 2);
        }
    }

    #[cold]
    #[inline(never)]
    fn take_anew(&mut self) -> Option<u32> {
        let (chunk, mut common) = (Stock::<Kind>::CHUNK, Kind::common().lock());
        for _ in 0..chunk {
            let Some(number) = common.free.pop() else { break };
            self.0.push(number);
        }
        if self.0.count == 0 && common.untouched < Kind::LIMIT - chunk {
            (common.untouched..common.untouched + chunk).rev().for_each(|number| self.0.push(number));
            common.untouched += chunk;
        }
        self.0.pop()
    }

    /// Hands all but `keep` to the others.
    #[cold]
    #[inline(never)]
    fn spill(&mut self, keep: u32) {
        if self.0.count <= keep {
            return;
        }
        let mut common = Kind::common().lock();
        while self.0.count > keep {
            let Some(number) = self.0.pop() else { break };
            common.free.push(number);
        }
    }
}
