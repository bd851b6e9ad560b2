//! How a call that did not return ended: wasmtime's errors, told apart.
//!
//! Owns: telling timeout, memory, trap and breach of contract apart. Never: answers (`answer`). Read next: `call`.

use strongroom_domain::retry::Failure;
use wasmtime::Trap;
use wasmtime::component::ResourceTableError;

use crate::call::{CallResult, crash};
use crate::capability::Stop;
use crate::instance::{HANDLES_LIMIT, HOSTCALL_BYTES};
use crate::limiter::Limiter;
use crate::text;

/// Every way not to return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The deadline passed.
    TimedOut,
    /// It asked for more memory, tables or host memory than allowed.
    OutOfMemory {
        /// Which limit.
        detail: String,
    },
    /// It panicked, trapped or overflowed its stack.
    Trapped {
        /// What wasmtime saw, one line.
        detail: String,
    },
    /// It broke a limit of the contract.
    Refused {
        /// Which rule.
        detail: String,
    },
}

impl<A> From<Ending> for CallResult<A> {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::TimedOut => Self::TimedOut,
            Ending::OutOfMemory { detail } => {
                let detail = format!("the plugin ran out of memory: {detail}");
                Self::Failed(Failure::crashed(detail))
            }
            Ending::Trapped { detail } => Self::Failed(crash(&detail)),
            Ending::Refused { detail } => Self::Refused(detail),
        }
    }
}

/// wasmtime's words for limits that have no type of their own.
const HOSTCALL_FUEL: &str = "fuel allocated for hostcalls has been exhausted";
const HANDLES: &str = "handle limit exceeded";

/// Names the ending of a call that failed with `error`.
///
/// `last_words` is what the guest wrote last to its standard error, such as a panic's message.
pub(crate) fn of(error: &wasmtime::Error, limiter: &Limiter, last_words: Option<String>) -> Ending {
    let trap = error.downcast_ref::<Trap>().copied();
    if trap == Some(Trap::Interrupt) {
        return Ending::TimedOut;
    }
    match error.downcast_ref::<Stop>() {
        Some(Stop::Breach(which)) => {
            return Ending::Refused {
                detail: which.clone(),
            };
        }
        Some(exit @ Stop::Exit(_)) => {
            return Ending::Trapped {
                detail: exit.to_string(),
            };
        }
        None => {}
    }
    // A guest whose request for memory was refused usually aborts next: the request is what its author must know.
    if let Some(refused) = limiter.refused() {
        return Ending::OutOfMemory {
            detail: refused.to_owned(),
        };
    }
    let said = format!("{error:#}");
    if said.contains(HOSTCALL_FUEL) {
        let detail = format!(
            "it passed more than {} MiB to the host at once",
            HOSTCALL_BYTES >> 20
        );
        return Ending::OutOfMemory { detail };
    }
    if said.contains(HANDLES)
        || matches!(
            error.downcast_ref::<ResourceTableError>(),
            Some(ResourceTableError::Full)
        )
    {
        return Ending::OutOfMemory {
            detail: format!("it held more than {HANDLES_LIMIT} handles at once"),
        };
    }
    let mut detail = match trap {
        Some(trap) => trap
            .to_string()
            .trim_start_matches("wasm trap: ")
            .to_owned(),
        None => text::one_line(&said),
    };
    if let Some(words) = last_words {
        detail = format!("{detail}; its last words: {words}");
    }
    Ending::Trapped { detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::{Error, ResourceLimiter};

    fn ending(error: Error) -> Ending {
        of(&error, &Limiter::new(0), None)
    }

    #[test]
    fn every_error_has_its_ending() {
        assert_eq!(ending(Trap::Interrupt.into()), Ending::TimedOut);
        assert_eq!(
            ending(Stop::Exit(3).into()),
            Ending::Trapped {
                detail: "it called exit(3)".into()
            }
        );
        assert_eq!(
            ending(Stop::Breach("too long".into()).into()),
            Ending::Refused {
                detail: "too long".into()
            }
        );
        assert_eq!(
            ending(Trap::StackOverflow.into()),
            Ending::Trapped {
                detail: "call stack exhausted".into()
            }
        );
        assert!(matches!(
            ending(ResourceTableError::Full.into()),
            Ending::OutOfMemory { .. }
        ));
        assert!(matches!(
            ending(Error::msg(HOSTCALL_FUEL)),
            Ending::OutOfMemory { .. }
        ));
        let other = Ending::Trapped {
            detail: "one two".into(),
        };
        assert_eq!(ending(Error::msg("one\n  two\n")), other);
    }

    #[test]
    fn an_abort_after_refused_memory_is_out_of_memory() {
        let mut limiter = Limiter::new(0);
        assert!(!limiter.memory_growing(0, 65_536, None).unwrap());
        let ending = of(&Trap::UnreachableCodeReached.into(), &limiter, None);
        assert!(matches!(ending, Ending::OutOfMemory { detail } if detail.contains("65536 bytes")));
    }

    #[test]
    fn a_panic_is_shown_with_its_message() {
        let words = Some("thread panicked at lib.rs:7: boom".to_owned());
        let Ending::Trapped { detail } = of(
            &Trap::UnreachableCodeReached.into(),
            &Limiter::new(0),
            words,
        ) else {
            panic!("not trapped");
        };
        assert_eq!(
            detail,
            "wasm `unreachable` instruction executed; its last words: thread panicked at lib.rs:7: boom"
        );
    }
}
