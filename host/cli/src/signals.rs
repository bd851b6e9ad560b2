//! What the system tells this process: stop, and look at the files.

use strongroom_app::{Error, Stop};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

fn receive(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(|error| Error::bug("signals cannot be received", error))
}

/// Receives when a person says that the files are ready (SIGHUP).
pub(crate) fn reload() -> Result<mpsc::Receiver<()>, Error> {
    let mut hangup = receive(SignalKind::hangup())?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(
        async move { while hangup.recv().await.is_some() && sender.send(()).await.is_ok() {} },
    );
    Ok(receiver)
}

/// Turns true on SIGTERM or Ctrl-C.
pub(crate) fn stop() -> Result<Stop, Error> {
    let mut terminate = receive(SignalKind::terminate())?;
    let mut interrupt = receive(SignalKind::interrupt())?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: running attempts may finish");
        // Nobody listens any more when the engine has ended by itself.
        let _ended = sender.send(true).is_err();
        sender.closed().await;
    });
    Ok(receiver)
}
