//! Compiling a plugin in a child process, because a hostile one can take unbounded time and memory to compile.
//!
//! Owns: both ends of the pipe: the host starts, feeds, limits and kills; the child limits itself and compiles.
//! The child gets the limits and the plugin on its standard input and answers with machine code on its output.
//! Never: what becomes of the code (`artifact`, `cache`). Read next: `load`.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use wasmtime::Engine;

use crate::cache::ARTIFACT_LIMIT;
use crate::deadline::Deadline;
use crate::engine;
use crate::error::LoadError;
use crate::text;

/// What a compilation may take. A usual plugin takes a tenth of a second and 100 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CompileLimits {
    /// Address space of the child, bytes.
    pub(crate) memory: u64,
    /// Processor time, whole seconds.
    pub(crate) cpu: Duration,
    /// From start to answer.
    pub(crate) wall: Duration,
}

impl Default for CompileLimits {
    fn default() -> Self {
        // 2 GiB: a component of 10 MiB takes one. 30 s: a hostile module of 353 KiB took 73.
        Self {
            memory: 2 << 30,
            cpu: Duration::from_secs(30),
            wall: Duration::from_secs(60),
        }
    }
}

/// How to start the compile child: a program that calls [`compile_worker`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompilerCommand {
    /// The program, usually this one.
    pub program: PathBuf,
    /// Its arguments, usually a hidden subcommand.
    pub args: Vec<OsString>,
}

impl CompilerCommand {
    /// A program and its arguments.
    pub fn new(
        program: impl Into<PathBuf>,
        args: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self {
            program: program.into(),
            args,
        }
    }
}

/// Longest complaint of the child that is read.
const COMPLAINT_LIMIT: u64 = 64 * 1024;

/// Compiles validated bytes in a child.
pub(crate) async fn compile(
    command: &CompilerCommand,
    limits: CompileLimits,
    plugin: &[u8],
) -> Result<Vec<u8>, LoadError> {
    let failed = |reason: String| LoadError::Compile { reason };
    let mut child = Command::new(&command.program)
        .args(&command.args)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| failed(format!("{} does not start: {e}", command.program.display())))?;
    // Dropping the unfinished conversation drops the child, which kills it.
    match Deadline::begin(limits.wall)
        .limit(converse(&mut child, limits, plugin))
        .await
    {
        None => Err(LoadError::CompileLimit {
            limit: format!("{:?}", limits.wall),
        }),
        Some(Err(e)) => Err(failed(format!("the compiler's pipe broke: {e}"))),
        Some(Ok((status, code, _))) if status.success() && !code.is_empty() => Ok(code),
        Some(Ok((status, _, complaint))) => Err(verdict(status, &complaint, limits)),
    }
}

/// Hands over the plugin and takes what comes back.
async fn converse(
    child: &mut Child,
    limits: CompileLimits,
    plugin: &[u8],
) -> io::Result<(ExitStatus, Vec<u8>, String)> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("a stream of the compiler is missing"));
    };
    let feed = async move {
        // A child that dies early breaks the pipe; its exit status says more than that.
        drop(stdin.write_all(&header(limits)).await);
        drop(stdin.write_all(plugin).await);
        drop(stdin.shutdown().await);
    };
    let (mut code, mut complaint) = (Vec::new(), Vec::new());
    let (mut stdout, mut stderr) = (stdout.take(ARTIFACT_LIMIT), stderr.take(COMPLAINT_LIMIT));
    let ((), read, complained) = tokio::join!(
        feed,
        stdout.read_to_end(&mut code),
        stderr.read_to_end(&mut complaint)
    );
    read?;
    complained?;
    Ok((
        child.wait().await?,
        code,
        String::from_utf8_lossy(&complaint).into_owned(),
    ))
}

/// Why a child ended without code.
fn verdict(status: ExitStatus, complaint: &str, limits: CompileLimits) -> LoadError {
    let signal = status.signal();
    if signal == Some(Signal::XCPU.as_raw()) || signal == Some(Signal::KILL.as_raw()) {
        return LoadError::CompileLimit {
            limit: format!("{} s of processor time", limits.cpu.as_secs()),
        };
    }
    // The allocator's last words, wasmtime's and the kernel's.
    if [
        "memory allocation of",
        "out of memory",
        "Cannot allocate memory",
    ]
    .iter()
    .any(|words| complaint.contains(words))
    {
        return LoadError::CompileLimit {
            limit: format!("{} MiB of memory", limits.memory >> 20),
        };
    }
    let said = text::one_line(complaint);
    let reason = match (said.is_empty(), signal) {
        (false, _) => said,
        (true, Some(signal)) => format!("the compiler died of signal {signal}"),
        (true, None) => format!("the compiler ended with {status}"),
    };
    LoadError::Compile { reason }
}

