//! What passes through descriptors: pipes, sockets, files and the kernel's other objects.
//!
//! Naively, a map from the object behind a descriptor to what its writers released: a read learns all of it. There is no
//! clock for input and output as a whole. A pipe, a FIFO or a file is known by device and inode, so copies of a descriptor
//! are one object. Of a pair of sockets, and of two ends of a TCP connection within the process, each end has what was
//! written for it.
//!
//! Bytes that the kernel passes on from one object to another are with the second one's reader before the call that passes
//! them is done. So while such a call is under way ([`Thread::begin_passing`]), who reads from the second learns what was
//! released into the first, too.
//!
//! Guarantees: a write happens before the read that returns its bytes, a close before the read that sees the end. Can miss:
//! a read learns also of writes whose bytes it did not return. Where the kernel does not tell objects apart cheaply they
//! count as one: all event counters, all terminals and other devices, all instances of epoll, and all sockets that are
//! neither of a pair nor connected by TCP, with what was written to any socket.

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::sync::MutexGuard;

use libc::c_int;
use smallvec::SmallVec;

use crate::clock::Heads;
use crate::sys::atomic::Mutex;
use crate::thread::{Thread, ThreadId};

/// One way through the kernel: what goes in is released, what comes out acquires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Way {
    /// A pipe or a file: device and inode.
    Inode(u64, u64),
    /// To the socket of a pair that has this inode.
    ToSocket(u64),
    /// From one end of a TCP connection to the other.
    Connection { from: End, to: End },
    /// To any socket.
    AnySocket,
    /// Event counters, timers and their like, which share one inode.
    Anonymous,
    /// Terminals and other devices: two ends differ in their inodes.
    Device,
    /// What waits for others: any instance of epoll.
    Epoll,
    /// Beyond [`LIMIT`].
    Rest,
}

/// An end of a connection: address, as one of version 6, and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct End([u8; 16], u16);

/// Ways that are kept apart; the others are one.
const LIMIT: usize = 1 << 16;

#[derive(Debug, Default)]
struct Table {
    ways: HashMap<Way, Heads>,
    /// The other socket's inode, for those of pairs.
    pairs: HashMap<u64, u64>,
    /// One for each thread at most.
    passing: Vec<Passing>,
}

/// A call that passes bytes on, under way.
#[derive(Clone, Copy, Debug)]
struct Passing {
    thread: ThreadId,
    from: [Option<Way>; 2],
    to: [Option<Way>; 2],
}

impl Table {
    /// What a reader of `ways` may get bytes from.
    fn sources(&self, ways: [Option<Way>; 2]) -> SmallVec<[Way; 4]> {
        let mut sources: SmallVec<[Way; 4]> = ways.into_iter().flatten().chain([Way::Rest]).collect();
        let mut at = 0;
        while let Some(&reached) = sources.get(at) {
            for passing in self.passing.iter().filter(|passing| passing.to.contains(&Some(reached))) {
                let new = passing.from.into_iter().flatten().filter(|from| !sources.contains(from));
                let new: SmallVec<[Way; 2]> = new.collect();
                sources.extend(new);
            }
            at += 1;
        }
        sources
    }
}

static TABLE: Mutex<Option<Table>> = Mutex::new(None);

fn table() -> MutexGuard<'static, Option<Table>> {
    TABLE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn status(descriptor: c_int) -> Option<libc::stat> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the place is valid, and filled when the call succeeds.
    unsafe { (libc::syscall(libc::SYS_fstat, descriptor, status.as_mut_ptr()) == 0).then(|| status.assume_init()) }
}

/// The ways that a descriptor writes to, or reads from.
fn ways(descriptor: c_int, writes: bool) -> Option<[Option<Way>; 2]> {
    let status = status(descriptor)?;
    let way = match status.st_mode & libc::S_IFMT {
        libc::S_IFSOCK => return Some(socket_ways(descriptor, status.st_ino, writes)),
        libc::S_IFCHR => Way::Device,
        0 => Way::Anonymous,
        _ => Way::Inode(status.st_dev, status.st_ino),
    };
    Some([Some(way), None])
}

fn socket_ways(descriptor: c_int, inode: u64, writes: bool) -> [Option<Way>; 2] {
    let peer = table().as_ref().and_then(|table| table.pairs.get(&inode).copied());
    if let Some(peer) = peer {
        return [Some(Way::ToSocket(if writes { peer } else { inode })), None];
    }
    let connection = connection(descriptor, writes);
    // Who reads may not be able to tell the connection, after it was reset for instance.
    let any = (writes || connection.is_none()).then_some(Way::AnySocket);
    [connection, any]
}

fn connection(descriptor: c_int, writes: bool) -> Option<Way> {
    let own = end(descriptor, libc::SYS_getsockname)?;
    let peer = end(descriptor, libc::SYS_getpeername)?;
    (kind(descriptor)? == libc::SOCK_STREAM).then_some(match writes {
        true => Way::Connection { from: own, to: peer },
        false => Way::Connection { from: peer, to: own },
    })
}

