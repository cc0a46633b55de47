//! Logical tasks as the engine sees them: who runs, which slots they use, and what they know when they share.

mod own;

use std::panic::AssertUnwindSafe;

use own::{alone, with};
use race_rt::clock::{Epoch, Head, Slot};
use race_rt::thread::context::NodeId;
use race_rt::thread::registry::{self, TASK_SLOTS};
use race_rt::thread::task::Task;
use race_rt::thread::{Thread, ThreadId};

fn task() -> Task {
    with(|thread| Task::new(thread, None, NodeId::ROOT))
}

fn running() -> ThreadId {
    with(|thread| thread.id())
}

/// A step of the running thread: its epoch at an access that it might make.
fn step() -> Epoch {
    with(|thread| thread.epoch())
}

fn knows(epoch: Epoch) -> bool {
    with(|thread| thread.clock().knows(epoch))
}

fn join(mut task: Task) {
    let end = task.finish().expect("a task ends once");
    with(|thread| end.acquire(thread));
}

#[test]
fn a_turn_over_the_thread_is_itself_again() {
    let _alone = alone();
    let (before, mut outer, mut inner) = (running(), task(), task());
    outer.run(|| {
        assert_ne!(running(), before);
        let outer = running();
        let thrown = std::panic::catch_unwind(AssertUnwindSafe(|| {
            inner.run(|| {
                assert_ne!(running(), outer);
                std::panic::resume_unwind(Box::new(()));
            })
        }));
        assert!(thrown.is_err());
        assert_eq!(running(), outer);
    });
    assert_eq!(running(), before);
    assert_eq!(inner.run(running), inner.id(), "a task goes on after a panic if it is let");
}

#[test]
fn a_task_knows_its_creator_and_its_own_turns_and_its_end_is_for_who_joins() {
    let _alone = alone();
    let before = step();
    let mut task = task();
    let after = step();
    let first = task.run(|| {
        assert!(knows(before) && !knows(after));
        step()
    });
    assert!(task.run(|| knows(first)));
    assert!(!knows(first), "to run a task teaches nothing");
    join(task);
    assert!(knows(first));
}

#[test]
fn tasks_that_follow_each_other_use_one_slot() {
    let _alone = alone();
    let mut slots = Vec::new();
    for _ in 0..3 * TASK_SLOTS {
        let mut task = task();
        slots.push(task.run(step).slot());
        join(task);
    }
    slots.dedup();
    assert_eq!(slots.len(), 1);
}

#[test]
fn many_tasks_share_few_slots_and_keep_their_names_and_knowledge() {
    let _alone = alone();
    let mut tasks: Vec<Task> = (0..TASK_SLOTS + 1000).map(|_| task()).collect();
    let lesson: Head = with(Thread::release);
    let steps: Vec<Epoch> = tasks
        .iter_mut()
        .map(|task| {
            task.run(|| {
                with(|thread| thread.acquire_head(&lesson));
                step()
            })
        })
        .collect();
    for (task, step) in tasks.iter().zip(&steps) {
        assert_eq!(registry::owner_of(*step), task.id());
    }
    let slots: std::collections::HashSet<_> = steps.iter().map(|step| step.slot().index()).collect();
    assert!(slots.len() < TASK_SLOTS + 100, "{} slots", slots.len());

    // The last task's lane is taken by another, so it changes to a third's; nested as deep as there are lanes.
    let (last, others) = tasks.split_last_mut().unwrap();
    let (last_step, id) = (*steps.last().unwrap(), last.id());
    let mut nested = 0;
    run_within(&mut others[TASK_SLOTS..], &mut nested, &mut || {
        last.run(|| {
            assert_eq!(running(), id);
            assert_ne!(step().slot(), last_step.slot());
            assert!(knows(last_step) && knows(lesson.epoch));
            assert_eq!(registry::owner_of(step()), id);
        });
    });
    assert_eq!(nested, 100);
}

#[test]
fn a_slot_with_countless_turns_forgets_whose_they_were_and_says_so() {
    let _alone = alone();
    let mut tasks: Vec<Task> = (0..TASK_SLOTS + 1000).map(|_| task()).collect();
    let lanes: Vec<Slot> = tasks.iter_mut().map(|task| task.run(step).slot()).collect();
    // Two whose lane is the same. How many lanes there are depends on the tests before.
    let is_shared = |task: &usize| lanes[*task] == lanes[TASK_SLOTS];
    let second = (TASK_SLOTS + 1..tasks.len()).find(is_shared).expect("there are fewer lanes than tasks");
    let (front, back) = tasks.split_at_mut(second);
    let (one, other) = (&mut front[TASK_SLOTS], &mut back[0]);
    let first = one.run(step);
    let mut last = first;
    for _ in 0..5000 {
        last = other.run(step);
        assert_eq!(last.slot(), first.slot());
        one.run(|| ());
    }
    assert_eq!(registry::owner_of(last), other.id());
    let named = registry::info(registry::owner_of(first)).unwrap();
    assert_eq!(named.name.as_deref(), Some("one of many, long ago"));
}

/// Runs `innermost` in a turn of the last of `tasks`, in a turn of the one before, and so on, a hundred deep.
fn run_within(tasks: &mut [Task], nested: &mut usize, innermost: &mut dyn FnMut()) {
    match tasks.split_last_mut() {
        Some((task, rest)) if *nested < 100 => {
            *nested += 1;
            task.run(|| run_within(rest, nested, innermost));
        }
        _ => innermost(),
    }
}
