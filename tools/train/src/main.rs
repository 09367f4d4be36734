//! Trains the models that portcullis ships.
//!
//! ```text
//! cargo run --release --manifest-path tools/train/Cargo.toml -- injection DIR..
//! cargo run --release --manifest-path tools/train/Cargo.toml -- safety DIR..
//! cargo run --release --manifest-path tools/train/Cargo.toml -- refusal
//! cargo run --release --manifest-path tools/train/Cargo.toml -- loso injection DIR..
//! cargo run --release --manifest-path tools/train/Cargo.toml -- quick injection DIR..
//! cargo run --release --manifest-path tools/train/Cargo.toml -- eval injection FILE..
//! cargo run --release --manifest-path tools/train/Cargo.toml -- letters DIR..
//! ```
//!
//! The first trains `models/injection.bin`: on all sources, calibrated on the scores that each
//! source gets from a model that has not seen it; so do the next two with theirs, the last of which
//! needs no data but its own texts. `loso` prints how well those left-out sources
//! are judged, and writes nothing. `quick` trains without leaving anything out, and does not
//! calibrate: for experiments. `eval` judges labelled texts with the model as it lies in
//! `models/`, or in what `--models` names. `letters` counts pairs of letters for the decoded views.
//! DIR holds JSON Lines with `text`, `label`, `kind` and `source`. The same data and the same
//! program give the same weights, bit for bit.

mod calibrate;
mod data;
mod doubt;
mod export;
mod fit;
mod grammar;
mod injection;
mod letters;
mod loso;
mod metrics;
mod net;
mod refusal;
mod safety;
mod task;
mod vocabulary;
mod written;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use fit::Without;
use task::Task;

/// The folder of the models: what follows `--models`, which is taken out, or the repository's.
fn models(arguments: &mut Vec<String>) -> PathBuf {
    match arguments.iter().position(|argument| argument == "--models") {
        Some(at) if at + 1 < arguments.len() => {
            let folder = arguments.remove(at + 1);
            arguments.remove(at);
            folder.into()
        }
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models"),
    }
}

fn task(name: &str) -> Result<Box<dyn Task>, String> {
    match name {
        "injection" => Ok(Box::new(injection::Injection)),
        "safety" => Ok(Box::new(safety::Safety)),
        "refusal" => Ok(Box::new(refusal::Refusal)),
        other => Err(format!(
            "there is no task {other}: injection, safety or refusal"
        )),
    }
}

fn run(arguments: &[String], models: &Path) -> Result<(), String> {
    let usage =
        "[loso|quick|eval] injection|safety|refusal DIR.. [--models DIR], or: letters DIR..";
    if let Some(("letters", paths)) = arguments
        .split_first()
        .map(|(mode, rest)| (mode.as_str(), rest))
    {
        return letters::write(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
    }
    let (mode, rest) = match arguments.first().map(String::as_str) {
        Some(mode @ ("loso" | "quick" | "eval")) => (mode, &arguments[1..]),
        Some(_) => ("train", arguments),
        None => return Err(usage.into()),
    };
    let [name, paths @ ..] = rest else {
        return Err(usage.into());
    };
    let task = task(name)?;
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let file = models.join(format!("{name}.bin"));
    if mode == "eval" {
        return loso::eval(&*task, &file, &paths);
    }
    let mut set = data::Set::load(&*task, &paths)?;
    doubt::weigh(&*task, &mut set);
    if mode == "quick" {
        return export::write(
            &*task,
            &set,
            &fit::fit(&*task, &set, Without::Nothing),
            None,
            &file,
        );
    }
    let left_out = loso::leave_out(&*task, &set)?;
    let calibration = calibrate::fit(&*task, &set, &left_out);
    loso::report(&set, &left_out, &calibration);
    if mode == "loso" {
        return Ok(());
    }
    export::write(
        &*task,
        &set,
        &fit::fit(&*task, &set, Without::Nothing),
        Some(&calibration),
        &file,
    )
}

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let models = models(&mut arguments);
    match run(&arguments, &models) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
