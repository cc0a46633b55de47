//! `map_test.go`: a map that is looked up, iterated and changed, and keys and values that change while it copies them.
//!
//! The map is a `HashMap` in a checked cell: a look-up reads the cell, an insertion writes it. What std does inside of
//! it is not seen in this tier, so a key's bytes are read by the key's own `Hash`, and values are moved by the program.
//! A map must not be looked into while it is changed, so the two threads take turns in time, unseen by the detector.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use race::cell::UnsafeCell;
use race::channel;

use crate::case::{consume, go, variable};
use crate::go_slice::{at, make};
use crate::wrapper_case::Steps;

/// Whose turn it is in the process's only case.
static TURN: Steps = Steps::new();

type Map<K, V> = UnsafeCell<HashMap<K, V>>;

/// An empty map.
fn map<K, V>() -> *mut Map<K, V> {
    variable(UnsafeCell::new(HashMap::new()))
}

/// A key of so many numbers.
#[derive(Clone, Copy, Debug)]
struct Key<const N: usize> {
    words: [i32; N],
}

/// 68 bytes.
type Large = Key<17>;

/// Eight kilobytes.
type Huge = Key<2048>;

impl<const N: usize> Key<N> {
    const ZERO: Key<N> = Key { words: [0; N] };
}

impl<const N: usize> Hash for Key<N> {
    #[race::instrument]
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        for index in 0..N {
            hasher.write_i32(self.words[index]);
        }
    }
}

impl<const N: usize> PartialEq for Key<N> {
    #[race::instrument]
    fn eq(&self, other: &Key<N>) -> bool {
        (0..N).all(|index| self.words[index] == other.words[index])
    }
}

impl<const N: usize> Eq for Key<N> {}

/// Opens a connection, or does not.
fn connect() -> (i32, Option<String>) {
    (1, None)
}

