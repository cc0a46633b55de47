//! The part of an execution that the wrapper tier's types can do, and that comes to an end.
//!
//! Left out: what only the other tier or the engine itself has, and each operation that would wait for ever. Volatile
//! accesses become plain ones.

use race_rt::access::AccessKind;

use crate::execution::{Execution, LANES, Operation, Place, Step};
use crate::uses::Use;

/// That part.
pub fn part_of(execution: &Execution) -> Execution {
    let mut initialising = [false; LANES];
    let steps = execution.steps().iter().filter_map(|step| {
        let operation = operation(step.operation, &mut initialising[step.lane.0])?;
        Some(Step { operation, ..*step })
    });
    without_endless_waits(Execution::from_steps(&steps.collect::<Vec<Step>>()))
}

fn operation(operation: Operation, initialising: &mut bool) -> Option<Operation> {
    let is_number = |place: Place| [1, 2, 4, 8].contains(&place.size) && place.at.is_multiple_of(place.size);
    match operation {
        Operation::Access(kind, place) => {
            let kind = if kind.writes() { AccessKind::Write } else { AccessKind::Read };
            Some(Operation::Access(kind, place))
        }
        Operation::ObjectRelease(_)
        | Operation::ObjectReleaseMerge(_)
        | Operation::ObjectAcquire(_)
        | Operation::ObjectConsume(_)
        | Operation::ObjectClear(_)
        | Operation::Adopt(_)
        | Operation::Move
        | Operation::Allocate(_)
        | Operation::Free(_)
        | Operation::Forget(_) => None,
        Operation::Use(Use::Post(_) | Use::WaitForPost(_)) => None,
        // The initialiser is a closure, so a lane ends one before it begins another.
        Operation::Use(Use::BeginOnce(_)) => (!std::mem::replace(initialising, true)).then_some(operation),
        Operation::Use(Use::EndOnce(_) | Use::BreakOnce(_)) => {
            *initialising = false;
            Some(operation)
        }
        Operation::Load(place, _)
        | Operation::Store(place, _)
        | Operation::Update(place, _)
        | Operation::Exchange(place, ..)
        | Operation::FailedExchange(place, ..) => is_number(place).then_some(operation),
        _ => Some(operation),
    }
}

/// Without the last steps of lanes that would wait for ever, as often as that makes others wait so.
fn without_endless_waits(mut execution: Execution) -> Execution {
    loop {
        let endless: Vec<usize> = (0..LANES).filter_map(|lane| endless_wait_of(&execution, lane)).collect();
        if endless.is_empty() {
            return execution;
        }
        let steps = execution.steps().iter().enumerate().filter(|(at, _)| !endless.contains(at));
        execution = Execution::from_steps(&steps.map(|(_, step)| *step).collect::<Vec<Step>>());
    }
}

fn endless_wait_of(execution: &Execution, lane: usize) -> Option<usize> {
    let last = execution.steps().iter().rposition(|step| step.lane.0 == lane)?;
    execution.effects()[last].waits.then_some(last)
}
