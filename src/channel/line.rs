//! Blocked operations at one end of a channel, in the order in which they came.
//!
//! Each has a parcel: what it brought, and later what it got. An operation leaves by itself, with its parcel, whether it
//! took place or not; so what a sender brought and nobody took goes back to it.

use std::collections::VecDeque;

use super::turn::{Meeting, Post};

pub(super) struct Line<P> {
    waiting: VecDeque<(Post, P)>,
    /// Those that have their turn and have not left yet.
    served: Vec<(Post, P)>,
}

/// Whom an operation found in a line.
pub(super) enum Found<'a, P> {
    /// Somebody, who has his turn now.
    Partner(&'a mut P),
    /// Nobody.
    Nobody,
    /// The operation that looked was itself found elsewhere.
    SelfIsGone,
}

impl<P> Line<P> {
    pub(super) fn new() -> Line<P> {
        Line { waiting: VecDeque::new(), served: Vec::new() }
    }

    pub(super) fn join(&mut self, post: Post, parcel: P) {
        self.waiting.push_back((post, parcel));
    }

    /// Whether somebody may be waiting. He may have been found elsewhere.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Finds the first who waits for the operation that is at `own`, when others may find that one already.
    pub(super) fn find(&mut self, own: Option<&Post>) -> Found<'_, P> {
        let mut place = 0;
        while let Some((post, _)) = self.waiting.get(place) {
            match Post::meet(own, post) {
                Meeting::Held => {
                    self.served.extend(self.waiting.remove(place));
                    let (_, parcel) = self.served.last_mut().expect("there was one at this place");
                    return Found::Partner(parcel);
                }
                Meeting::OtherIsGone => place += 1,
                Meeting::SelfIsGone => return Found::SelfIsGone,
            }
        }
        Found::Nobody
    }

    /// Gives everybody his turn, with what is in his parcel now.
    pub(super) fn dismiss(&mut self) {
        while let Found::Partner(_) = self.find(None) {}
    }

    /// The operation at `post` leaves with its parcel. It had joined.
    pub(super) fn leave(&mut self, post: &Post) -> P {
        let served =
            self.served.iter().position(|(other, _)| other == post).map(|place| self.served.swap_remove(place));
        let left = served.or_else(|| {
            let place = self.waiting.iter().position(|(other, _)| other == post)?;
            self.waiting.remove(place)
        });
        left.expect("an operation that joined leaves once").1
    }
}
