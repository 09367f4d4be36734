//! Counts how letters follow each other, for the views of a text.

use std::path::{Path, PathBuf};

use portcullis::text::Normal;

use crate::data::rows;

/// How often a pair is taken to have occurred before it is counted.
const PRIOR: f64 = 2.0;

/// Writes the table of pairs: 27 times 27 signed bytes, in tenths of bits more than chance.
pub fn write(paths: &[PathBuf]) -> Result<(), String> {
    let mut counts = vec![PRIOR; 27 * 27];
    for row in rows(paths)? {
        if row.label {
            continue;
        }
        let normal = Normal::new(&row.text);
        let mut last = 26;
        for b in normal.as_str().bytes().take(2000) {
            let place = if b.is_ascii_lowercase() {
                usize::from(b - b'a')
            } else {
                26
            };
            if last != 26 || place != 26 {
                counts[last * 27 + place] += 1.0;
            }
            last = place;
        }
    }
    let mut table = Vec::with_capacity(27 * 27);
    for first in 0..27 {
        let row = &counts[first * 27..][..27];
        let sum: f64 = row.iter().sum();
        // Held against letters that are all as likely as each other, so that no order of the
        // same letters is favoured for its letters alone.
        let bits = row.iter().map(|count| (count / sum * 27.0).log2());
        table.extend(bits.map(|bits| (bits * 10.0).round().clamp(-127.0, 127.0) as i8 as u8));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/text/views/letters.bin");
    std::fs::write(&file, table).map_err(|error| format!("{}: {error}", file.display()))
}
