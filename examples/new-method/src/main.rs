//! clbench with one method more.

mod new_method;

fn main() -> std::process::ExitCode {
    clbench::cli::main(&clbench_cli::shelf().methods([new_method::METHOD]))
}
