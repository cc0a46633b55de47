//! Patterns, closures, macros, exchanges and methods of pointers under `#[race::instrument]`: they mean what they mean
//! without it. The same tests run with and without the feature.

#![deny(warnings)]
#![allow(
    clippy::explicit_auto_deref,
    clippy::borrow_deref_ref,
    clippy::needless_borrow,
    clippy::needless_range_loop,
    clippy::box_collection,
    clippy::boxed_local,
    clippy::ptr_arg,
    clippy::swap_ptr_to_ref,
    clippy::mem_replace_with_default,
    clippy::op_ref,
    clippy::manual_unwrap_or_default,
    clippy::single_match,
    clippy::unnecessary_fold,
    clippy::unnecessary_sort_by
)] // what is tested is written out

use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::mem;
use std::ptr::{self, NonNull};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum State {
    #[default]
    Idle,
    Busy(u32),
    Done {
        with: u32,
    },
}

impl State {
    fn unlike(self, other: State) -> State {
        assert_ne!(self, other);
        other
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Default)]
struct Triple {
    one: u32,
    two: u64,
    three: [u8; 3],
}

#[derive(Default, Debug)]
struct Parts {
    name: String,
    list: Vec<u32>,
    state: State,
    count: u32,
    other: u32,
    maybe: Option<Box<u32>>,
}

#[test]
fn closures_capture_what_they_did() {
    struct Two {
        one: u32,
        list: Vec<u32>,
    }
    impl Two {
        #[race::instrument]
        fn apart(&mut self) -> u32 {
            let mut add = |by: u32| self.one += by;
            self.list[0] = 5;
            add(1);
            add(2);
            let list = &mut self.list;
            let one = || self.one + 1;
            list.push(one());
            self.list.iter().sum()
        }

        #[race::instrument]
        fn adder(&mut self) -> impl FnMut(u32) -> u32 + Send + '_ {
            |by| {
                self.one += by;
                self.one
            }
        }

        #[race::instrument]
        fn shifted(&self) -> impl Iterator<Item = u32> + '_ {
            self.list.iter().map(|number| *number + self.one)
        }

        #[race::instrument]
        fn nested(&mut self, index: usize) -> u32 {
            let mut outer = |by: u32| {
                let pointer = &mut self.one;
                let mut inner = || {
                    *pointer += by;
                    self.list[index] += *pointer;
                };
                inner();
                inner();
                (*pointer, self.list[index])
            };
            let (one, sum) = outer(1);
            one + sum
        }
    }
    #[race::instrument]
    fn boxed<'a>(pointer: &'a mut u32, raw: *mut u32) -> Box<dyn FnMut() -> u32 + 'a> {
        Box::new(move || {
            *pointer += 1;
            // SAFETY: the test's own.
            unsafe { *raw += *pointer };
            // SAFETY: the test's own.
            unsafe { *raw }
        })
    }
    #[race::instrument]
    fn functions(numbers: &mut [u32], pairs: &mut [(u32, &mut u32)]) -> u32 {
        let plain: fn(&u32) -> u32 = |number| *number + 1;
        numbers.sort_by(|one, other| (*other).cmp(&*one));
        numbers.sort_by_key(|number| *number);
        pairs.iter_mut().for_each(|pair| *pair.1 += pair.0);
        numbers.iter().filter(|number| **number > 1).map(plain).fold(0, |sum, number| sum + number)
    }
    let mut two = Two { one: 1, list: vec![2] };
    assert_eq!(two.apart(), 5 + 5);
    assert_eq!(two.adder()(1), 5);
    assert_eq!(two.shifted().collect::<Vec<_>>(), [10, 10]);
    assert_eq!(two.nested(0), 7 + 5 + 6 + 7);
    let (mut number, mut raw) = (1, 1);
    let mut add = boxed(&mut number, &raw mut raw);
    assert_eq!((add(), add()), (3, 6));
    drop(add);
    let mut other = 1;
    assert_eq!(functions(&mut [3, 1, 2], &mut [(2, &mut other)]), 3 + 4);
    assert_eq!(other, 3);
}

