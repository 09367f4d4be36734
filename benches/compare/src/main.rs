//! Throughput of several detectors on the same texts, in one run:
//! `cargo run --release -- FILE...` in this folder, with JSON Lines that have a
//! member `text`. Compare within one run.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cerberust::{Chunk, GuardrailRunner, Middleware, PiiScanner, ScanCtx, Scanner, ScannerStack, SecretScanner};
use portcullis::policy::pii::PiiRedact;

const PROSE: &str = "The committee met in the old town hall to talk about the plan for the new \
    bridge, which many people had asked for since the flood. Nobody spoke against it, though the \
    cost was a worry to some: the river would have to be closed in 2026, from May to August. ";

/// Patterns of the common kinds, as gateways ship them: the yardstick.
const PATTERNS: [&str; 10] = [
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    r"\b(?:\d[ -]?){13,19}\b",
    r"\b\d{3}-\d{2}-\d{4}\b",
    r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
    r"(?:\+\d{1,3}[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}\b",
    r"https?://[^\s]+",
    r"\bAKIA[0-9A-Z]{16}\b",
    r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
    r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b",
];

/// Runs `work` over all texts for a second or so; gives bytes a microsecond.
fn speed(texts: &[String], mut work: impl FnMut(&str)) -> f64 {
    let bytes: usize = texts.iter().map(String::len).sum();
    texts.iter().take(50).for_each(|text| work(text));
    let started = Instant::now();
    let mut passes = 0;
    loop {
        texts.iter().for_each(|text| work(text));
        passes += 1;
        if started.elapsed() > Duration::from_millis(700) {
            return (bytes * passes) as f64 / started.elapsed().as_secs_f64() / 1e6;
        }
    }
}

fn pieces(text: &str, length: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut at = length.min(rest.len());
        while !rest.is_char_boundary(at) {
            at += 1;
        }
        let (piece, left) = rest.split_at(at);
        pieces.push(piece);
        rest = left;
    }
    pieces
}

fn main() {
    let mut sets = vec![("prose".to_owned(), vec![PROSE.repeat(40); 20])];
    for file in std::env::args().skip(1) {
        let content = std::fs::read_to_string(&file).expect("the file can be read");
        let texts: Vec<String> = content
            .lines()
            .filter_map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).ok()?;
                Some(line["text"].as_str()?.to_owned())
            })
            .collect();
        sets.push((file.clone(), texts.clone()));
        sets.push((format!("{file} (as one text)"), vec![texts.join("\n")]));
    }
    let own = PiiRedact::default();
    let set = regex::RegexSet::new(PATTERNS).expect("they are patterns");
    let redact = redact_core::AnalyzerEngine::new();
    let scanners = || -> Vec<Box<dyn Scanner>> {
        vec![Box::new(PiiScanner::new()), Box::new(SecretScanner::new())]
    };
    let pii = pii::Analyzer::new(
        Box::new(pii::nlp::SimpleNlpEngine::default()),
        pii::presets::default_recognizers(),
        Vec::new(),
        pii::PolicyConfig::default(),
    );
    let english = pii::types::Language::from("en");
    println!("{:<44}{:>10}", "MB/s, one thread", "");
    for (name, texts) in &sets {
        println!("{name}");
        let row = |engine: &str, speed: f64| println!("  {engine:<42}{speed:>10.1}");
        row("portcullis", speed(texts, |text| drop(black_box(own.scan(text)))));
        row("regex::RegexSet of ten patterns, which", speed(texts, |text| {
            black_box(set.matches(text).iter().count());
        }));
        row("cerberust (PII and secrets)", speed(texts, |text| {
            for scanner in scanners() {
                black_box(scanner.scan(text, &mut ScanCtx::new()).is_ok());
            }
        }));
        if texts.len() > 1 {
            row("redact-core", speed(texts, |text| drop(black_box(redact.analyze(text, None)))));
            row("pii", speed(texts, |text| drop(black_box(pii.analyze(text, &english)))));
        }
        row("portcullis, in chunks of 4 bytes", speed(texts, |text| {
            let mut stream = own.stream();
            for piece in pieces(text, 4) {
                black_box(stream.push(piece));
            }
            black_box(stream.finish());
        }));
        let short: Vec<String> = texts.iter().map(|text| {
            let end = text.floor_char_boundary(2000);
            text[..end].to_owned()
        }).collect();
        row("portcullis, 4 bytes, first 2000 bytes", speed(&short, |text| {
            let mut stream = own.stream();
            for piece in pieces(text, 4) {
                black_box(stream.push(piece));
            }
            black_box(stream.finish());
        }));
        row("cerberust, 4 bytes, first 2000 bytes", speed(&short, |text| {
            let output: Vec<Box<dyn Scanner>> = vec![Box::new(PiiScanner::sensitive_output())];
            let runner = GuardrailRunner::new("guard", ScannerStack::new(output, true));
            let mut source = pieces(text, 4).into_iter().map(|p| -> Chunk { Ok(p.to_owned()) });
            let mut sink = |piece: String| {
                black_box(piece);
                Ok(())
            };
            black_box(runner.wrap_stream(&mut source, &mut sink).is_ok());
        }));
    }
    let started = Instant::now();
    for _ in 0..1000 {
        black_box(own.stream());
    }
    println!("a new stream: {:.0} ns", started.elapsed().as_nanos() as f64 / 1e3);
}
