//! Functions under `#[race::instrument]` mean what they mean without it: the same values, moves, inference, coercions,
//! borrows and lints. The same tests run with and without the feature.

#![deny(warnings)]
#![allow(
    clippy::explicit_auto_deref,
    clippy::borrow_deref_ref,
    clippy::needless_borrow,
    clippy::box_collection,
    clippy::boxed_local,
    clippy::ptr_arg
)] // what is tested is written out

use std::ops::Index;
use std::ptr;

#[test]
fn reads_and_writes_have_their_values() {
    #[race::instrument]
    unsafe fn all(pointer: *mut u32, array: *mut [u32; 3], index: usize) -> u32 {
        // SAFETY: the caller's promise.
        unsafe {
            *pointer = 5;
            *pointer += 2;
            (*array)[1] = *pointer;
            (*array)[index + 1] = (*array)[1] * 2;
            let sum = *pointer + (*array)[1] + (*array)[2];
            *pointer.add(0) = sum;
            *pointer.add(0) -= 1;
            let same = *pointer == sum - 1 && *pointer.add(0) < sum;
            if same { *pointer } else { 0 }
        }
    }
    let (mut value, mut array) = (0, [0; 3]);
    // SAFETY: both are alive and borrowed by nobody.
    assert_eq!(unsafe { all(&mut value, &mut array, 1) }, 27);
    assert_eq!((value, array), (27, [0, 7, 14]));
}

#[test]
fn names_do_not_meet() {
    #[race::instrument]
    fn all(base: &mut u32, place: &u32, value: u32) -> u32 {
        let pointer = &raw mut *base;
        // SAFETY: nobody else has it.
        unsafe {
            *pointer = u32::min(value, *place);
            *pointer.add(0) = *pointer.add(0) + value;
            *base += u32::max(value, *base);
            *base
        }
    }
    assert_eq!(all(&mut 1, &7, 2), 8);
}

#[test]
fn boxes_are_moved_out_of() {
    #[race::instrument]
    fn take(one: Box<String>, make: fn() -> Box<String>) -> (String, String, usize) {
        let length = one.len();
        let first = *one;
        let second = *make();
        (first, second, length)
    }
    assert_eq!(take(Box::new("a".into()), || Box::new("bc".into())), ("a".into(), "bc".into(), 1));
}

#[test]
fn comparisons_do_not_move() {
    #[race::instrument]
    fn same(one: &String, other: &mut String) -> bool {
        let equal = *one == *other;
        let less = *one < *other;
        other.push('x');
        equal && !less && *one != *other
    }
    assert!(same(&"a".into(), &mut "a".into()));
}

#[test]
fn inference_and_coercions_are_those_of_the_assignment() {
    type Callback = Box<dyn Fn(&str) -> usize>;
    #[race::instrument]
    fn assign(
        callback: &mut Callback,
        function: &mut fn(&str) -> usize,
        slice: &mut &[u8],
        text: &mut String,
        floats: &mut f32,
        made: &mut Vec<u16>,
        maybe: &mut Option<Callback>,
    ) {
        *callback = Box::new(|text| text.len());
        *function = |text| text.len() + 1;
        *slice = &[1, 2, 3];
        *slice = std::convert::identity(&[1, 2]);
        *text += &String::from("b");
        *text += &format!("{}", 1);
        *floats = 2.0 * "3".parse::<f32>().unwrap();
        *floats += 1.0 + "3".parse::<f32>().unwrap();
        *made = (1..4).map(|number| number * 2).collect();
        *made = Default::default();
        *maybe = Some(Box::new(|text| text.len() + 2));
    }
    let mut callback: Callback = Box::new(|_| 0);
    let mut function: fn(&str) -> usize = |_| 0;
    let (mut slice, mut text, mut floats): (&[u8], _, _) = (&[], "a".to_string(), 0.0);
    let (mut made, mut maybe) = (vec![1], None);
    assign(&mut callback, &mut function, &mut slice, &mut text, &mut floats, &mut made, &mut maybe);
    assert_eq!((callback("ab"), function("ab"), slice.len(), text.as_str(), floats), (2, 3, 2, "ab1", 10.0));
    assert_eq!((made.len(), maybe.unwrap()("ab")), (0, 4));
}

#[test]
fn borrows_are_those_of_the_accesses() {
    struct Pair {
        one: u32,
        other: u32,
        list: Vec<u32>,
    }
    #[race::instrument]
    fn use_parts(pair: &mut Pair) -> u32 {
        let one = &mut (*pair).one;
        (*pair).other = 5;
        (*pair).other += 1;
        let read = (*pair).other;
        *one = read;
        let first = &mut (*pair).list[0];
        *first = *one;
        (*pair).list[1] = read + 1;
        let again = &mut *pair;
        (*again).list.push((*again).one);
        (*pair).list.iter().sum()
    }
    let mut pair = Pair { one: 1, other: 2, list: vec![0, 0] };
    assert_eq!(use_parts(&mut pair), 6 + 7 + 6);
    assert_eq!((pair.one, pair.other), (6, 6));
}

