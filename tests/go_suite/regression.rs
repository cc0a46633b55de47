//! `regression_test.go`: the length of a map in a map, and compound places on a stack that is pushed to and popped from.

use std::collections::HashMap;

use race::cell::UnsafeCell;
use race::channel::bounded;

use crate::case::{consume, go, variable};
use crate::wrapper_case::Steps;

type Map = HashMap<i32, UnsafeCell<HashMap<i32, i32>>>;

struct Stack {
    items: [i32; 4],
    height: usize,
}

impl Stack {
    #[race::instrument]
    fn push(&mut self, item: i32) {
        self.items[self.height] = item;
        self.height += 1;
    }

    #[race::instrument]
    fn pop(&mut self) -> i32 {
        self.height -= 1;
        self.items[self.height]
    }
}

crate::suite! {
    "regression_test.go";

    "TestRaceUnaddressableMapLen" => fn race_unaddressable_map_len() {
        static READ: Steps = Steps::new();
        let map = variable(Map::from([(0, UnsafeCell::default())]));
        let (done, finished) = bounded(1);
        go(move || {
            READ.wait_for(1);
            (&(*map))[&0].with_mut(|inner| (&mut *inner).insert(1, 1));
            done.send(true).unwrap();
        });
        consume((&(*map))[&0].with(|inner| (&*inner).len()));
        READ.take();
        finished.recv().unwrap();
    }

    "TestNoRaceStackPushPop" => fn no_race_stack_push_pop() {
        let stack = variable(Stack { items: [0; 4], height: 0 });
        let (started, starts) = bounded(0);
        let (stop, stops) = bounded(0);
        go(move || {
            let held = stack;
            started.send(true).unwrap();
            stops.recv().unwrap();
            consume(held);
        });
        starts.recv().unwrap();
        for turn in 0..100 {
            (&mut *stack).push(turn);
            assert_eq!((&mut *stack).pop(), turn);
        }
        stop.send(true).unwrap();
    }
}