#[test]
fn patterns_bind_what_they_did() {
    #[race::instrument]
    fn all(state: &mut State, parts: &mut Parts, maybe: &Option<&u32>, names: &(String, u32), text: &str) -> u32 {
        let mut sum = match *state {
            State::Idle => 1,
            State::Busy(number) => number,
            State::Done { with } => with,
        };
        match parts.state {
            State::Busy(ref mut number) => *number += 1,
            State::Idle | State::Done { .. } => parts.state = State::Busy(sum),
        }
        if let State::Busy(number) = parts.state {
            sum += number;
        } else if let State::Done { with } = *state {
            sum += with;
        }
        if let Some(number) = *maybe {
            sum += *number;
        }
        match *names {
            (ref name, 2) => sum += name.len() as u32,
            (_, number @ (3 | 4)) => sum += number,
            _ => {}
        }
        match &*text {
            "ab" => sum += 1000,
            _ => {}
        }
        if let Some(boxed) = parts.maybe.take()
            && let 5..=7 = *boxed
            && let State::Busy(number) = *state
            && number > 0
        {
            sum += *boxed;
        }
        let (ref name, number) = *names;
        let State::Busy(busy) = parts.state else { return name.len() as u32 };
        while let State::Busy(number @ 1..) = *state {
            *state = State::Busy(number - 1);
            sum += 1;
        }
        sum + number + busy
    }
    let mut parts = Parts { maybe: Some(Box::new(6)), ..Parts::default() };
    let names = ("abc".to_string(), 2);
    assert_eq!(all(&mut State::Done { with: 1 }, &mut Parts::default(), &None, &names, ""), 1 + 1 + 3 + 2 + 1);
    assert_eq!(all(&mut State::Busy(2), &mut parts, &Some(&10), &names, "ab"), 2 + 2 + 10 + 3 + 1000 + 6 + 2 + 2 + 2);
}

#[test]
fn a_box_is_matched_and_moved_out_of() {
    #[race::instrument]
    fn take(boxed: Box<Option<String>>, other: Box<Result<u8, String>>) -> String {
        let one = match *boxed {
            Some(name) => name,
            None => String::new(),
        };
        if let Err(text) = *other { one + &text } else { one }
    }
    assert_eq!(take(Box::new(Some("a".into())), Box::new(Err("b".into()))), "ab");
}

#[test]
fn structures_take_the_rest() {
    #[race::instrument]
    fn all(
        triple: *const Triple,
        parts: Parts,
        reference: &Triple,
        boxed: Box<Parts>,
    ) -> (Triple, Parts, Triple, Parts) {
        // SAFETY: the caller's promise.
        let one = unsafe { Triple { one: 7, ..*triple } };
        let two = Parts { count: one.one, ..parts };
        let three = Triple { two: "9".parse().unwrap(), three: [1; 3], ..*reference };
        (one, two, three, Parts { name: "box".into(), ..*boxed })
    }
    let triple = Triple { one: 1, two: 2, three: [3; 3] };
    let parts = || Parts { name: "name".into(), ..Parts::default() };
    let (one, two, three, four) = all(&triple, parts(), &triple, Box::new(parts()));
    assert_eq!((one, three), (Triple { one: 7, ..triple }, Triple { one: 1, two: 9, three: [1; 3] }));
    assert_eq!((two.name.as_str(), two.count, four.name.as_str()), ("name", 7, "box"));
}

#[test]
fn several_places_are_assigned_at_once() {
    struct Wrapped(u32, u32);
    #[race::instrument]
    fn all(one: &mut u32, other: &mut u32, list: &mut [u32], triple: *mut Triple) -> u32 {
        let local;
        (*one, *other) = (*other, *one);
        (list[0], (_, local)) = (*one + 1, (0, 5));
        [*one, .., list[1]] = [10, 11, 12, 13];
        Wrapped(*other, _) = Wrapped(*other + 1, 0);
        // SAFETY: the caller's promise.
        unsafe {
            Triple { one: (*triple).one, two: (*triple).two, .. } = Triple { one: 4, two: 3, three: [0; 3] };
            Wrapped((*triple).one, list[2]) = Wrapped((*triple).one + 1, local);
        }
        let Wrapped(_, unused) = Wrapped(0, 1);
        local + unused
    }
    let (mut one, mut other, mut list, mut triple) = (1, 2, [0; 3], Triple::default());
    assert_eq!(all(&mut one, &mut other, &mut list, &mut triple), 6);
    assert_eq!((one, other, list, triple.one, triple.two), (10, 2, [3, 13, 5], 5, 3));
}

