//! [`Action`]: a function that several may hold and call, of which the last one is rid of it.
//!
//! Naively an `Arc`, whose count orders all who ever held it before the last. Here only a destructor comes after all
//! calls and holders: where there is none, nobody is ordered.

use std::mem::needs_drop;
use std::sync::Arc;

use crate::engine::{Edge, hidden};

/// What a timer calls.
#[derive(Clone)]
pub(super) struct Action(Option<Arc<Function>>);

struct Function {
    call: Box<dyn Fn() + Send + Sync>,
    has_destructor: bool,
    /// What those did who held it.
    held: Edge,
}

impl Action {
    pub(super) fn new<F: Fn() + Send + Sync + 'static>(call: F) -> Action {
        let function = Function { call: Box::new(call), has_destructor: needs_drop::<F>(), held: Edge::new() };
        Action(Some(Arc::new(function)))
    }

    pub(super) fn call(&self) {
        if let Some(function) = &self.0 {
            (function.call)();
        }
    }
}

impl Drop for Action {
    fn drop(&mut self) {
        let Some(function) = self.0.take() else { return };
        if !function.has_destructor {
            return hidden(|| drop(function));
        }
        function.held.merge();
        if let Some(last) = hidden(|| Arc::into_inner(function)) {
            last.held.acquire();
            // The destructor is the program's.
            drop(last);
        }
    }
}
