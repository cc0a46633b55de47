//! Makes an execution that shows a difference smaller while it still shows one.
//!
//! Greedy: drops halves, quarters and so on down to single steps, then makes places and sites plainer, until nothing
//! more can go. The result need not be the smallest; no single step can be left out of it.

use crate::execution::{Execution, Operation, Place, Site, Step};

/// A small execution for which `shows` still holds, as it does for `execution`.
pub fn shrink(execution: &Execution, mut shows: impl FnMut(&Execution) -> bool) -> Execution {
    let mut best = execution.clone();
    loop {
        let before = best.clone();
        drop_steps(&mut best, &mut shows);
        plain_steps(&mut best, &mut shows);
        if best == before {
            return best;
        }
    }
}

fn drop_steps(best: &mut Execution, shows: &mut impl FnMut(&Execution) -> bool) {
    let mut length = best.steps().len().div_ceil(2);
    while length > 0 {
        let mut at = 0;
        while at < best.steps().len() {
            let mut steps = best.steps().to_vec();
            steps.drain(at..(at + length).min(steps.len()));
            if !replace(best, &steps, shows) {
                at += length;
            }
        }
        length = if length == 1 { 0 } else { length.div_ceil(2) };
    }
}

fn plain_steps(best: &mut Execution, shows: &mut impl FnMut(&Execution) -> bool) {
    for at in 0..best.steps().len() {
        let own_site = Step { site: Site(at), ..best.steps()[at] };
        let smaller = smaller(best.steps()[at]);
        for plainer in std::iter::once(own_site).chain(smaller) {
            let mut steps = best.steps().to_vec();
            steps[at] = plainer;
            if plainer != best.steps()[at] && steps.len() == Execution::from_steps(&steps).steps().len() {
                replace(best, &steps, shows);
            }
        }
    }
}

/// The step on fewer bytes.
fn smaller(step: Step) -> Option<Step> {
    match step.operation {
        Operation::Access(kind, place) if place.size > 1 => {
            let place = Place { at: place.at, size: place.size / 2 };
            Some(Step { operation: Operation::Access(kind, place), ..step })
        }
        _ => None,
    }
}

fn replace(best: &mut Execution, steps: &[Step], shows: &mut impl FnMut(&Execution) -> bool) -> bool {
    let candidate = Execution::from_steps(steps);
    let better = candidate != *best && shows(&candidate);
    if better {
        *best = candidate;
    }
    better
}
