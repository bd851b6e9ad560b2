//! A compile child of its own, for tests that have no `strongroom` binary at hand.

fn main() -> std::process::ExitCode {
    strongroom_sandbox::compile_worker()
}
