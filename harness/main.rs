//! The program `clbench`: everything that ships, and nothing else.

fn main() -> std::process::ExitCode {
    clbench_cli::main()
}
