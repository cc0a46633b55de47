//! What another rule finds in the same executions: that of LLVM's ThreadSanitizer, as `compiler-rt/lib/tsan/rtl` has it.
//!
//! Each granule of eight bytes has four cells of one access each. An access is compared with the cells of other lanes that
//! it shares a byte with; the first that it is not ordered after is reported, and the granule then forgets all and heeds no
//! reads, so that few repeat it. Otherwise the access takes the place of one of its own lane to the same bytes, if that
//! counts as no stronger; else an empty cell; else a read is dropped and a write takes any of the four. Fences order
//! nothing, and a relaxed store leaves what a release store before it published.
//!
//! Each of these can be put right ([`Rule`]), which shows what it costs. All else is the oracle's: what orders objects with
//! a contract, which accesses conflict, when memory begins a new life. Not simulated: the history that stacks are restored
//! from, and the limit of 255 threads. Blocks as large as [`LARGE`] are left out.

use std::collections::{BTreeSet, HashMap};

use race_rt::access::AccessKind;
use race_rt::heap::LARGE;
use race_rt::shadow::map::GRANULE;

use crate::execution::{Execution, LANES, Lane, Operation, Step};
use crate::oracle::{Event, HappensBefore, Truth, View, conflict, releases, whole_granules};
use crate::random::Random;
use crate::uses::Use;

/// Cells of a granule.
const CELLS: usize = 4;

/// Which parts of the rule are as they are.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Whether a granule has four cells, or as many as are asked for.
    pub few_cells: bool,
    /// What orders accesses.
    pub view: View,
    /// Whether a granule that had its report forgets all, and all races but the first of an access.
    pub reports_once: bool,
}

/// What a rule found, against the truth.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// Executions in which something races.
    pub racy: usize,
    /// Of these, such in which no race was found.
    pub silent: usize,
    /// Executions in which something was found that is no race.
    pub inventive: usize,
    /// Bytes that race, in each of their lives.
    pub bytes: usize,
    /// Of these, such that no race was found on.
    pub missed: usize,
    /// Bytes, life by life, on which something was found that is no race.
    pub invented: usize,
}

#[derive(Clone, Copy)]
enum Cell {
    Empty,
    /// The granule had its report.
    Reported,
    Access(Access),
}

#[derive(Clone, Copy)]
struct Access {
    event: Event,
    lane: Lane,
    /// How often the lane had released before.
    epoch: usize,
    kind: AccessKind,
    mask: u8,
}

impl Access {
    fn is_same(self, other: Access) -> bool {
        let same_kind = self.kind == other.kind
            || (self.kind.is_atomic() == other.kind.is_atomic()
                && self.kind.is_volatile() == other.kind.is_volatile()
                && !other.kind.writes()
                && self.kind.writes());
        (self.lane, self.epoch, self.mask) == (other.lane, other.epoch, other.mask) && same_kind
    }

    /// The more, the weaker: reads are weaker than writes, and atomic accesses than others.
    fn weakness(self) -> usize {
        2 * usize::from(self.kind.is_atomic()) + usize::from(!self.kind.writes())
    }
}

/// A race that the rule finds: its byte and the two events.
type Found = (usize, Event, Event);

struct Simulation<'a> {
    rule: Rule,
    order: &'a HappensBefore,
    granules: HashMap<usize, Vec<Cell>>,
    random: Random,
    found: Vec<Found>,
}

impl Simulation<'_> {
    fn access(&mut self, granule: usize, access: Access) {
        let Rule { few_cells, reports_once, .. } = self.rule;
        let cells = self.granules.entry(granule).or_insert_with(|| vec![Cell::Empty; CELLS]);
        let is_read = !access.kind.writes();
        let passes = |cell: &Cell| match cell {
            Cell::Empty => false,
            Cell::Reported => is_read,
            Cell::Access(old) => old.is_same(access),
        };
        if cells.iter().any(passes) {
            return;
        }
        for cell in cells.iter() {
            let Cell::Access(old) = *cell else { continue };
            let both = old.mask & access.mask;
            let may_race = both != 0 && old.lane != access.lane && conflict(old.kind, access.kind);
            if !may_race || self.order.holds(old.event, access.event) {
                continue;
            }
            let bytes = (0..GRANULE).filter(|bit| both >> bit & 1 == 1).map(|bit| granule + bit);
            self.found.extend(bytes.map(|byte| (byte, old.event, access.event)));
            if reports_once {
                *cells = vec![Cell::Empty; CELLS];
                cells[0] = Cell::Reported;
                return;
            }
        }
        let weaker = cells.iter().position(|cell| {
            matches!(cell, Cell::Access(old) if (old.lane, old.mask) == (access.lane, access.mask)
                && old.weakness() >= access.weakness() && few_cells)
        });
        let empty = || cells.iter().position(|cell| matches!(cell, Cell::Empty));
        match weaker.or_else(empty) {
            Some(place) => cells[place] = Cell::Access(access),
            None if !few_cells => cells.push(Cell::Access(access)),
            None if is_read => {}
            None => cells[self.random.below(CELLS)] = Cell::Access(access),
        }
    }
}

