//! The refusal model: does an answer decline?
//!
//! It learns from answers that were written one by one ([`written`]), and from nothing else.

use portcullis::text::{Dense, NgramSpec, NoDense};

use crate::data::{Example, Row, Shape, Task};
use crate::grammar::Random;
use crate::written;

/// The task `refusal`.
#[derive(Default)]
pub struct Refusal;

impl Task for Refusal {
    fn name(&self) -> &'static str {
        "refusal"
    }

    fn outputs(&self) -> Vec<String> {
        vec!["refusal".into()]
    }

    fn shape(&self) -> Shape {
        Shape {
            ngrams: Some((
                NgramSpec {
                    bits: 16,
                    shortest: 4,
                    longest: 4,
                    ..NgramSpec::default()
                },
                2,
            )),
            hidden: 8,
            epochs: 8,
            dropout: 25,
            smooth: 0.05,
            prior: 0.5,
            alarms: Some([(0.05, 0.5), (0.01, 0.8)]),
            ..Shape::default()
        }
    }

    fn dense(&self, _: &Example) -> Box<dyn Dense> {
        Box::new(NoDense)
    }

    fn examples(&self, _: Vec<Row>, _: &mut Random) -> Vec<Example> {
        #[expect(clippy::expect_used, reason = "the texts are part of the program")]
        let written = written::read("refusal").expect("the written answers");
        let example = |written: written::Written| Example {
            labels: vec![f32::from(u8::from(written.kind.starts_with("refusal")))],
            weight: 1.0,
            source: written.file,
            kind: written.kind,
            payload: None,
            text: written.text,
        };
        written.into_iter().map(example).collect()
    }

    /// What one hand wrote is left out together.
    fn fold(&self, source: &str) -> Option<String> {
        Some(source.to_owned())
    }
}
