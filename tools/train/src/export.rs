//! Writes a model as it is served: tables as signed bytes.

use std::path::Path;

use portcullis::text::Model;
use portcullis::text::model::{Parts, WordParts};
use portcullis::text::word_hash;

use crate::data::Set;
use crate::fit::Fitted;
use crate::task::Task;

/// The scale of a column such that its largest value is 127.
fn scale(values: impl Iterator<Item = f32>) -> f32 {
    let largest = values.map(f32::abs).fold(0.0, f32::max);
    if largest > 0.0 { largest / 127.0 } else { 1.0 }
}

fn quantize(value: f32, scale: f32) -> i8 {
    (value / scale).round().clamp(-127.0, 127.0) as i8
}

/// The table and the scales of its columns.
fn columns(values: &[f32], columns: usize) -> (Vec<f32>, Vec<i8>) {
    let column = |at: usize| values.iter().skip(at).step_by(columns).copied();
    let scales: Vec<f32> = (0..columns).map(|at| scale(column(at))).collect();
    let each = values.iter().zip(scales.iter().cycle());
    let table = each
        .map(|(&value, &scale)| quantize(value, scale))
        .collect();
    (scales, table)
}

fn words(set: &Set, fitted: &Fitted) -> WordParts {
    let (h, dims) = (fitted.h, set.vocabulary.dims);
    let mut projected = Vec::new();
    for entry in 0..set.vocabulary.words.len() {
        let vector = set.vocabulary.vector(entry as u16);
        for part in 0..fitted.width {
            let mut sums = vec![0.0; h];
            for (d, &value) in vector.iter().enumerate() {
                let row = &fitted.projection.values[(part * dims + d) * h..][..h];
                sums.iter_mut()
                    .zip(row)
                    .for_each(|(sum, w)| *sum += w * value);
            }
            projected.extend(sums);
        }
    }
    let (scales, table) = columns(&projected, h);
    let biases = fitted.word_bias.values.iter().zip(&scales);
    WordParts {
        width: fitted.width as u8,
        bias: biases
            .map(|(&bias, scale)| (bias / scale).round() as i16)
            .collect(),
        hashes: set
            .vocabulary
            .words
            .iter()
            .map(|word| word_hash(word))
            .collect(),
        scales,
        table,
    }
}

/// The model as it is served, and its file.
pub fn model(
    task: &dyn Task,
    set: &Set,
    fitted: &Fitted,
    calibration: Option<&[[f32; 3]]>,
) -> Result<(Model, Vec<u8>), String> {
    let ngrams = set.shape.ngrams.map(|(spec, count)| {
        let (scales, table) = columns(&fitted.table.values, count);
        (spec, scales, table)
    });
    let plain = vec![[1.0, 0.0, 0.0]; set.outputs];
    let parts = Parts {
        name: task.name().to_owned(),
        version: set.shape.version.clone(),
        outputs: task.outputs(),
        dense: set.dense.clone(),
        block: set.shape.block,
        ngrams,
        words: (fitted.h > 0).then(|| words(set, fitted)),
        network: fitted.net.export(calibration.map_or(plain, <[_]>::to_vec)),
    };
    let bytes = parts.to_bytes();
    let model = Model::from_bytes(bytes.clone().into()).map_err(|error| error.to_string())?;
    Ok((model, bytes))
}

/// Writes the model's file.
pub fn write(
    task: &dyn Task,
    set: &Set,
    fitted: &Fitted,
    calibration: Option<&[[f32; 3]]>,
    file: &Path,
) -> Result<(), String> {
    let (model, bytes) = model(task, set, fitted, calibration)?;
    let fail = |error: std::io::Error| format!("{}: {error}", file.display());
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(fail)?;
    }
    std::fs::write(file, &bytes).map_err(fail)?;
    println!(
        "{}: {} bytes, sha256 {}",
        file.display(),
        bytes.len(),
        model.digest()
    );
    Ok(())
}