/// Whether the step publishes what its lane has done.
fn publishes(operation: Operation) -> bool {
    match operation {
        Operation::Store(_, order) | Operation::Update(_, order) | Operation::Exchange(_, order, _) => releases(order),
        Operation::Fence(order) => releases(order),
        Operation::ObjectRelease(_) | Operation::ObjectReleaseMerge(_) | Operation::ReleaseAt(_) => true,
        Operation::Spawn(_) | Operation::Finish => true,
        Operation::Use(operation) => !matches!(
            operation,
            Use::Lock(_)
                | Use::ReadLock(_)
                | Use::WriteLock(_)
                | Use::CallOnce(_)
                | Use::WaitForGroup(_)
                | Use::Take(..)
        ),
        _ => false,
    }
}

fn find(execution: &Execution, rule: Rule, random: Random) -> Vec<Found> {
    let order = HappensBefore::as_seen(execution, rule.view);
    let mut epochs = [0; LANES];
    let mut simulation = Simulation { rule, order: &order, granules: HashMap::new(), random, found: Vec::new() };
    for (event, Step { lane, operation, .. }) in execution.steps().iter().enumerate() {
        if let Operation::Adopt(_) = operation {
            // It comes after what any lane did so far.
            epochs.iter_mut().for_each(|epoch| *epoch += 1);
        }
        let begins_life = matches!(operation, Operation::Allocate(_) | Operation::Forget(_));
        let Some(place) = operation.place() else {
            epochs[lane.0] += usize::from(publishes(*operation));
            continue;
        };
        if begins_life {
            for granule in whole_granules(place).step_by(GRANULE) {
                simulation.granules.remove(&granule);
            }
        }
        if let Some(kind) = operation.access() {
            let first = place.at / GRANULE * GRANULE;
            for granule in (first..place.at + place.size).step_by(GRANULE) {
                let is_inside = |bit: &usize| place.range().contains(&(granule + bit));
                let mask = (0..GRANULE).filter(is_inside).fold(0, |mask, bit| mask | 1 << bit);
                let access = Access { event, lane: *lane, epoch: epochs[lane.0], kind, mask };
                simulation.access(granule, access);
                if kind == AccessKind::Free {
                    simulation.granules.insert(granule, vec![Cell::Empty; CELLS]);
                    simulation.access(granule, access);
                }
            }
        }
        epochs[lane.0] += usize::from(publishes(*operation));
    }
    simulation.found
}

/// The execution without large blocks.
pub fn without_large_blocks(execution: &Execution) -> Execution {
    let is_small = |step: &&Step| step.operation.place().is_none_or(|place| place.size < LARGE);
    let steps: Vec<Step> = execution.steps().iter().filter(is_small).copied().collect();
    Execution::from_steps(&steps)
}

impl Verdict {
    /// Adds what `rule` finds in an execution of which this is the truth.
    pub fn add(&mut self, execution: &Execution, truth: &Truth, rule: Rule, random: Random) {
        let (mut right, mut wrong) = (BTreeSet::new(), BTreeSet::new());
        for (byte, earlier, later) in find(execution, rule, random) {
            let segment = truth.segment_of(byte).expect("what is accessed lies in a segment");
            let is_race = segment.races.contains(&(earlier, later));
            let bytes = if is_race { &mut right } else { &mut wrong };
            bytes.insert((byte, segment.life_at(later)));
        }
        let mut racy = 0;
        for segment in truth.segments() {
            let lives: BTreeSet<u32> = segment.races.iter().map(|(_, later)| segment.life_at(*later)).collect();
            racy += lives.len() * segment.bytes.len();
        }
        self.racy += usize::from(racy > 0);
        self.silent += usize::from(racy > 0 && right.is_empty());
        self.inventive += usize::from(!wrong.is_empty());
        self.bytes += racy;
        self.missed += racy - right.len();
        self.invented += wrong.len();
    }
}
