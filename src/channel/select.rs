//! [`Select`]: waiting for one of several operations, as many as there are at run time. What
//! [`select!`](crate::select) is for those known in the source.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::operation::{Operation, Receiving, Sending, do_one};
use super::turn::Patience;
use super::{Receiver, RecvError, SendError, Sender};

/// Several sends and receives, one of which is to be done.
///
/// Among those that are possible at once the choice is pseudo-random. What the chosen one does by itself is ordered, and
/// nothing else.
///
/// ```
/// use race::channel::{Select, unbounded};
///
/// let lines: Vec<_> = (0..3).map(|_| unbounded()).collect();
/// lines[1].0.send("hello").unwrap();
///
/// let mut select = Select::new();
/// for (_, receiver) in &lines {
///     select.recv(receiver);
/// }
/// let selected = select.select();
/// let line = selected.index();
/// assert_eq!((line, selected.recv(&lines[line].1)), (1, Ok("hello")));
/// ```
#[derive(Default)]
pub struct Select<'a> {
    choices: Vec<Choice<'a>>,
}

/// The operation of a [`Select`] that took place.
pub struct Selected<'a> {
    index: usize,
    choice: Choice<'a>,
}

struct Choice<'a> {
    operation: Box<dyn Operation + 'a>,
    at: End,
}

/// Which end of which channel an operation is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Sender(*const ()),
    Receiver(*const ()),
}

impl End {
    fn of_sender<T>(sender: &Sender<T>) -> End {
        End::Sender(Arc::as_ptr(&sender.queue).cast())
    }

    fn of_receiver<T>(receiver: &Receiver<T>) -> End {
        End::Receiver(Arc::as_ptr(&receiver.queue).cast())
    }
}

impl<'a> Select<'a> {
    /// Nothing to be done yet.
    pub fn new() -> Select<'a> {
        Select::default()
    }

    fn add(&mut self, operation: impl Operation + 'a, at: End) -> usize {
        self.choices.push(Choice { operation: Box::new(operation), at });
        self.choices.len() - 1
    }

    /// Adds a receive; returns its index: they count up from zero.
    pub fn recv<T>(&mut self, receiver: &'a Receiver<T>) -> usize {
        self.add(Receiving::new(&receiver.queue), End::of_receiver(receiver))
    }

    /// Adds a send of `message`; returns its index. If it is not the one that is done, the message is dropped.
    pub fn send<T>(&mut self, sender: &'a Sender<T>, message: T) -> usize {
        self.add(Sending::new(&sender.queue, message), End::of_sender(sender))
    }

    /// Waits until one operation is done. Without any it waits for ever.
    pub fn select(self) -> Selected<'a> {
        match self.within(Patience::Endless) {
            Ok(selected) => selected,
            Err(_) => unreachable!("without end there is no being late"),
        }
    }

    /// Does one operation if one is possible at once.
    ///
    /// # Errors
    /// All of them, when none is.
    pub fn try_select(self) -> Result<Selected<'a>, Select<'a>> {
        self.within(Patience::None)
    }

    /// Waits until one operation is done, for `time` at most.
    ///
    /// # Errors
    /// All of them, when none was possible in time.
    pub fn select_timeout(self, time: Duration) -> Result<Selected<'a>, Select<'a>> {
        self.within(Patience::lasting(time))
    }

    fn within(mut self, patience: Patience) -> Result<Selected<'a>, Select<'a>> {
        let mut operations: Vec<&mut dyn Operation> =
            self.choices.iter_mut().map(|choice| &mut *choice.operation as &mut dyn Operation).collect();
        do_one(&mut operations, patience);
        match self.choices.iter().position(|choice| choice.operation.is_done()) {
            Some(index) => Ok(Selected { index, choice: self.choices.swap_remove(index) }),
            None => Err(self),
        }
    }
}

impl Selected<'_> {
    /// Which operation it was.
    pub fn index(&self) -> usize {
        self.index
    }

    /// What the receive brought.
    ///
    /// # Errors
    /// When there is no message and the channel is closed or all senders are gone.
    ///
    /// # Panics
    /// When the operation was not a receive from `receiver`'s channel.
    #[track_caller]
    pub fn recv<T>(self, receiver: &Receiver<T>) -> Result<T, RecvError> {
        assert!(
            self.choice.at == End::of_receiver(receiver),
            "the selected operation was no receive from this channel"
        );
        let operation = Box::into_raw(self.choice.operation);
        // SAFETY: `Select::recv` made it, for this queue, which is borrowed and so is the same one still; and a queue has
        // one type of messages, in which it is invariant. So it was made as what it is taken for.
        let receiving = unsafe { Box::from_raw(operation.cast::<Receiving<'_, T>>()) };
        receiving.into_outcome().expect("the selected operation is done")
    }

    /// What came of the send.
    ///
    /// # Errors
    /// The message, when the channel is closed or all receivers are gone.
    ///
    /// # Panics
    /// When the operation was not a send to `sender`'s channel.
    #[track_caller]
    pub fn send<T>(self, sender: &Sender<T>) -> Result<(), SendError<T>> {
        assert!(self.choice.at == End::of_sender(sender), "the selected operation was no send to this channel");
        let operation = Box::into_raw(self.choice.operation);
        // SAFETY: as in `recv`, with `Select::send`.
        let sending = unsafe { Box::from_raw(operation.cast::<Sending<'_, T>>()) };
        sending.into_outcome().expect("the selected operation is done")
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Select").field("operations", &self.choices.len()).finish()
    }
}

impl fmt::Debug for Selected<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Selected").field("index", &self.index).finish_non_exhaustive()
    }
}
