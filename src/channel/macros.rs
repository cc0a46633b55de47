//! [`select!`](crate::select): what is written becomes operations, one call that does one of them, and a chain that runs
//! the body of that one. The bodies stand in the caller's code, so `break`, `continue`, `return` and `?` mean what they
//! mean there.

/// Does one of several sends and receives: any of those that are possible at once, or else the first to become possible.
///
/// - `recv(receiver) -> message => body`: `message` is a `Result<T, RecvError>`; a closed channel counts as possible.
/// - `send(sender, value) -> result => body`: `result` is a `Result<(), SendError<T>>`.
/// - `default => body`: nothing was possible at once.
/// - `default(time) => body`: nothing was possible within that [`Duration`](std::time::Duration).
///
/// `message` and `result` are patterns. The value of the body is the value of the whole. Receivers, senders, values and
/// the time are evaluated once, from top to bottom, before anything is done; what was not sent is dropped. Among the
/// operations that are possible the choice is pseudo-random. Without any arm it waits for ever.
///
/// Orders what the chosen operation does by itself, and nothing else. A send that is not ordered with an explicit close
/// is reported, except when it had to wait for its turn.
///
/// ```
/// use race::channel::{bounded, unbounded};
/// use race::time::{Duration, after};
///
/// let ((orders, incoming), (results, finished)) = (bounded(1), unbounded());
/// orders.send(20).unwrap();
/// let too_late = after(Duration::from_secs(60));
/// let total = loop {
///     race::select! {
///         recv(incoming) -> number => results.send(number.unwrap() + 1).unwrap(),
///         recv(finished) -> result => break result.unwrap(),
///         recv(too_late) -> _ => panic!("nothing came"),
///     }
/// };
/// assert_eq!(total, 21);
///
/// let has_room = race::select! {
///     send(orders, 1) -> result => result.is_ok(),
///     default => false,
/// };
/// assert!(has_room);
/// ```
#[macro_export]
macro_rules! select {
    ($($arms:tt)*) => {
        $crate::__select!(@arms [] [] [] [] $($arms)*)
    };
}

// @arms [operations to make] [names, each with its own hygiene] [names and bodies] [the default's] arms to be read
#[doc(hidden)]
#[macro_export]
macro_rules! __select {
    (@arms $made:tt $names:tt $bodies:tt $default:tt) => {
        $crate::__select!(@write $made $names $bodies $default)
    };
    (@arms $made:tt $names:tt $bodies:tt $default:tt , $($rest:tt)*) => {
        $crate::__select!(@arms $made $names $bodies $default $($rest)*)
    };

    // A body in braces needs no comma after it; any other one does, unless it is the last.
    (@arms $made:tt $names:tt $bodies:tt $default:tt $kind:ident $(($($of:tt)*))? $(-> $result:pat)? => $body:block $($rest:tt)*) => {
        $crate::__select!(@arm $made $names $bodies $default ($kind $(($($of)*))? $(-> $result)?) ($body) $($rest)*)
    };
    (@arms $made:tt $names:tt $bodies:tt $default:tt $kind:ident $(($($of:tt)*))? $(-> $result:pat)? => $body:expr , $($rest:tt)*) => {
        $crate::__select!(@arm $made $names $bodies $default ($kind $(($($of)*))? $(-> $result)?) ($body) $($rest)*)
    };
    (@arms $made:tt $names:tt $bodies:tt $default:tt $kind:ident $(($($of:tt)*))? $(-> $result:pat)? => $body:expr) => {
        $crate::__select!(@arm $made $names $bodies $default ($kind $(($($of)*))? $(-> $result)?) ($body))
    };

    (@arm [$($made:tt)*] [$($name:ident)*] [$($bodies:tt)*] $default:tt (recv($receiver:expr $(,)?) -> $result:pat) ($body:expr) $($rest:tt)*) => {
        $crate::__select!(@arms
            [$($made)* { $receiver.__receiving() }] [$($name)* arm] [$($bodies)* { arm $result => $body }] $default $($rest)*)
    };
    (@arm [$($made:tt)*] [$($name:ident)*] [$($bodies:tt)*] $default:tt (send($sender:expr, $value:expr $(,)?) -> $result:pat) ($body:expr) $($rest:tt)*) => {
        $crate::__select!(@arms
            [$($made)* { $sender.__sending($value) }] [$($name)* arm] [$($bodies)* { arm $result => $body }] $default $($rest)*)
    };
    (@arm [$($made:tt)*] [$($name:ident)*] $bodies:tt [] (default $(())?) ($body:expr) $($rest:tt)*) => {
        $crate::__select!(@arms
            [$($made)* { $crate::channel::__at_once() }] [$($name)* time] $bodies [time $body] $($rest)*)
    };
    (@arm [$($made:tt)*] [$($name:ident)*] $bodies:tt [] (default($time:expr $(,)?)) ($body:expr) $($rest:tt)*) => {
        $crate::__select!(@arms
            [$($made)* { $crate::channel::__within($time) }] [$($name)* time] $bodies [time $body] $($rest)*)
    };
    (@arm $made:tt $names:tt $bodies:tt [$($default:tt)+] (default $($of:tt)*) $($rest:tt)*) => {
        ::core::compile_error!("select! takes one `default`: remove the other")
    };
    (@arm $($rest:tt)*) => {
        ::core::compile_error!(
            "an arm of select! is `recv(receiver) -> message => body`, `send(sender, value) -> result => body`, \
             `default => body` or `default(time) => body`"
        )
    };
    (@arms $made:tt $names:tt $bodies:tt $default:tt $($rest:tt)+) => {
        ::core::compile_error!(
            "an arm of select! is `recv(receiver) -> message => body`, `send(sender, value) -> result => body`, \
             `default => body` or `default(time) => body`, and a body without braces ends with a comma"
        )
    };

    (@write [$({ $made:expr })*] [$($name:ident)*] [$({ $arm:ident $result:pat => $body:expr })*] []) => {
        match ($($made,)*) {
            ($(mut $name,)*) => {
                $crate::channel::__do_one(&mut [$(&mut $arm,)*], $crate::channel::__forever());
                $(if let ::core::option::Option::Some(outcome) = $arm.into_outcome() {
                    let $result = outcome;
                    $body
                } else)* {
                    ::core::unreachable!("one operation has taken place")
                }
            }
        }
    };
    (@write [$({ $made:expr })*] [$($name:ident)*] [$({ $arm:ident $result:pat => $body:expr })*] [$time:ident $otherwise:expr]) => {
        match ($($made,)*) {
            ($(mut $name,)*) => {
                $crate::channel::__do_one(&mut [$(&mut $arm,)*], $time);
                $(if let ::core::option::Option::Some(outcome) = $arm.into_outcome() {
                    let $result = outcome;
                    $body
                } else)* {
                    $otherwise
                }
            }
        }
    };
}