#[test]
fn exchanges_exchange() {
    #[race::instrument]
    fn all(parts: &mut Parts, one: &mut u32, other: &mut u32, cell: &RefCell<Vec<u32>>) -> (String, Vec<u32>, u32) {
        fn next(number: &mut u32) -> u32 {
            *number += 1;
            *number
        }
        mem::swap(one, other);
        mem::swap(&mut *one, &mut parts.count);
        std::mem::swap(&mut parts.count, &mut parts.other);
        let mut local = 3;
        let old = mem::replace(&mut local, *one);
        let state = mem::replace(&mut parts.state, State::Busy(next(&mut local)));
        assert_eq!(state, std::mem::replace(&mut parts.state, State::Busy(next(&mut local))).unlike(state));
        let name = mem::take(&mut parts.name);
        let list = std::mem::take(&mut *cell.borrow_mut());
        mem::take(cell.borrow_mut().first_mut().unwrap_or(other));
        let first = core::mem::replace(parts.list.first_mut().unwrap(), next(other));
        (name, list, old + first + local)
    }
    let mut parts = Parts { name: "a".into(), list: vec![4], count: 3, other: 8, ..Parts::default() };
    let (mut one, mut other) = (1, 2);
    let (name, list, sum) = all(&mut parts, &mut one, &mut other, &RefCell::new(vec![1]));
    assert_eq!((name.as_str(), list, sum), ("a", vec![1], 3 + 4 + 5));
    assert_eq!((one, other, parts.count, parts.other, parts.list[0]), (3, 1, 8, 2, 1));
    assert_eq!(parts.state, State::Busy(5));
}

#[test]
fn macros_print_compare_and_collect() {
    #[race::instrument]
    fn all(parts: &mut Parts, number: *const u32, name: &String, text: &mut String) -> Vec<u32> {
        let width = 4;
        // SAFETY: the caller's promise.
        unsafe {
            write!(text, "{} {:>width$} {named}", *number, parts.count, named = *name).unwrap();
            writeln!(*text, " {width} {0} {0:?}", (*name).len() + 1).unwrap();
            assert!(*number == 5 && parts.count > 0, "{}", *number);
            assert_eq!(*number, 5, "{} of {}", *number, parts.count);
            assert_eq!(parts.name, *"parts");
            assert_ne!(*name, parts.name);
            debug_assert_eq!(*name, String::from("name"));
            assert!(matches!(*number, 1 | 5 if parts.count == 1));
            assert!(matches!(parts.state, State::Idle));
            text.push_str(&format!("{}{:p}", parts.list[0], std::ptr::null::<u8>()));
            let list = vec![*number; parts.list[0] as usize];
            let mut more = vec![*number, parts.count, list[0]];
            more.push(dbg!(*number) + 1);
            println!("{} {name}", *number);
            more
        }
    }
    let mut text = String::new();
    let mut parts = Parts { name: "parts".into(), list: vec![2], count: 1, ..Parts::default() };
    assert_eq!(all(&mut parts, &5, &"name".into(), &mut text), [5, 1, 5, 6]);
    assert_eq!(text, "5    1 name 4 5 5\n20x0");
}

#[test]
fn methods_of_pointers_move_what_they_moved() {
    #[race::instrument]
    unsafe fn all(one: *mut u64, other: NonNull<u64>, slice: &mut [u64], from: &[u64]) -> u64 {
        let count = 2;
        // SAFETY: the caller's promise.
        unsafe {
            one.swap(other.as_ptr());
            let was = one.replace(7) + other.replace(8);
            other.write(other.read() + 1);
            slice.as_mut_ptr().copy_from(from.as_ptr(), from.len());
            slice.as_mut_ptr().add(2).copy_from_nonoverlapping(from.as_ptr().add(1), count - 1);
            one.copy_to(slice.as_mut_ptr().add(3), 1);
            one.cast_const().copy_to_nonoverlapping(other.as_ptr().cast(), 1);
            let target = slice.as_mut_ptr();
            target.add(4).write_bytes(0xff, count);
            target.add(5).copy_from(&raw const *one, 1);
            other.swap(NonNull::from(&mut slice[0]));
            was + *slice.get_unchecked(0) + slice.get_unchecked(1).wrapping_add(*slice.get_unchecked(4))
        }
    }
    #[race::instrument]
    unsafe fn drops(loud: *mut Loud<'_>, other: NonNull<[Loud<'_>]>) {
        // SAFETY: the caller's promise.
        unsafe {
            loud.drop_in_place();
            ptr::drop_in_place(other.as_ptr());
            std::ptr::drop_in_place(loud.add(1));
            other.cast::<Loud>().add(0).write(loud.add(1).read());
        }
    }
    struct Loud<'a>(&'a Cell<u32>);
    impl Drop for Loud<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let (mut one, mut other, mut slice) = (1, 2, [0; 6]);
    // SAFETY: all are alive and borrowed by nobody.
    let sum = unsafe { all(&mut one, (&mut other).into(), &mut slice, &[10, 20]) };
    assert_eq!((one, other, slice), (7, 10, [7, 20, 20, 7, u64::MAX, 7]));
    assert_eq!(sum, 3 + 7 + 19);
    let dropped = Cell::new(0);
    let mut two = mem::ManuallyDrop::new([Loud(&dropped), Loud(&dropped)]);
    let mut list = mem::ManuallyDrop::new([Loud(&dropped), Loud(&dropped), Loud(&dropped)]);
    // SAFETY: all are alive, and nothing drops them again.
    unsafe { drops(two.as_mut_ptr(), NonNull::from(&mut list[..])) };
    assert_eq!(dropped.get(), 5);
}

