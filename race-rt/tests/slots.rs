//! More threads than slots, and steps than times: what is merged then may hide a race, is counted, and makes up none.

mod own;

use own::{alone, with};
use race_rt::clock::{Epoch, Head, Heads, Slot};
use race_rt::counters::COUNTERS;
use race_rt::start;
use race_rt::thread::Thread;
use race_rt::thread::context::NodeId;
use race_rt::thread::registry::{self, ENDED_KEPT, FRESH, TASK_SLOTS};
use race_rt::thread::task::Task;

fn spawn() -> Box<Thread> {
    with(|parent| registry::spawn(parent, None, NodeId::ROOT))
}

/// Ends without anybody's knowing.
fn end_alone(thread: Box<Thread>) {
    registry::detach(thread.id());
    registry::finish(thread);
}

/// The clock of `thread` knows that `access` happened.
fn knows(thread: &Thread, access: Epoch) -> bool {
    thread.clock().knows(access)
}

/// What a lock that was unlocked with `head` teaches.
fn lock(thread: &mut Thread, head: &Head) {
    let mut object = Heads::new();
    object.replace(head.clone());
    thread.acquire(&object);
}

/// An access by a thread that lives on, which one that has ended learned of and published under a lock.
struct Lesson {
    access: Epoch,
    lock: Head,
    teacher: Box<Thread>,
}

impl Lesson {
    /// Gives the lesson to `pupil`, which publishes it.
    fn to(pupil: &mut Thread) -> Lesson {
        let mut teacher = spawn();
        let access = teacher.epoch();
        let told = teacher.release();
        lock(pupil, &told);
        Lesson { access, lock: pupil.release(), teacher }
    }
}

#[test]
fn a_thread_in_the_slot_of_one_it_does_not_know_still_learns_from_that_ones_locks() {
    let _alone = alone();
    // The oldest of many that ended.
    let mut first = spawn();
    let lesson = Lesson::to(&mut first);
    let slot = first.epoch().slot();
    end_alone(first);
    let ended: Vec<_> = (0..FRESH).map(|_| spawn()).collect();
    ended.into_iter().for_each(end_alone);
    let before = COUNTERS.slots_merged.get();
    let mut others = Vec::new();
    let mut heir = spawn();
    while heir.epoch().slot() != slot {
        others.push(std::mem::replace(&mut heir, spawn()));
        assert!(others.len() <= FRESH, "the slot is used again");
    }
    assert_eq!(COUNTERS.slots_merged.get() - before, others.len() as u64 + 1, "each of them is counted");
    lock(&mut heir, &lesson.lock);
    assert!(knows(&heir, lesson.access), "the lock orders the access before");
    assert!(!knows(&heir, lesson.teacher.epoch()), "and nothing orders what its thread does later");
    others.into_iter().chain([heir, lesson.teacher]).for_each(end_alone);
}

#[test]
fn a_task_in_the_slot_of_one_it_does_not_know_still_learns_from_that_ones_locks() {
    let _alone = alone();
    let task = || with(|thread| Task::new(thread, None, NodeId::ROOT));
    let mut tasks: Vec<Task> = (0..TASK_SLOTS).map(|_| task()).collect();
    let mut lessons = Vec::new();
    for task in &mut tasks {
        let mut teacher = spawn();
        let (access, told) = (teacher.epoch(), teacher.release());
        let lock = task.run(|| {
            with(|thread| {
                lock(thread, &told);
                (thread.epoch().slot(), thread.release())
            })
        });
        lessons.push((access, lock));
        end_alone(teacher);
    }
    drop(tasks);
    let mut later = task();
    later.run(|| {
        with(|thread| {
            let slot = thread.epoch().slot();
            let (access, (_, of_slot)) = lessons.iter().find(|(_, (of, _))| *of == slot).expect("a slot used before");
            lock(thread, of_slot);
            assert!(knows(thread, *access));
        });
    });
}

