//! Examples, and their features.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use portcullis::text::model::{Extracted, Extractor};
use serde::Deserialize;

use crate::grammar::Random;
pub use crate::task::{Example, Shape, Task};
use crate::vocabulary::Vocabulary;

/// A line of the data.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    pub text: String,
    #[serde(deserialize_with = "flag")]
    pub label: bool,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub source: String,
    /// Whose words it is, as `eval` takes it: user, tool, document.
    #[serde(default)]
    pub role: String,
    /// The file's name without its ending: train, dev.
    #[serde(skip)]
    pub split: String,
}

/// 0 or 1.
fn flag<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    u8::deserialize(deserializer).map(|label| label == 1)
}

/// All examples of a task with their features.
pub struct Set {
    pub shape: Shape,
    pub vocabulary: Vocabulary,
    pub outputs: usize,
    pub dense: Vec<String>,
    pub items: Vec<Item>,
}

/// An example and its features.
pub struct Item {
    pub example: Example,
    pub fold: Option<String>,
    pub features: Extracted,
}

/// The rows of all JSON Lines files of these folders, or of these files.
pub fn rows(paths: &[PathBuf]) -> Result<Vec<Row>, String> {
    let mut files = Vec::new();
    for path in paths {
        let fail = |error: std::io::Error| format!("{}: {error}", path.display());
        if path.is_dir() {
            let mut inside = Vec::new();
            for entry in path.read_dir().map_err(fail)? {
                inside.push(entry.map_err(fail)?.path());
            }
            inside.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
            inside.sort();
            files.extend(inside);
        } else {
            files.push(path.clone());
        }
    }
    let mut rows = Vec::new();
    for file in files {
        read(&file, &mut rows)?;
    }
    Ok(rows)
}

fn read(file: &Path, rows: &mut Vec<Row>) -> Result<(), String> {
    let fail = |error: String| format!("{}: {error}", file.display());
    let opened = std::fs::File::open(file).map_err(|error| fail(error.to_string()))?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    for (number, line) in BufReader::new(opened).lines().enumerate() {
        let line = line.map_err(|error| fail(error.to_string()))?;
        if line.trim().is_empty() {
            continue;
        }
        let row: Row = serde_json::from_str(&line)
            .map_err(|error| fail(format!("line {}: {error}", number + 1)))?;
        rows.push(Row {
            split: stem.clone().into_owned(),
            ..row
        });
    }
    Ok(())
}

impl Set {
    /// The examples of a task.
    pub fn load(task: &dyn Task, paths: &[PathBuf]) -> Result<Self, String> {
        let shape = task.shape();
        let vocabulary = match shape.words {
            Some(_) => Vocabulary::read()?,
            None => Vocabulary::default(),
        };
        let extractor = Extractor::new(
            shape.ngrams.map(|(spec, _)| spec),
            shape.block,
            vocabulary.words.iter().map(String::as_str),
        );
        let rows = rows(paths)?;
        let examples = task.examples(rows, &mut Random::new(shape.seed));
        let mut dense = Vec::new();
        let items: Vec<Item> = examples
            .into_iter()
            .map(|example| {
                let own = task.dense(&example);
                dense = own.names().iter().map(|&name| name.to_owned()).collect();
                Item {
                    fold: task.fold(&example.source),
                    features: extractor.extract(&example.text, &*own),
                    example,
                }
            })
            .collect();
        let blocks = items
            .iter()
            .map(|item| item.features.blocks.len())
            .sum::<usize>();
        let left = items.iter().filter(|item| item.fold.is_some()).count();
        eprintln!(
            "{} examples ({left} in folds), {blocks} blocks",
            items.len()
        );
        Ok(Self {
            outputs: task.outputs().len(),
            dense,
            shape,
            vocabulary,
            items,
        })
    }
}
