//! The file of a model: little-endian, in the order of [`Parts`].

use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;

use super::words::{Index, Words};
use super::{MOST_COLUMNS, MOST_OUTPUTS, Model, Network, Ngrams};
use crate::text::NgramSpec;

const MAGIC: &[u8; 8] = b"pcmodel\x01";

/// Why bytes are no model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelError {
    what: &'static str,
    at: usize,
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a usable model: {} at byte {}; train it again with tools/train",
            self.what, self.at
        )
    }
}

impl std::error::Error for ModelError {}

/// All that a model is made of, for those who train one.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// What it judges.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The names of the outputs.
    pub outputs: Vec<String>,
    /// The names of the dense features.
    pub dense: Vec<String>,
    /// How many tokens a block has; a window has two blocks.
    pub block: u16,
    /// The hashed features: which, the scale of each column (1, 2, 4, 8 or
    /// 16 of them), and the table, row by row.
    pub ngrams: Option<(NgramSpec, Vec<f32>, Vec<i8>)>,
    /// The word vectors.
    pub words: Option<WordParts>,
    /// The network.
    pub network: Network,
}

/// Word vectors, for those who train them.
#[derive(Clone, Debug, Default)]
pub struct WordParts {
    /// How many words in a row a column sees: 1 or 3.
    pub width: u8,
    /// The scale of each column.
    pub scales: Vec<f32>,
    /// The bias of each column, in units of its scale.
    pub bias: Vec<i16>,
    /// The hashes of the entries.
    pub hashes: Vec<u32>,
    /// For each entry `width` times as many bytes as there are columns.
    pub table: Vec<i8>,
}

impl Parts {
    /// The bytes of the model's file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let floats = |out: &mut Vec<u8>, values: &[f32]| {
            out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        };
        let signed = |out: &mut Vec<u8>, values: &[i8]| {
            out.extend(values.iter().map(|value| value.cast_unsigned()));
        };
        let text = |out: &mut Vec<u8>, text: &str| {
            let text = &text[..text.floor_char_boundary(255)];
            out.push(text.len() as u8);
            out.extend_from_slice(text.as_bytes());
        };
        out.extend_from_slice(MAGIC);
        text(&mut out, &self.name);
        text(&mut out, &self.version);
        for names in [&self.outputs, &self.dense] {
            out.push(names.len().min(255) as u8);
            if names.len() >= 255 {
                out.extend((names.len() as u16).to_le_bytes());
            }
            names.iter().for_each(|name| text(&mut out, name));
        }
        out.extend(self.block.to_le_bytes());
        out.push(u8::from(self.ngrams.is_some()));
        if let Some((spec, scales, table)) = &self.ngrams {
            out.extend([
                spec.bits,
                spec.shortest,
                spec.longest,
                spec.skip,
                scales.len() as u8,
            ]);
            floats(&mut out, scales);
            signed(&mut out, table);
        }
        out.push(u8::from(self.words.is_some()));
        if let Some(words) = &self.words {
            out.extend([words.width, words.scales.len() as u8]);
            floats(&mut out, &words.scales);
            out.extend(words.bias.iter().flat_map(|value| value.to_le_bytes()));
            out.extend((words.hashes.len() as u16).to_le_bytes());
            out.extend(words.hashes.iter().flat_map(|value| value.to_le_bytes()));
            signed(&mut out, &words.table);
        }
        let network = &self.network;
        out.extend((network.inputs as u16).to_le_bytes());
        out.extend((network.hidden as u16).to_le_bytes());
        for part in [
            &network.first,
            &network.first_bias,
            &network.second,
            &network.direct,
            &network.bias,
        ] {
            floats(&mut out, part);
        }
        floats(&mut out, network.calibration.as_flattened());
        out
    }
}

/// Reads from the front, and knows where it stands.
struct Reader {
    bytes: Bytes,
    at: usize,
}

impl Reader {
    fn fail<T>(&self, what: &'static str) -> Result<T, ModelError> {
        Err(ModelError { what, at: self.at })
    }

    fn take(&mut self, len: usize) -> Result<Bytes, ModelError> {
        match self.at.checked_add(len) {
            Some(end) if end <= self.bytes.len() => {
                let taken = self.bytes.slice(self.at..end);
                self.at = end;
                Ok(taken)
            }
            _ => self.fail("it ends too soon"),
        }
    }