fn kind(socket: c_int) -> Option<c_int> {
    let mut kind: c_int = 0;
    let mut size = size_of::<c_int>() as libc::socklen_t;
    let (level, option) = (libc::SOL_SOCKET, libc::SO_TYPE);
    // SAFETY: both places are valid.
    let result = unsafe { libc::syscall(libc::SYS_getsockopt, socket, level, option, &raw mut kind, &raw mut size) };
    (result == 0).then_some(kind)
}

/// What `call` says of an internet socket.
fn end(socket: c_int, call: libc::c_long) -> Option<End> {
    let mut address = MaybeUninit::<libc::sockaddr_storage>::zeroed();
    let mut size = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    // SAFETY: both places are valid.
    if unsafe { libc::syscall(call, socket, address.as_mut_ptr(), &raw mut size) } != 0 {
        return None;
    }
    // SAFETY: zero bytes are a value, which the kernel has overwritten; its family says what else it is.
    unsafe {
        match c_int::from((*address.as_ptr()).ss_family) {
            libc::AF_INET => {
                let address = &*address.as_ptr().cast::<libc::sockaddr_in>();
                let version_4 = std::net::Ipv4Addr::from_bits(u32::from_be(address.sin_addr.s_addr));
                Some(End(version_4.to_ipv6_mapped().octets(), address.sin_port))
            }
            libc::AF_INET6 => {
                let address = &*address.as_ptr().cast::<libc::sockaddr_in6>();
                Some(End(address.sin6_addr.s6_addr, address.sin6_port))
            }
            _ => None,
        }
    }
}

/// Both sockets are the ends of one pair.
pub fn pair(one: c_int, other: c_int) {
    let (Some(one), Some(other)) = (status(one), status(other)) else {
        return;
    };
    let mut table = table();
    let pairs = &mut table.get_or_insert_default().pairs;
    pairs.insert(one.st_ino, other.st_ino);
    pairs.insert(other.st_ino, one.st_ino);
}

impl Thread {
    fn release_ways(&mut self, ways: [Option<Way>; 2]) {
        if self.is_ignoring_synchronisation() {
            return;
        }
        let head = self.release();
        let mut table = table();
        let table = &mut table.get_or_insert_default().ways;
        for way in ways.into_iter().flatten() {
            let way = if table.len() < LIMIT || table.contains_key(&way) { way } else { Way::Rest };
            table.entry(way).or_default().merge_own(head.clone(), self.clock());
        }
    }

    fn acquire_ways(&mut self, ways: [Option<Way>; 2]) {
        if self.is_ignoring_synchronisation() {
            return;
        }
        let table = table();
        let Some(table) = table.as_ref() else { return };
        for way in table.sources(ways) {
            if let Some(heads) = table.ways.get(&way) {
                self.acquire(heads);
            }
        }
    }

    /// All that the thread did so far happens before whoever reads what it writes to `descriptor` now, or sees it closed.
    pub fn release_into(&mut self, descriptor: c_int) {
        if let Some(ways) = ways(descriptor, true) {
            self.release_ways(ways);
        }
    }

    /// What was written for `descriptor` happens before what the thread does from now on.
    pub fn acquire_from(&mut self, descriptor: c_int) {
        if let Some(ways) = ways(descriptor, false) {
            self.acquire_ways(ways);
        }
    }

    /// The thread has the kernel pass bytes on from one descriptor to another, until [`Thread::end_passing`].
    pub fn begin_passing(&mut self, from: c_int, to: c_int) {
        if let (Some(from), Some(to)) = (ways(from, false), ways(to, true)) {
            let passing = Passing { thread: self.id(), from, to };
            self.pass(passing);
            let mut table = table();
            let all = &mut table.get_or_insert_default().passing;
            // One that was left without its end: by a jump, or because the thread was cancelled.
            all.retain(|other| other.thread != passing.thread);
            all.push(passing);
        }
    }

    /// The call is done, and has `passed` bytes on or failed.
    pub fn end_passing(&mut self, passed: bool) {
        let is_own = |passing: &Passing| passing.thread == self.id();
        let own = table().as_ref().and_then(|table| table.passing.iter().copied().find(is_own));
        let Some(own) = own else { return };
        if passed {
            self.pass(own);
        }
        // Not sooner: in between, who reads from the second would learn nothing.
        if let Some(table) = table().as_mut() {
            table.passing.retain(|passing| passing.thread != own.thread);
        }
    }

    fn pass(&mut self, passing: Passing) {
        self.acquire_ways(passing.from);
        self.release_ways(passing.to);
    }

    /// The thread asks for a signal, which an event counter of the kernel's may tell of.
    pub fn release_into_counters(&mut self) {
        self.release_ways([Some(Way::Anonymous), None]);
    }

    /// The thread tries to connect: before whoever accepts the connection.
    pub fn release_connection(&mut self) {
        self.release_ways([Some(Way::AnySocket), None]);
    }

    /// The thread has accepted a connection.
    pub fn acquire_connection(&mut self) {
        self.acquire_ways([Some(Way::AnySocket), None]);
    }

    /// The thread changes what an instance of epoll waits for: before whoever waits there.
    pub fn release_into_epoll(&mut self) {
        self.release_ways([Some(Way::Epoll), None]);
    }

    /// The thread has waited at an instance of epoll.
    pub fn acquire_from_epoll(&mut self) {
        self.acquire_ways([Some(Way::Epoll), None]);
    }
}