/// The limits as the child reads them: bytes of memory, seconds of processor time, little endian.
fn header(limits: CompileLimits) -> [u8; 16] {
    (u128::from(limits.memory) | u128::from(limits.cpu.as_secs().max(1)) << 64).to_le_bytes()
}

/// The body of the compile child: limits itself, reads a component from standard input, writes machine code to
/// standard output. Exit code 1: it could not, and standard error says why.
#[must_use]
pub fn compile_worker() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Nobody is left to hear of a broken pipe.
            drop(writeln!(io::stderr(), "{reason}"));
            ExitCode::FAILURE
        }
    }
}

fn work() -> Result<(), String> {
    let mut stdin = io::stdin().lock();
    let mut header = [0; 16];
    stdin
        .read_exact(&mut header)
        .map_err(|e| format!("this command is started by the host only: {e}"))?;
    restrict(u128::from_le_bytes(header))
        .map_err(|e| format!("the compiler cannot limit itself: {e}"))?;
    let mut plugin = Vec::new();
    stdin
        .read_to_end(&mut plugin)
        .map_err(|e| format!("the plugin did not arrive: {e}"))?;
    let engine = engine::engine(&engine::compile_config()).map_err(|e| e.to_string())?;
    let code = precompile(&engine, &plugin)?;
    io::stdout()
        .lock()
        .write_all(&code)
        .map_err(|e| format!("the code could not be handed over: {e}"))
}

fn precompile(engine: &Engine, plugin: &[u8]) -> Result<Vec<u8>, String> {
    // With its feature for text, wasmtime would read anything else as WebAssembly's text format.
    if !plugin.starts_with(b"\0asm") {
        return Err("the plugin did not arrive as a binary".to_owned());
    }
    engine
        .precompile_component(plugin)
        .map_err(|e| text::one_line(&format!("{e:#}")))
}

/// Sets this process's own limits, from which there is no way back.
fn restrict(header: u128) -> rustix::io::Result<()> {
    let both = |limit: u64| Rlimit {
        current: Some(limit),
        maximum: Some(limit),
    };
    let (memory, seconds) = (header as u64, (header >> 64) as u64);
    setrlimit(Resource::As, both(memory))?;
    // A second between the limits: the first ends it with a signal of its own name.
    setrlimit(
        Resource::Cpu,
        Rlimit {
            current: Some(seconds),
            maximum: Some(seconds.saturating_add(1)),
        },
    )?;
    setrlimit(Resource::Core, both(0))?;
    rustix::thread::set_no_new_privs(true)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> CompilerCommand {
        CompilerCommand::new("/bin/sh", ["-c", text])
    }

    fn within(wall: Duration) -> CompileLimits {
        CompileLimits {
            wall,
            ..CompileLimits::default()
        }
    }

    #[tokio::test]
    async fn every_way_a_child_can_end_has_its_message() {
        for (text, expected) in [
            ("cat >/dev/null; printf code", Ok(b"code".to_vec())),
            (
                "exit 3",
                Err("the plugin could not be compiled: the compiler ended with exit status: 3"),
            ),
            (
                "echo 'bad opcode' >&2; exit 1",
                Err("the plugin could not be compiled: bad opcode"),
            ),
            (
                "kill -SEGV $$",
                Err("the plugin could not be compiled: the compiler died of signal 11"),
            ),
            (
                "kill -XCPU $$",
                Err("compiling the plugin took more than 30 s of processor time"),
            ),
            (
                "echo 'memory allocation of 9 bytes failed' >&2; kill -ABRT $$",
                Err("compiling the plugin took more than 2048 MiB of memory"),
            ),
        ] {
            let result = compile(
                &script(text),
                within(Duration::from_secs(5)),
                &vec![0; 1 << 20],
            )
            .await
            .map_err(|e| e.to_string());
            assert_eq!(result, expected.map_err(str::to_owned), "{text}");
        }
    }

    #[tokio::test]
    async fn a_child_that_never_answers_is_killed() {
        let error = compile(
            &script("exec sleep 600"),
            within(Duration::from_millis(50)),
            b"",
        )
        .await
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "compiling the plugin took more than 50ms"
        );
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let error = compile(
            &CompilerCommand::new("/no/such/program", ["x"]),
            CompileLimits::default(),
            b"",
        )
        .await
        .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("/no/such/program does not start"),
            "{error}"
        );
    }

    #[test]
    fn the_header_carries_both_limits() {
        let limits = CompileLimits {
            memory: 7 << 30,
            cpu: Duration::from_secs(3),
            wall: Duration::ZERO,
        };
        let header = u128::from_le_bytes(header(limits));
        assert_eq!((header as u64, (header >> 64) as u64), (7 << 30, 3));
    }
}
