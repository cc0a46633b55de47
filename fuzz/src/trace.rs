//! The reader of recordings: the header and each event.
//!
//! Any bytes are events within the bounds that the replay relies on, or refused; what was understood is written down and
//! read as the same, and no event takes more room than its bytes.

use race_rt::trace::event::{Decoder, Encoder, Event, LONGEST, LONGEST_TEXT};
use race_rt::trace::header::Header;
use race_rt::trace::number::Wrong;

/// Reads the bytes as a file, and as events without one.
///
/// # Panics
/// An event is out of bounds, or becomes another when it is written and read.
pub fn run(bytes: &[u8]) {
    match Header::read(bytes) {
        Ok((header, rest)) => {
            assert_eq!(bytes[..bytes.len() - rest.len()], header.bytes());
            events(rest);
        }
        Err(reason) => assert_eq!(reason.to_string().lines().count(), 1),
    }
    events(bytes);
}

fn events(bytes: &[u8]) {
    let (mut decoder, mut encoder, mut again) = (Decoder::new(bytes), Encoder::default(), Vec::new());
    let mut read = Vec::new();
    let wrong = loop {
        let left = decoder.left();
        match decoder.event() {
            Ok(Some(event)) => {
                assert!(decoder.left() < left, "an event has bytes");
                check(&event);
                encoder.encode(&event, &mut again);
                read.push(event);
            }
            Ok(None) => break None,
            Err(wrong) => {
                assert_eq!(decoder.left(), left, "nothing is read of what is no event");
                break Some(wrong);
            }
        }
    };
    assert!(again.len() <= bytes.len(), "numbers are written as short as can be");
    assert!(wrong != Some(Wrong::Cut) || decoder.left() < 1 << 14, "no event is that long");
    let mut decoder = Decoder::new(&again);
    for event in read {
        assert_eq!(decoder.event(), Ok(Some(event)));
    }
    assert_eq!(decoder.event(), Ok(None));
}

fn check(event: &Event<'_>) {
    match *event {
        Event::Access { address, size, .. } | Event::Life { address, size, .. } => {
            assert!((1..=LONGEST).contains(&size) && address.checked_add(size).is_some());
        }
        Event::Block { start, end, .. } => assert!(start < end),
        Event::Benign { start, end, .. } => assert!(start <= end),
        Event::Thread { name: Some(name), .. } | Event::Name { name, .. } => assert!(name.len() <= LONGEST_TEXT),
        _ => {}
    }
}