crate::suite! {
    "map_test.go";

    "TestRaceMapRW" => fn race_map_rw() {
        let (done, finished) = channel::bounded(1);
        let m = map::<i32, i32>();
        go(move || {
            consume((*m).with(|map| (&*map).get(&1).copied().unwrap_or_default()));
            TURN.take();
            done.send(true).unwrap();
        });
        TURN.wait_for(1);
        (*m).with_mut(|map| (&mut *map).insert(1, 1));
        finished.recv().unwrap();
    }

    "TestRaceMapRW2" => fn race_map_rw_2() {
        let (done, finished) = channel::bounded(1);
        let m = map::<i32, i32>();
        go(move || {
            let (value, is_there) = (*m).with(|map| {
                let value = (&*map).get(&1);
                (value.copied().unwrap_or_default(), value.is_some())
            });
            consume((value, is_there));
            TURN.take();
            done.send(true).unwrap();
        });
        TURN.wait_for(1);
        (*m).with_mut(|map| (&mut *map).insert(1, 1));
        finished.recv().unwrap();
    }

    "TestRaceMapRWArray" => fn race_map_rw_array() {
        let (done, finished) = channel::bounded(1);
        let m = map::<i32, [i32; 2]>();
        (*m).with_mut(|map| (&mut *map).insert(1, [1, 2]));
        go(move || {
            consume((*m).with(|map| (&*map)[&1][1]));
            TURN.take();
            done.send(true).unwrap();
        });
        TURN.wait_for(1);
        (*m).with_mut(|map| (&mut *map).insert(2, [1, 2]));
        finished.recv().unwrap();
    }

    "TestRaceMapRange" => fn race_map_range() {
        let (done, finished) = channel::bounded(1);
        let m = map::<i32, i32>();
        go(move || {
            (*m).with(|map| (&*map).iter().for_each(|_| ()));
            TURN.take();
            done.send(true).unwrap();
        });
        TURN.wait_for(1);
        (*m).with_mut(|map| (&mut *map).insert(1, 1));
        finished.recv().unwrap();
    }

    "TestRaceMapRange2" => fn race_map_range_2() {
        let (done, finished) = channel::bounded(1);
        let m = map::<i32, i32>();
        go(move || {
            (*m).with(|map| {
                for entry in &*map {
                    consume(entry);
                }
            });
            TURN.take();
            done.send(true).unwrap();
        });
        TURN.wait_for(1);
        (*m).with_mut(|map| (&mut *map).insert(1, 1));
        finished.recv().unwrap();
    }

    "TestRaceMapLen" => fn race_map_len() {
        let (done, finished) = channel::bounded(1);
        let m = map::<i32, bool>();
        go(move || {
            consume((*m).with(|map| (&*map).len()));
            TURN.take();
            done.send(true).unwrap();
        });
        TURN.wait_for(1);
        (*m).with_mut(|map| (&mut *map).insert(1, true));
        finished.recv().unwrap();
    }

    // A variable that holds a map holds a pointer, as in Go: assigning to it drops nothing.
    "TestRaceMapVariable" => fn race_map_variable() {
        let (done, finished) = channel::bounded(1);
        let m = variable(map::<i32, i32>());
        go(move || {
            *m = map();
            done.send(true).unwrap();
        });
        *m = map();
        finished.recv().unwrap();
    }

    "TestRaceMapVariable2" => fn race_map_variable_2() {
        let (done, finished) = channel::bounded(1);
        let m = variable(map::<i32, i32>());
        go(move || {
            let current = *m;
            (*current).with_mut(|map| (&mut *map).insert(1, 1));
            done.send(true).unwrap();
        });
        *m = map();
        finished.recv().unwrap();
    }

    "TestRaceMapVariable3" => fn race_map_variable_3() {
        let (done, finished) = channel::bounded(1);
        let m = variable(map::<i32, i32>());
        go(move || {
            let current = *m;
            consume((*current).with(|map| (&*map).get(&1).copied()));
            done.send(true).unwrap();
        });
        *m = map();
        finished.recv().unwrap();
    }

    // An empty `HashMap` does not look at the key, other than Go's: here it holds another one.
    "TestRaceMapLookupPartKey" => fn race_map_lookup_part_key() {
        let (done, finished) = channel::bounded(1);
        let (m, key) = (map::<Large, i32>(), variable(Large::ZERO));
        (*m).with_mut(|map| (&mut *map).insert(Large { words: [1; 17] }, 1));
        go(move || {
            (*key).words[8] = 1;
            done.send(true).unwrap();
        });
        consume((*m).with(|map| (&*map).get(&*key).copied()));
        finished.recv().unwrap();
    }

    "TestRaceMapInsertPartKey" => fn race_map_insert_part_key() {
        let (done, finished) = channel::bounded(1);
        let (m, key) = (map::<Large, i32>(), variable(Large::ZERO));
        go(move || {
            (*key).words[8] = 1;
            done.send(true).unwrap();
        });
        (*m).with_mut(|map| (&mut *map).insert(*key, 1));
        finished.recv().unwrap();
    }

    "TestRaceMapInsertPartVal" => fn race_map_insert_part_val() {
        let (done, finished) = channel::bounded(1);
        let (m, value) = (map::<i32, Large>(), variable(Large::ZERO));
        go(move || {
            (*value).words[8] = 1;
            done.send(true).unwrap();
        });
        (*m).with_mut(|map| (&mut *map).insert(1, *value));
        finished.recv().unwrap();
    }

    "TestRaceMapAssignMultipleReturn" => fn race_map_assign_multiple_return() {
        let (done, finished) = channel::bounded(1);
        let (connections, error) = (map(), variable(None));
        (*connections).with_mut(|map| (&mut *map).insert(1, make(0, 1, 1)));
        go(move || {
            let connection = (*connections).with(|map| (&*map)[&1]);
            (*at(connection, 0), *error) = connect();
            done.send(true).unwrap();
        });
        let connection = (*connections).with(|map| (&*map)[&1]);
        consume(*at(connection, 0));
        finished.recv().unwrap();
    }

    // As for `TestRaceMapLookupPartKey`.
    "TestRaceMapBigKeyAccess2" => fn race_map_big_key_access_2() {
        let (done, finished) = channel::bounded(1);
        let (m, key) = (map::<Huge, i32>(), variable(Huge::ZERO));
        (*m).with_mut(|map| (&mut *map).insert(Huge { words: [1; 2048] }, 1));
        go(move || {
            let (value, is_there) = (*m).with(|map| {
                let value = (&*map).get(&*key);
                (value.copied().unwrap_or_default(), value.is_some())
            });
            consume((value, is_there));
            done.send(true).unwrap();
        });
        (*key).words[3] = 4;
        finished.recv().unwrap();
    }

    "TestRaceMapBigKeyInsert" => fn race_map_big_key_insert() {
        let (done, finished) = channel::bounded(1);
        let (m, key) = (map::<Huge, i32>(), variable(Huge::ZERO));
        go(move || {
            (*m).with_mut(|map| (&mut *map).insert(*key, 1));
            done.send(true).unwrap();
        });
        (*key).words[3] = 4;
        finished.recv().unwrap();
    }

    "TestRaceMapBigKeyDelete" => fn race_map_big_key_delete() {
        let (done, finished) = channel::bounded(1);
        let (m, key) = (map::<Huge, i32>(), variable(Huge::ZERO));
        go(move || {
            (*m).with_mut(|map| (&mut *map).remove(&*key));
            done.send(true).unwrap();
        });
        (*key).words[3] = 4;
        finished.recv().unwrap();
    }

    "TestRaceMapBigValInsert" => fn race_map_big_val_insert() {
        let (done, finished) = channel::bounded(1);
        let (m, value) = (map::<i32, Huge>(), variable(Huge::ZERO));
        go(move || {
            (*m).with_mut(|map| (&mut *map).insert(1, *value));
            done.send(true).unwrap();
        });
        (*value).words[3] = 1;
        finished.recv().unwrap();
    }

    // A look-up that fails gives nothing to copy, other than in Go: the key is there.
    "TestRaceMapBigValAccess1" => fn race_map_big_val_access_1() {
        let (done, finished) = channel::bounded(1);
        let (m, value) = (map::<i32, Huge>(), variable(Huge::ZERO));
        (*m).with_mut(|map| (&mut *map).insert(1, Huge::ZERO));
        go(move || {
            (*m).with(|map| *value = (&*map)[&1]);
            done.send(true).unwrap();
        });
        (*value).words[3] = 1;
        finished.recv().unwrap();
    }

    // As above.
    "TestRaceMapBigValAccess2" => fn race_map_big_val_access_2() {
        let (done, finished) = channel::bounded(1);
        let (m, value) = (map::<i32, Huge>(), variable(Huge::ZERO));
        (*m).with_mut(|map| (&mut *map).insert(1, Huge::ZERO));
        go(move || {
            let is_there = variable(false);
            (*m).with(|map| {
                let found = (&*map).get(&1);
                *value = *found.unwrap();
                *is_there = found.is_some();
            });
            done.send(true).unwrap();
        });
        (*value).words[3] = 1;
        finished.recv().unwrap();
    }
}