/// In a process of its own, as there is no way back from few slots.
#[test]
fn threads_that_share_the_last_slot() {
    const CHILD: &str = "RACE_SLOTS_CHILD";
    if std::env::var_os(CHILD).is_none() {
        let test = std::process::Command::new(std::env::current_exe().expect("a test is a file"))
            .args(["--exact", "threads_that_share_the_last_slot", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .expect("the test starts");
        assert!(test.status.success(), "{}", String::from_utf8_lossy(&test.stderr));
        return;
    }
    start::ensure();
    registry::limit_slots(8);
    let mut threads: Vec<_> = (0..20).map(|_| spawn()).collect();
    let shared = Slot::new(7);
    let sharers: Vec<usize> = (0..20).filter(|index| threads[*index].epoch().slot() == shared).collect();
    assert!(sharers.len() >= 12, "{sharers:?}");
    assert_eq!(COUNTERS.slots_merged.get(), sharers.len() as u64);

    // Two of them use a lock in turn, and what one with a slot of its own published before goes with it.
    let (one, other) = (sharers[3], sharers[0]);
    let access = threads[0].epoch();
    let told = threads[0].release();
    lock(&mut threads[one], &told);
    let own = threads[one].epoch();
    let unlocked = threads[one].release();
    assert!(!knows(&threads[1], own) && !knows(&threads[1], access));
    lock(&mut threads[other], &unlocked);
    assert!(knows(&threads[other], own) && knows(&threads[other], access));
    let unlocked = threads[other].release();
    lock(&mut threads[1], &unlocked);
    assert!(knows(&threads[1], own) && knows(&threads[1], access));

    // Each step has the name of its thread, and no two the same time.
    let mut times = std::collections::HashSet::new();
    for index in &sharers {
        let thread = &mut threads[*index];
        thread.release();
        assert_eq!(registry::owner_of(thread.epoch()), thread.id());
        assert!(times.insert(thread.epoch().bits()));
    }

    // A race of one of them with a thread that has a slot is there for all to see, in both directions.
    let (with_slot, without) = (threads[2].epoch(), threads[sharers[5]].epoch());
    assert!(!knows(&threads[2], without) && !knows(&threads[sharers[5]], with_slot));

    // Their ends teach who joins, and a new one takes none of what they have for its own.
    let last = threads.pop().expect("there is one");
    let (id, end) = (last.id(), last.epoch());
    registry::finish(last);
    with(|parent| {
        assert!(!knows(parent, end));
        registry::join(parent, id);
        assert!(knows(parent, end));
    });
    let late = spawn();
    assert!(late.epoch().slot() == shared && knows(&late, end));
    threads.into_iter().chain([late]).for_each(registry::finish);
}

#[test]
fn an_exhausted_slot_is_left_for_another_and_nothing_is_lost() {
    let _alone = alone();
    let mut thread = spawn();
    let before = thread.epoch();
    registry::move_to_new_slot(&mut thread);
    assert!(thread.epoch().slot() != before.slot() && knows(&thread, before));
    let head = thread.release();
    let mut reader = spawn();
    assert!(!knows(&reader, before));
    lock(&mut reader, &head);
    assert!(knows(&reader, before));
    assert!((0..100).all(|_| {
        let next = spawn();
        let is_left_alone = next.epoch().slot() != before.slot();
        end_alone(next);
        is_left_alone
    }));
    end_alone(thread);
    end_alone(reader);
}

#[test]
fn ended_threads_are_named_for_a_while_and_their_numbers_are_never_lost() {
    let _alone = alone();
    let mut first = spawn();
    registry::set_name(first.id(), "the first");
    let (id, step) = (first.id(), first.epoch());
    first.release();
    registry::finish(first);
    with(|parent| registry::join(parent, id));
    assert_eq!(registry::info(id).and_then(|info| info.name).as_deref(), Some("the first"));
    assert_eq!(registry::owner_of(step), id);
    for _ in 0..2 * ENDED_KEPT {
        let next = spawn();
        let id = next.id();
        registry::finish(next);
        with(|parent| registry::join(parent, id));
    }
    assert!(registry::info(id).is_none());
    let named = registry::info(registry::owner_of(step)).and_then(|info| info.name);
    assert!(named.is_none_or(|name| &*name == "one of many, long ago"));
}

#[test]
fn of_twenty_thousand_tasks_two_are_still_told_apart() {
    let _alone = alone();
    let mut tasks: Vec<Task> = (0..20_000).map(|_| with(|thread| Task::new(thread, None, NodeId::ROOT))).collect();
    let steps: Vec<Epoch> = tasks.iter_mut().map(|task| task.run(|| with(|thread| thread.epoch()))).collect();
    let knows = |task: &mut Task, step| task.run(|| with(|thread| thread.clock().knows(step)));
    assert!(!knows(&mut tasks[100], steps[19_999]) && !knows(&mut tasks[19_999], steps[100]));
    assert!(knows(&mut tasks[100], steps[100]) && knows(&mut tasks[19_999], steps[19_999]));
}
