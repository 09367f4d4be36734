use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, BufRead};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::Scalars;
use crate::policy::pii::PiiRedact;

#[derive(Deserialize)]
struct Row {
    text: String,
    #[serde(default)]
    spans: Vec<Span>,
    #[serde(default)]
    source: String,
    judge: Option<BTreeSet<String>>,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Span {
    r#type: String,
    start: usize,
    end: usize,
}

/// Counts for one type, over spans that agree in type, start and end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Score {
    /// Spans that are labelled.
    pub gold: usize,
    /// Spans that were found.
    pub found: usize,
    /// Spans that are both.
    pub right: usize,
}

impl Score {
    /// Found spans that are right.
    #[must_use]
    pub fn precision(&self) -> f64 {
        ratio(self.right, self.found)
    }

    /// Labelled spans that were found.
    #[must_use]
    pub fn recall(&self) -> f64 {
        ratio(self.right, self.gold)
    }

    /// The harmonic mean of precision and recall.
    #[must_use]
    pub fn f1(&self) -> f64 {
        ratio(2 * self.right, self.gold + self.found)
    }

    fn add(&mut self, other: &Self) {
        self.gold += other.gold;
        self.found += other.found;
        self.right += other.right;
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 1.0;
    }
    part as f64 / whole as f64
}

/// How well a policy does on labelled texts.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// By source and type.
    pub scores: BTreeMap<(String, String), Score>,
    /// Texts without a labelled span, and how many of them were flagged.
    pub clean: (usize, usize),
    /// Texts in all.
    pub texts: usize,
    /// Bytes in all.
    pub bytes: usize,
    /// Time that scanning took.
    pub time: Duration,
}

/// Reads JSON Lines with `text`, `spans` (`type`, `start`, `end` in Unicode
/// scalar values) and perhaps `source` and `judge` (the types that are labelled
/// completely), and holds what is found against the labels. Without `judge`,
/// the types that the whole input labels are judged.
///
/// # Errors
/// When the input cannot be read, or a line is not of that form.
pub fn eval(policy: &PiiRedact, input: impl BufRead) -> io::Result<Report> {
    let mut rows = Vec::new();
    for (number, line) in input.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let row: Row = serde_json::from_str(&line).map_err(|error| {
            let error = format!("line {}: {error}", number + 1);
            io::Error::new(io::ErrorKind::InvalidData, error)
        })?;
        rows.push(row);
    }
    let labelled: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| row.spans.iter().map(|span| span.r#type.clone()))
        .collect();
    let mut report = Report::default();
    for row in &rows {
        let judged = row.judge.as_ref().unwrap_or(&labelled);
        let started = Instant::now();
        let findings = policy.scan(&row.text);
        report.time += started.elapsed();
        report.texts += 1;
        report.bytes += row.text.len();
        let mut scalars = Scalars::new(&row.text);
        let found: BTreeSet<Span> = findings
            .iter()
            .map(|finding| Span {
                r#type: finding.label.as_str().to_owned(),
                start: scalars.at(finding.range.start),
                end: scalars.at(finding.range.end),
            })
            .filter(|span| judged.contains(&span.r#type))
            .collect();
        let gold: BTreeSet<Span> = row
            .spans
            .iter()
            .filter(|span| judged.contains(&span.r#type))
            .cloned()
            .collect();
        if row.spans.is_empty() {
            report.clean.0 += 1;
            report.clean.1 += usize::from(!found.is_empty());
        }
        for span in gold.union(&found) {
            let key = (row.source.clone(), span.r#type.clone());
            let score = report.scores.entry(key).or_default();
            score.gold += usize::from(gold.contains(span));
            score.found += usize::from(found.contains(span));
            score.right += usize::from(gold.contains(span) && found.contains(span));
        }
    }
    Ok(report)
}

impl Report {
    /// The sum of the counts for which `wanted` holds, given source and type.
    pub fn total(&self, wanted: impl Fn(&str, &str) -> bool) -> Score {
        let mut total = Score::default();
        for ((source, kind), score) in &self.scores {
            if wanted(source, kind) {
                total.add(score);
            }
        }
        total
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, name: &str, score: &Score| {
            writeln!(
                f,
                "{name:<36}{:>7}{:>7}{:>7}{:>11.3}{:>8.3}{:>8.3}",
                score.gold,
                score.found,
                score.right,
                score.precision(),
                score.recall(),
                score.f1()
            )
        };
        writeln!(
            f,
            "{:<36}{:>7}{:>7}{:>7}{:>11}{:>8}{:>8}",
            "type", "gold", "found", "right", "precision", "recall", "F1"
        )?;
        let kinds: BTreeSet<&String> = self.scores.keys().map(|(_, kind)| kind).collect();
        for kind in kinds {
            row(f, kind, &self.total(|_, other| other == kind))?;
        }
        row(f, "all (micro)", &self.total(|_, _| true))?;
        let sources: BTreeSet<&String> = self.scores.keys().map(|(source, _)| source).collect();
        for source in sources {
            let name = format!("source {source}");
            row(f, &name, &self.total(|other, _| other == source))?;
        }
        let (clean, flagged) = self.clean;
        let share = 100.0 * ratio(flagged, clean.max(1));
        writeln!(
            f,
            "texts without a span: {clean}, flagged {flagged} ({share:.1} %)"
        )?;
        let seconds = self.time.as_secs_f64().max(1e-9);
        let speed = self.bytes as f64 / seconds / 1e6;
        writeln!(
            f,
            "{} texts, {} bytes, {speed:.0} MB/s",
            self.texts, self.bytes
        )
    }
}
