//! clbench with a plug-in: everything that ships and one optimizer more.

mod prodigy;

fn main() -> std::process::ExitCode {
    clbench::cli::main(&clbench_cli::shelf().rules([prodigy::RULE]))
}
