//! Writes modules to standard output, one JSON object a line.
//!
//! `generated COUNT SEED SIZE` makes modules at random; `spec` takes those of the WebAssembly core
//! test suite, with what is done to them.

mod generated;
mod json;
mod spec;

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["generated", count, seed, size] => {
            let number = |text: &str| text.parse::<u64>().ok();
            match (number(count), number(seed), number(size)) {
                (Some(count), Some(seed), Some(size)) => generated::write(count, seed, size as usize),
                _ => return usage(),
            }
        }
        ["spec"] => spec::write(),
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: instrument-corpus generated COUNT SEED SIZE | spec");
    ExitCode::from(2)
}
