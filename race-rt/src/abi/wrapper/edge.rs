//! Places in the crate's objects where releases gather: a word, null at first, that leads to a [`SyncObject`] as soon as
//! somebody releases there. Only this file reads and writes the word while the object is shared.

use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

use crate::sync::object::SyncObject;
use crate::thread::current;

type Word = AtomicPtr<SyncObject>;

fn made(word: &Word) -> &SyncObject {
    let mut object = word.load(Acquire);
    if object.is_null() {
        let new = Box::into_raw(Box::new(SyncObject::new()));
        object = match word.compare_exchange(object, new, AcqRel, Acquire) {
            Ok(_) => new,
            Err(other) => {
                // SAFETY: it was a box just now and nobody has seen it.
                drop(unsafe { Box::from_raw(new) });
                other
            }
        };
    }
    // SAFETY: it lives as long as the word, which is borrowed.
    unsafe { &*object }
}

/// A release beside the former ones.
///
/// # Safety
/// The word is null or holds what this file has put there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_edge_merge(word: &Word) {
    if let Some(mut thread) = current::enter() {
        made(word).release_merge(&mut thread);
    }
}

/// All that was released there happens before what the running thread does from now on.
///
/// # Safety
/// As for [`__race_edge_merge`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_edge_acquire(word: &Word) {
    // SAFETY: what the word holds lives as long as the word.
    if let Some(object) = unsafe { word.load(Acquire).as_ref() }
        && let Some(mut thread) = current::enter()
    {
        object.acquire(&mut thread);
    }
}

/// As [`__race_edge_acquire`], for the last time: nobody acquires it again.
///
/// # Safety
/// As for [`__race_edge_merge`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_edge_consume(word: &Word) {
    // SAFETY: what the word holds lives as long as the word.
    if let Some(object) = unsafe { word.load(Acquire).as_ref() }
        && let Some(mut thread) = current::enter()
    {
        object.consume(&mut thread);
    }
}

/// The end of what a word holds.
///
/// # Safety
/// `object` is null or what such a word held, which nobody uses any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_edge_drop(object: *mut SyncObject) {
    if !object.is_null() {
        // What the engine frees is its own.
        let _inside = current::enter();
        // SAFETY: `made` has made it of a box, and the caller promises that this was its last user.
        drop(unsafe { Box::from_raw(object) });
    }
}
