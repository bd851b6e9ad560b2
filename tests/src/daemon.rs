//! A `strongroom serve` that a test has started, and stops.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::eventually;
use crate::host::typed;

/// A clean stop waits for running attempts; the tests' are short.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// A running daemon; killed by its process id when dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts the command; standard output and error go to the file.
    #[track_caller]
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let open = || {
            let file = File::options().create(true).append(true).open(log);
            file.unwrap_or_else(|error| panic!("{}: {error}", log.display()))
        };
        let typed = typed(&command);
        let started = command
            .stdout(Stdio::from(open()))
            .stderr(Stdio::from(open()))
            .spawn();
        let child = started.unwrap_or_else(|error| panic!("`{typed}` cannot be started: {error}"));
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has said so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Waits until it has said this.
    ///
    /// # Panics
    /// When it does not within the time, or ends.
    #[track_caller]
    pub fn says(&mut self, words: &str, within: Duration) {
        let said = eventually(&format!("the daemon says `{words}`"), within, || {
            let log = self.log();
            let ended = self.child.try_wait().ok().flatten();
            (log.contains(words) || ended.is_some()).then_some(log)
        });
        assert!(
            said.contains(words),
            "the daemon ended without saying `{words}`; it said:\n{said}"
        );
    }

    /// Whether it still runs.
    ///
    /// # Panics
    /// When the system does not say.
    #[track_caller]
    pub fn runs(&mut self) -> bool {
        self.child
            .try_wait()
            .unwrap_or_else(|error| panic!("the daemon's state: {error}"))
            .is_none()
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    ///
    /// # Panics
    /// When it does not end in time; shows what it said.
    #[track_caller]
    pub fn stop(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ends(STOP_WITHIN)
    }

    /// Kills it (SIGKILL) as a crash would, and waits until the process is gone.
    ///
    /// # Panics
    /// When it cannot be killed.
    #[track_caller]
    pub fn crash(mut self) {
        self.signal(Signal::KILL);
        let _ = self.ends(STOP_WITHIN);
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When the process is gone already.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        if let Err(error) = kill_process(pid, signal) {
            panic!(
                "{signal:?} to the daemon: {error}; it said:\n{}",
                self.log()
            );
        }
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    /// When it has not within the time.
    #[track_caller]
    pub fn ends(&mut self, within: Duration) -> ExitStatus {
        let log = self.log.clone();
        let what = format!("the daemon ends (its log is {})", log.display());
        eventually(&what, within, || self.child.try_wait().ok().flatten())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("the daemon {} is left behind: {error}", self.child.id());
        }
    }
}