#[test]
fn methods_of_the_same_names_of_other_types_are_theirs() {
    #[derive(Clone)]
    struct Image(Vec<u8>);
    impl Image {
        fn copy_from(&mut self, other: Image, at: &str) -> usize {
            self.0.extend(other.0);
            at.len()
        }
        fn swap(&mut self, other: Image) {
            *self = other;
        }
        fn replace(&self, what: u8) -> usize {
            self.0.iter().filter(|byte| **byte == what).count()
        }
    }
    #[race::instrument]
    unsafe fn all(image: &mut Image, made: fn() -> Image, cell: &Cell<u8>, text: &str) -> usize {
        let (one, two) = (made(), made());
        let other_cell = Cell::new(9);
        // SAFETY: nothing unsafe is done.
        #[allow(unused_unsafe)]
        unsafe {
            let length = image.copy_from(one, text) + made().copy_from(two, text);
            let three = made();
            image.swap(three);
            cell.swap(&other_cell);
            made().swap(image.clone());
            length + image.replace(1) + usize::from(cell.replace(3)) + text.replace("a", "bc").len()
        }
    }
    let cell = Cell::new(1);
    // SAFETY: nothing unsafe is done.
    assert_eq!(unsafe { all(&mut Image(vec![]), || Image(vec![1]), &cell, "ab") }, 4 + 1 + 9 + 3);
}

#[test]
fn comparisons_with_calls_compare() {
    #[race::instrument]
    fn all(number: &mut u32, name: &String, text: &str, made: fn() -> String, slice: &[u8]) -> [bool; 8] {
        let mut next = || {
            *number += 1;
            *number
        };
        let one = next();
        let first = one == next();
        let pointer = &one;
        [
            first,
            *pointer < next(),
            next() == *pointer + 3,
            *name == made(),
            made() == *name,
            *text == *made(),
            *slice == [1, 2][..],
            made().len() > *pointer as usize,
        ]
    }
    let results = all(&mut 0, &"ab".into(), "ab", || "ab".into(), &[1, 2]);
    assert_eq!(results, [false, true, true, true, true, true, true, true]);
}

#[test]
fn parts_of_what_calls_give_are_parts() {
    struct Tree {
        left: Option<Box<Tree>>,
        value: u32,
        names: [String; 2],
    }
    impl Tree {
        fn left(&mut self) -> Option<&mut Tree> {
            self.left.as_deref_mut()
        }
        fn this(&self) -> &Tree {
            self
        }
        fn owned(&self) -> (String, u32) {
            (self.names[0].clone(), self.value)
        }
    }
    #[race::instrument]
    fn all(tree: &mut Tree, cell: &RefCell<Tree>) -> Option<(u32, String)> {
        tree.left()?.value = 3;
        tree.left()?.value += tree.this().value;
        tree.left().unwrap().names[0].push('x');
        cell.borrow_mut().value += tree.value - 1;
        cell.borrow_mut().names[1] = tree.owned().0;
        let pair = tree.this().owned();
        let sum = tree.left()?.value + cell.borrow().value + pair.1 + tree.this().left.as_ref()?.value;
        Some((sum, tree.owned().0 + &cell.borrow().names[1] + &tree.left()?.names[0]))
    }
    let tree = |value, left| Tree { left, value, names: ["a".into(), "b".into()] };
    let mut root = tree(1, Some(tree(2, None).into()));
    let cell = RefCell::new(tree(10, None));
    assert_eq!(all(&mut root, &cell), Some((4 + 10 + 1 + 4, "aaax".into())));
}
