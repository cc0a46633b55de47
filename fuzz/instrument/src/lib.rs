//! The rewriting of `race-instrument`, which as a crate of macros hands out nothing else: its very files, as an ordinary
//! library, for the fuzz target.

#[path = "../../../race-instrument/src/arguments.rs"]
mod arguments;
#[path = "../../../race-instrument/src/assign.rs"]
mod assign;
#[path = "../../../race-instrument/src/call.rs"]
mod call;
#[path = "../../../race-instrument/src/check.rs"]
mod check;
#[path = "../../../race-instrument/src/closure.rs"]
mod closure;
#[path = "../../../race-instrument/src/entry.rs"]
pub mod entry;
#[path = "../../../race-instrument/src/exchange.rs"]
mod exchange;
#[path = "../../../race-instrument/src/expand.rs"]
pub mod expand;
#[path = "../../../race-instrument/src/hook.rs"]
mod hook;
#[path = "../../../race-instrument/src/item.rs"]
mod item;
#[path = "../../../race-instrument/src/macro_call.rs"]
mod macro_call;
#[path = "../../../race-instrument/src/method.rs"]
mod method;
#[path = "../../../race-instrument/src/nesting.rs"]
mod nesting;
#[path = "../../../race-instrument/src/operator.rs"]
mod operator;
#[path = "../../../race-instrument/src/pattern.rs"]
mod pattern;
#[path = "../../../race-instrument/src/place.rs"]
mod place;
#[path = "../../../race-instrument/src/skip.rs"]
mod skip;
#[path = "../../../race-instrument/src/walk.rs"]
mod walk;
