//! The word vectors that `distill.py` makes.

use std::path::Path;

/// Words and their vectors.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    pub words: Vec<String>,
    pub dims: usize,
    /// `dims` numbers a word.
    pub vectors: Vec<f32>,
}

impl Vocabulary {
    /// Reads `tokens.bin`, which lies beside this program's manifest.
    pub fn read() -> Result<Self, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tokens.bin");
        let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&bytes).ok_or_else(|| format!("{}: not of the form expected", path.display()))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(b"PCLSTOK1")?;
        let number = |at: usize| {
            let four = rest.get(at..at + 4)?;
            Some(u32::from_le_bytes(four.try_into().ok()?) as usize)
        };
        let (count, dims) = (number(0)?, number(4)?);
        let scales = rest.get(8..8 + 4 * dims)?.as_chunks::<4>().0;
        let scales: Vec<f32> = scales
            .iter()
            .map(|&four| f32::from_le_bytes(four))
            .collect();
        let mut at = 8 + 4 * dims;
        let mut words = Vec::with_capacity(count);
        for _ in 0..count {
            let len = usize::from(*rest.get(at)?);
            let word = rest.get(at + 1..at + 1 + len)?;
            words.push(String::from_utf8(word.to_vec()).ok()?);
            at += 1 + len;
        }
        let values = rest.get(at..at + count * dims)?.iter();
        let scaled = values.zip(scales.iter().cycle());
        let vectors = scaled
            .map(|(&value, scale)| f32::from(value as i8) * scale)
            .collect();
        Some(Self {
            words,
            dims,
            vectors,
        })
    }

    /// The vector of a word.
    pub fn vector(&self, word: u16) -> &[f32] {
        let at = usize::from(word) * self.dims;
        &self.vectors[at..at + self.dims]
    }
}
