//! The format of recordings: what is written is read again, and no bytes make the reader do harm.

use proptest::prelude::*;
use race_rt::access::AccessKind;
use race_rt::clock::{Epoch, Slot, Time};
use race_rt::options::Perturb;
use race_rt::report::model::{LockKind, Pc, Schedule};
use race_rt::thread::ThreadId;
use race_rt::thread::context::NodeId;
use race_rt::thread::holds::Mark;
use race_rt::trace::StateNumber;
use race_rt::trace::event::{Decoder, Encoder, Event, First, LONGEST, ModuleRecord, TIME_LIMIT};
use race_rt::trace::header::{Header, NoRecording};
use race_rt::trace::number::Wrong;

const HIGH: usize = 0x5500_0000_0000;

fn address() -> impl Strategy<Value = usize> {
    prop_oneof![0..1_usize << 41, HIGH..HIGH + (1 << 44)]
}

fn granules() -> impl Strategy<Value = (usize, usize)> {
    (address(), 1..LONGEST / 8).prop_map(|(address, count)| (address & !7, count * 8))
}

fn epoch() -> impl Strategy<Value = Epoch> {
    (0..Slot::LIMIT, 0..TIME_LIMIT).prop_map(|(slot, time)| Epoch::new(Slot::new(slot), Time::new(time)))
}

fn kind() -> impl Strategy<Value = AccessKind> {
    proptest::sample::select(&AccessKind::ALL[..])
}

fn node() -> impl Strategy<Value = NodeId> {
    any::<u32>().prop_map(NodeId)
}

fn first() -> impl Strategy<Value = First> {
    proptest::option::of((kind(), node()))
}

fn thread() -> impl Strategy<Value = ThreadId> {
    any::<u32>().prop_map(ThreadId)
}

fn part() -> impl Strategy<Value = Result<Pc, Mark>> {
    const LOCKS: [LockKind; 3] = [LockKind::Mutex, LockKind::Read, LockKind::Write];
    prop_oneof![
        address().prop_map(|address| Ok(Pc(address))),
        node().prop_map(|node| Err(Mark::Chain(node))),
        node().prop_map(|node| Err(Mark::Place(node))),
        (proptest::sample::select(&LOCKS[..]), address()).prop_map(|(kind, address)| Err(Mark::Lock(kind, address))),
    ]
}

fn event() -> impl Strategy<Value = Event<'static>> {
    let names = || proptest::sample::select(&["", "worker 1", "Fäden", "a\nb"][..]);
    const BYTES: [&[u8]; 3] = [b"", b"/bin/program", b"\xff\x00\x80"];
    let bytes = || proptest::sample::select(&BYTES[..]);
    let of_threads = prop_oneof![
        any::<u32>().prop_map(|number| Event::Actor(StateNumber(number))),
        (any::<u32>(), thread(), epoch()).prop_map(|(number, thread, epoch)| Event::State {
            number: StateNumber(number),
            thread,
            slot: epoch.slot(),
            time: epoch.time(),
        }),
        Just(Event::Gone),
        (thread(), node(), any::<bool>(), proptest::option::of(names()))
            .prop_map(|(id, creation, is_task, name)| Event::Thread { id, creation, is_task, name }),
        (thread(), names()).prop_map(|(id, name)| Event::Name { id, name }),
        (thread(), node()).prop_map(|(id, creation)| Event::Origin { id, creation }),
        (thread(), any::<u32>(), any::<u32>()).prop_map(|(id, test, run)| Event::Trial { id, test, run }),
        thread().prop_map(Event::Finished),
        thread().prop_map(Event::Turn),
    ];
    let of_order = prop_oneof![
        Just(Event::Release),
        Just(Event::FenceAcquire),
        Just(Event::FenceRelease),
        epoch().prop_map(|epoch| Event::Move { slot: epoch.slot(), time: epoch.time() }),
        epoch().prop_map(Event::Acquire),
        epoch().prop_map(Event::Assume),
        (address(), any::<bool>()).prop_map(|(address, acquires)| Event::Load { address, acquires }),
        (address(), any::<bool>()).prop_map(|(address, releases)| Event::Store { address, releases }),
        (address(), any::<bool>()).prop_map(|(address, releases)| Event::Update { address, releases }),
    ];
    const PERTURBED: [Perturb; 3] = [Perturb::Off, Perturb::On, Perturb::Full];
    let of_code = prop_oneof![
        (proptest::sample::select(&PERTURBED[..]), any::<u64>())
            .prop_map(|(perturb, seed)| Event::Schedule(Schedule { perturb, seed })),
        (node(), node(), part()).prop_map(|(id, caller, part)| Event::Node { id, caller, part }),
        (bytes(), bytes(), any::<u64>(), any::<u64>(), address(), address(), address()).prop_map(
            |(path, build_id, size, modified, base, start, end)| {
                Event::Module(ModuleRecord { path, build_id, size, modified, base, start, end })
            }
        ),
    ];
    let of_memory = prop_oneof![
        (any::<usize>(), 0..1_usize << 40, any::<bool>()).prop_map(|(start, size, harmless)| {
            let start = start >> 1;
            Event::Benign { start, end: start + size, harmless }
        }),
        (granules(), first()).prop_map(|((start, size), first)| Event::Block { start, end: start + size, first }),
        (granules(), first()).prop_map(|((address, size), first)| Event::Life { address, size, first }),
        (kind(), address(), 1..=LONGEST, node()).prop_map(|(kind, address, size, site)| Event::Access {
            kind,
            address,
            size,
            site
        }),
    ];
    prop_oneof![of_threads, of_order, of_code, of_memory]
}

