//! The refusal model: does an answer decline?
//!
//! It learns from answers that were written one by one ([`written`]), and from the documents of the
//! injection model, in which nobody declines to answer.

use portcullis::text::{Dense, NgramSpec, NoDense};

use crate::data::{Example, Row, Shape, Task};
use crate::grammar::Random;
use crate::written;

/// How much a document counts.
const DOCUMENT: f32 = 0.3;

/// The task `refusal`.
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
        let read = |task| written::read(task).expect("the written texts");
        let mut documents = read("injection");
        documents.retain(|document| document.kind == "benign.data");
        let documents = documents.into_iter().map(|written| Example {
            labels: vec![0.0],
            weight: DOCUMENT,
            source: "documents".to_owned(),
            kind: written.kind,
            payload: None,
            text: written.text,
        });
        let answers = read("refusal").into_iter().map(|written| Example {
            labels: vec![f32::from(u8::from(written.kind.starts_with("refusal")))],
            weight: 1.0,
            source: written.file,
            kind: written.kind,
            payload: None,
            text: written.text,
        });
        answers.chain(documents).collect()
    }

    /// What one hand wrote is left out together; documents and bits of answers have one class.
    fn fold(&self, source: &str) -> Option<String> {
        (!matches!(source, "documents" | "bits")).then(|| source.to_owned())
    }
}