    fn many<const N: usize, T>(
        &mut self,
        count: usize,
        read: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, ModelError> {
        let len = count.saturating_mul(N);
        let bytes = self.take(len)?;
        Ok(bytes
            .as_chunks::<N>()
            .0
            .iter()
            .map(|&chunk| read(chunk))
            .collect())
    }

    fn byte(&mut self) -> Result<u8, ModelError> {
        Ok(self.take(1)?[0])
    }

    fn short(&mut self) -> Result<u16, ModelError> {
        let bytes = self.take(2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>, ModelError> {
        let values = self.many(count, f32::from_le_bytes)?;
        match values.iter().all(|value| value.is_finite()) {
            true => Ok(values),
            false => self.fail("a number is not finite"),
        }
    }

    fn text(&mut self) -> Result<String, ModelError> {
        let len = self.byte()?;
        let bytes = self.take(usize::from(len))?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => self.fail("a name is not UTF-8"),
        }
    }

    fn texts(&mut self) -> Result<Vec<String>, ModelError> {
        // More than a byte can count are counted by the two bytes after it.
        let count = match self.byte()? {
            255 => self.short()?,
            few => u16::from(few),
        };
        (0..count).map(|_| self.text()).collect()
    }

    fn flag(&mut self) -> Result<bool, ModelError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => self.fail("a part is neither there nor not"),
        }
    }

    fn ngrams(&mut self) -> Result<Ngrams, ModelError> {
        let spec = NgramSpec {
            bits: self.byte()?,
            shortest: self.byte()?,
            longest: self.byte()?,
            skip: self.byte()?,
        };
        let columns = usize::from(self.byte()?);
        let sizes = spec.longest.checked_sub(spec.shortest);
        let letters =
            spec.shortest == 0 || sizes.is_some_and(|sizes| sizes < 5) && spec.longest <= 8;
        if !(8..=20).contains(&spec.bits) || !letters || spec.skip > 4 {
            return self.fail("no such features");
        }
        if !matches!(columns, 1 | 2 | 4 | 8 | 16) {
            return self.fail("a table of so many columns");
        }
        Ok(Ngrams {
            spec,
            columns,
            scales: self.floats(columns)?,
            table: self.take(columns << spec.bits)?,
        })
    }

    fn words(&mut self) -> Result<Words, ModelError> {
        let width = usize::from(self.byte()?);
        let columns = usize::from(self.byte()?);
        if !matches!(width, 1 | 3) || !(1..=MOST_COLUMNS).contains(&columns) {
            return self.fail("word vectors of that shape");
        }
        let scales = self.floats(columns)?;
        let bias = self.many(columns, i16::from_le_bytes)?;
        let entries = usize::from(self.short()?);
        let hashes = self.many(entries, u32::from_le_bytes)?;
        Ok(Words {
            index: Index::new(&hashes),
            width,
            columns,
            bias,
            scales,
            table: self.take(entries * width * columns)?,
        })
    }

    fn network(&mut self, inputs: usize, outputs: usize) -> Result<Network, ModelError> {
        if usize::from(self.short()?) != inputs {
            return self.fail("a network for other inputs");
        }
        let hidden = usize::from(self.short()?);
        let network = Network {
            inputs,
            hidden,
            outputs,
            first: self.floats(inputs * hidden)?,
            first_bias: self.floats(hidden)?,
            second: self.floats(hidden * outputs)?,
            direct: self.floats(inputs * outputs)?,
            bias: self.floats(outputs)?,
            calibration: self.floats(3 * outputs)?.as_chunks::<3>().0.to_vec(),
        };
        debug_assert!(network.is_consistent());
        Ok(network)
    }
}

pub(super) fn read(bytes: Bytes) -> Result<Model, ModelError> {
    let mut reader = Reader {
        bytes: bytes.clone(),
        at: 0,
    };
    if reader.take(MAGIC.len())? != MAGIC.as_slice() {
        return reader.fail("another kind of file, or another version");
    }
    let name = reader.text()?;
    let version = reader.text()?;
    let outputs = reader.texts()?;
    if !(1..=MOST_OUTPUTS).contains(&outputs.len()) {
        return reader.fail("so many outputs");
    }
    let dense = reader.texts()?;
    let block = usize::from(reader.short()?);
    if block == 0 {
        return reader.fail("blocks without tokens");
    }
    let ngrams = reader.flag()?.then(|| reader.ngrams()).transpose()?;
    let words = reader.flag()?.then(|| reader.words()).transpose()?;
    let inputs = ngrams.as_ref().map_or(0, |table| table.columns + 1)
        + words.as_ref().map_or(0, |words| 2 * words.columns)
        + dense.len();
    let network = reader.network(inputs, outputs.len())?;
    if reader.at != bytes.len() {
        return reader.fail("something after the end");
    }
    Ok(Model {
        name,
        version,
        outputs,
        dense,
        block,
        ngrams,
        words,
        network,
        source: bytes,
        digest: OnceLock::new(),
    })
}
