use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use super::Scalars;
use crate::policy::pii::{Finding, PiiRedact};

/// How many lines were scanned, and how many could not be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scanned {
    /// Lines with a text.
    pub texts: usize,
    /// Lines without one; each has an `error` in the output.
    pub bad: usize,
}

#[derive(Deserialize)]
struct Line {
    text: String,
}

#[derive(Serialize)]
struct Found<'a> {
    r#type: &'a str,
    start: usize,
    end: usize,
    score: f32,
}

#[derive(Serialize)]
struct Answer<'a> {
    findings: Vec<Found<'a>>,
    redacted: String,
}

/// Reads JSON Lines with a member `text`, and writes a line for each: what is
/// found, with offsets in Unicode scalar values, and the text as it would leave
/// in a request.
///
/// With `chunk`, texts are fed in pieces of so many bytes, which changes
/// nothing.
///
/// ```
/// use portcullis::gateway::judge::scan;
/// use portcullis::policy::pii::PiiRedact;
///
/// let mut out = Vec::new();
/// let lines = &br#"{"text": "I am jane@example.com"}"#[..];
/// scan(&PiiRedact::default(), lines, &mut out, Some(1))?;
/// let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
/// assert_eq!(line["findings"][0]["type"], "EMAIL_ADDRESS");
/// assert_eq!(line["findings"][0]["start"], 5);
/// assert_eq!(line["redacted"], "I am [EMAIL_ADDRESS]");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// When the input cannot be read, or the output not be written.
pub fn scan(
    policy: &PiiRedact,
    input: impl BufRead,
    mut output: impl Write,
    chunk: Option<usize>,
) -> io::Result<Scanned> {
    let mut scanned = Scanned::default();
    for (number, line) in input.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let text = match serde_json::from_str::<Line>(&line) {
            Ok(line) => line.text,
            Err(error) => {
                scanned.bad += 1;
                let error = format!("line {}: {error}", number + 1);
                serde_json::to_writer(&mut output, &serde_json::json!({ "error": error }))?;
                output.write_all(b"\n")?;
                continue;
            }
        };
        scanned.texts += 1;
        let findings = match chunk {
            None => policy.scan(&text),
            Some(chunk) => in_pieces(policy, &text, chunk.max(1)),
        };
        let mut scalars = Scalars::new(&text);
        let answer = Answer {
            findings: findings
                .iter()
                .map(|finding| Found {
                    r#type: finding.label.as_str(),
                    start: scalars.at(finding.range.start),
                    end: scalars.at(finding.range.end),
                    score: finding.score,
                })
                .collect(),
            redacted: policy.redact(&text),
        };
        serde_json::to_writer(&mut output, &answer)?;
        output.write_all(b"\n")?;
    }
    output.flush()?;
    Ok(scanned)
}

/// Feeds the text in pieces of `chunk` bytes; a character that is cut waits for
/// its rest.
fn in_pieces(policy: &PiiRedact, text: &str, chunk: usize) -> Vec<Finding> {
    let mut stream = policy.stream();
    let mut findings = Vec::new();
    let (mut at, mut sent) = (0, 0);
    while at < text.len() {
        at = (at + chunk).min(text.len());
        let whole = text.floor_char_boundary(at);
        findings.extend(stream.push(&text[sent..whole]));
        sent = whole;
    }
    findings.extend(stream.finish());
    findings
}