#[test]
fn parts_of_variables_are_borrowed_moved_and_initialised_as_before() {
    #[derive(Default)]
    struct Parts {
        name: String,
        list: Vec<u32>,
        pair: (u32, [u32; 2]),
        next: Option<Box<Parts>>,
    }
    impl Parts {
        #[race::instrument]
        fn change(&mut self, index: usize) -> u32 {
            let name = &mut self.name;
            self.pair.0 = 1;
            self.pair.1[index] += 2;
            self.list.push(self.pair.0);
            self.list[0] = u32::max(self.list[0], 7);
            name.push('a');
            if self.list.len() == 1 && self.pair.1[index] == 2 && self.name == "a" {
                self.next = Some(Box::new(Parts { name: "b".into(), pair: self.pair, ..Parts::default() }));
            }
            if let Some(next) = &mut self.next {
                next.pair.0 += self.pair.0;
                next.name = std::mem::take(&mut self.name) + &next.name;
            }
            self.pair.0 + self.pair.1[index] + self.list[0] + self.next.as_ref().map_or(0, |next| next.pair.0)
        }
    }
    #[race::instrument]
    fn take_apart(parts: Parts, mut array: [u32; 2], slice: &mut [u32], list: &mut Vec<u32>) -> (String, u32) {
        let names = parts.next.map(|next| next.name);
        let pair = parts.pair;
        array[0] = pair.0;
        slice[1] = array[0] + pair.1[0];
        list[0] += slice[1];
        let (one, two);
        one = array[0];
        two = list[0];
        drop(parts.list);
        (parts.name + &names.unwrap(), one + two)
    }
    let mut parts = Parts::default();
    assert_eq!(parts.change(0), 1 + 2 + 7 + 2);
    let (mut slice, mut list) = ([0; 2], vec![1]);
    assert_eq!(take_apart(parts, [0; 2], &mut slice, &mut list), ("ab".into(), 1 + 4));
    assert_eq!((slice, list), ([0, 3], vec![4]));
}

#[test]
fn generics_methods_and_control_flow_work() {
    struct Stack<T> {
        top: *mut Node<T>,
    }
    struct Node<T> {
        value: T,
        next: *mut Node<T>,
    }
    impl<T: Clone + PartialOrd> Stack<T> {
        #[race::instrument]
        fn push(&mut self, value: T) {
            let node = Box::into_raw(Box::new(Node { value, next: ptr::null_mut() }));
            // SAFETY: the node was made just now.
            unsafe { (*node).next = self.top };
            self.top = node;
        }

        #[race::instrument]
        fn pop(&mut self) -> Option<T> {
            let top = self.top;
            if top.is_null() {
                return None;
            }
            // SAFETY: nodes come from `Box::into_raw` and are taken off once.
            unsafe {
                self.top = (*top).next;
                Some(Box::from_raw(top).value)
            }
        }

        #[race::instrument]
        fn second(&self) -> Result<T, &'static str> {
            let top = self.top;
            let next = || if top.is_null() { Err("empty") } else { Ok(top) };
            // SAFETY: nodes are alive while they are on the stack.
            let found = unsafe {
                let second = (*next()?).next;
                match second.is_null() {
                    true => return Err("one only"),
                    false if (*(*top).next).value < (*top).value => (*(*top).next).value.clone(),
                    false => (*second).value.clone(),
                }
            };
            Ok(found)
        }
    }
    let mut stack = Stack { top: ptr::null_mut() };
    assert_eq!(stack.second(), Err("empty"));
    stack.push(1);
    assert_eq!(stack.second(), Err("one only"));
    stack.push(2);
    assert_eq!(stack.second(), Ok(1));
    assert_eq!((stack.pop(), stack.pop(), stack.pop()), (Some(2), Some(1), None));
}

#[test]
fn a_module_called_ptr_is_the_programs_own() {
    mod own {
        pub mod ptr {
            pub fn read(what: &str) -> usize {
                what.len()
            }
        }
    }
    #[race::instrument]
    fn length(what: &str) -> usize {
        use own::ptr;
        ptr::read(what) + ptr::read(&what[..1])
    }
    assert_eq!(length("abc"), 4);
}

#[test]
fn blocks_at_the_start_of_a_statement_are_no_trap() {
    #[race::instrument]
    #[allow(unused_must_use, path_statements, clippy::no_effect)]
    fn all(one: &u32, other: &mut u32) -> u32 {
        *one + *other;
        *one;
        *other = *one;
        *other -= 1;
        if *one == 5 {
            *other = 7;
        }
        match *one {
            5 => *other += 1,
            _ => *other = 0,
        }
        while *other > 3 {
            *other -= 1;
        }
        let mut add = |by: u32| *other += by;
        add(2);
        *other * *one - *other
    }
    let mut other = 0;
    let sum = all(&5, &mut other);
    assert_eq!((sum, other), (20, 5));
}

#[test]
fn packed_fields_are_read_and_written() {
    #[derive(Clone, Copy)]
    #[repr(C, packed)]
    struct Packed {
        small: u8,
        large: u64,
    }
    #[race::instrument]
    fn all(packed: &mut Packed) -> u64 {
        (*packed).large = 5;
        (*packed).large += 1;
        (*packed).large + u64::from((*packed).small)
    }
    assert_eq!(all(&mut Packed { small: 1, large: 0 }), 7);
}

#[test]
fn an_index_of_ones_own_is_a_place() {
    struct Ring(Vec<u32>);
    impl Index<usize> for Ring {
        type Output = u32;
        fn index(&self, at: usize) -> &u32 {
            &self.0[at % self.0.len()]
        }
    }
    #[race::instrument]
    fn get(ring: &Ring, at: usize) -> u32 {
        (*ring)[at] + (*ring)[at + 1]
    }
    assert_eq!(get(&Ring(vec![1, 2]), 5), 3);
}