fn encoded(events: &[Event<'_>]) -> (Vec<u8>, Vec<usize>) {
    let (mut encoder, mut bytes, mut ends) = (Encoder::default(), Vec::new(), Vec::new());
    for event in events {
        encoder.encode(event, &mut bytes);
        ends.push(bytes.len());
    }
    (bytes, ends)
}

/// The events that the bytes begin with, and what comes instead of another one.
fn decoded(bytes: &[u8]) -> (Vec<Event<'_>>, Option<Wrong>) {
    let (mut decoder, mut events) = (Decoder::new(bytes), Vec::new());
    loop {
        match decoder.event() {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, None),
            Err(wrong) => return (events, Some(wrong)),
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(events in proptest::collection::vec(event(), 0..40), zeros in 0..20_usize) {
        let (mut bytes, _) = encoded(&events);
        bytes.resize(bytes.len() + zeros, 0);
        prop_assert_eq!(decoded(&bytes), (events, None));
    }

    #[test]
    fn a_prefix_has_its_whole_events(events in proptest::collection::vec(event(), 1..8)) {
        let (bytes, ends) = encoded(&events);
        for length in 0..bytes.len() {
            let whole = ends.iter().filter(|end| **end <= length).count();
            let wrong = if whole == 0 && length == 0 || whole > 0 && ends[whole - 1] == length { None } else { Some(Wrong::Cut) };
            prop_assert_eq!(decoded(&bytes[..length]), (events[..whole].to_vec(), wrong));
        }
    }

    #[test]
    fn any_bytes_are_events_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (events, _) = decoded(&bytes);
        // What was understood stays within what can be written.
        let (again, _) = encoded(&events);
        prop_assert_eq!(decoded(&again), (events, None));
    }
}

#[test]
fn a_header_is_read_again_and_others_are_told_apart() {
    let header = Header { whole_program: true, underway: false, process: 70_000 };
    let bytes = [&header.bytes()[..], b"rest"].concat();
    assert_eq!(Header::read(&bytes), Ok((header, &b"rest"[..])));
    assert_eq!(Header::read(&bytes[..15]), Err(NoRecording::Foreign));
    for (at, expected) in [(0, NoRecording::Foreign), (8, NoRecording::OtherVersion(9)), (9, NoRecording::Foreign)] {
        let mut other = bytes.clone();
        other[at] = 9;
        assert_eq!(Header::read(&other), Err(expected), "{at}");
    }
}

#[test]
fn sizes_that_lie_are_refused() {
    let mut bytes = Vec::new();
    let site = NodeId(1);
    Encoder::default()
        .encode(&Event::Access { kind: AccessKind::Read, address: 8, size: LONGEST + 1, site }, &mut bytes);
    assert_eq!(decoded(&bytes), (vec![], Some(Wrong::Senseless)));
    // A name that is said to be longer than the file, and longer than any.
    assert_eq!(decoded(&[5, 1, 100, b'x']).1, Some(Wrong::Cut));
    assert_eq!(decoded(&[5, 1, 0xff, 0xff, 0xff, 0x7f, b'x']).1, Some(Wrong::Senseless));
    // A number of more than 64 bits.
    assert_eq!(decoded(&[[8].as_slice(), &[0xff; 9], &[2]].concat()).1, Some(Wrong::Senseless));
}
