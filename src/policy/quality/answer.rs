//! One choice of an answer, read as it comes.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::asked::{Asked, Json, unmatched};
use super::language;
use super::loops::Loops;
use super::markdown::Markdown;
use super::refusal::{self, is_refusal};
use super::repetition::Repetition;
use super::schema;
use super::signal::{Signal, Signals};

/// JSON that is longer, in bytes, is not judged.
const MOST_JSON: usize = 256 * 1024;
/// All JSON of an answer that is kept at a time, in bytes.
const MOST_KEPT: usize = 1024 * 1024;
/// How much is looked at to hold all JSON of an answer against its schemas.
const MOST_STEPS: usize = 200_000;
/// Tool calls that are judged.
const MOST_TOOL_CALLS: usize = 32;

/// What all choices of an answer may take together.
#[derive(Debug)]
pub(super) struct Budget {
    /// Bytes of JSON that may still be kept.
    room: usize,
    /// Steps that may still be taken.
    steps: usize,
    /// JSON that was too much, and was not judged.
    unscored: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            room: MOST_KEPT,
            steps: MOST_STEPS,
            unscored: 0,
        }
    }
}

impl Budget {
    /// Whether `value` fits `schema`, as far as that can be said.
    fn fits(&mut self, schema: &Value, value: &Value) -> Option<bool> {
        schema::fits(schema, value, &mut self.steps)
    }

    /// How much JSON has not been judged since this was asked.
    pub(super) fn take_unscored(&mut self) -> u64 {
        std::mem::take(&mut self.unscored)
    }
}

/// What has been read of a choice. Memory is bounded: some 16 KiB, and the
/// JSON if JSON was asked for, as far as the [`Budget`] goes.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) choice: u32,
    reason: Reason,
    chars: usize,
    blank: bool,
    refused: bool,
    opening: String,
    sample: String,
    markdown: Markdown,
    repetition: Repetition,
    text_loops: Loops,
    other_loops: Loops,
    json: Option<Gathered>,
    tools: Vec<(u32, Gathered)>,
    /// There were more calls than are judged.
    calls_left_out: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Unknown,
    Length,
    Filtered,
    Other,
}

/// A text that is read as a whole in the end, unless it is too long for that.
#[derive(Debug, Default)]
struct Gathered {
    text: String,
    too_long: bool,
}

impl Gathered {
    fn push(&mut self, text: &str, budget: &mut Budget) {
        if self.too_long {
            return;
        }
        if self.text.len() + text.len() > MOST_JSON || text.len() > budget.room {
            self.too_long = true;
            self.free(budget);
            return;
        }
        budget.room -= text.len();
        self.text.push_str(text);
    }

    fn free(&mut self, budget: &mut Budget) {
        budget.room += self.text.len();
        self.text = String::new();
    }

    /// The JSON, which goes; the outer `None` when it was too long to be judged.
    fn take(&mut self, budget: &mut Budget) -> Option<Option<Value>> {
        let value = (!self.too_long).then(|| serde_json::from_str(&self.text).ok());
        self.free(budget);
        value
    }
}

impl Answer {
    pub(super) fn new(choice: u32, asked: &Asked) -> Self {
        Self {
            choice,
            reason: Reason::Unknown,
            chars: 0,
            blank: true,
            refused: false,
            opening: String::new(),
            sample: String::new(),
            markdown: Markdown::default(),
            repetition: Repetition::default(),
            text_loops: Loops::default(),
            other_loops: Loops::default(),
            json: (!matches!(asked.json, Json::No)).then(Gathered::default),
            tools: Vec::new(),
            calls_left_out: false,
        }
    }

    pub(super) fn finish_reason(&mut self, reason: &str) {
        self.reason = match reason {
            "length" => Reason::Length,
            "content_filter" => Reason::Filtered,
            _ => Reason::Other,
        };
    }

    /// More of what it says. Gives whether it has come to run in a loop.
    pub(super) fn text(&mut self, text: &str, budget: &mut Budget) -> bool {
        if let Some(json) = &mut self.json {
            json.push(text, budget);
        }
        for c in text.chars() {
            self.chars += 1;
            self.blank &= c.is_whitespace();
            if self.chars <= refusal::OPENING {
                self.opening.push(c);
            }
            if self.markdown.push(c) {
                self.repetition.push(c);
                if self.sample.len() < language::SAMPLE {
                    self.sample.push(c);
                }
            }
        }
        self.text_loops.push(text)
    }

    /// More of its field for refusals.
    pub(super) fn refusal(&mut self, text: &str) {
        self.refused |= !text.trim().is_empty();
    }

    /// More of its thinking.
    pub(super) fn thought(&mut self, text: &str) -> bool {
        self.other_loops.push(text)
    }

    /// More of a tool's arguments.
    pub(super) fn arguments(&mut self, tool: u32, text: &str, budget: &mut Budget) -> bool {
        let at = match self.tools.iter().position(|(known, _)| *known == tool) {
            Some(at) => at,
            None if self.tools.len() == MOST_TOOL_CALLS => {
                self.calls_left_out = true;
                return false;
            }
            None => {
                self.tools.push((tool, Gathered::default()));
                self.tools.len() - 1
            }
        };
        self.tools[at].1.push(text, budget);
        self.other_loops.push(text)
    }

    /// What is to be said against it.
    pub(super) fn judge(
        &mut self,
        asked: &Asked,
        chars: &RangeInclusive<usize>,
        budget: &mut Budget,
    ) -> Signals {
        let mut signals = Signals::default();
        // A call without arguments leaves no text, but says so.
        let calls = !self.tools.is_empty();
        let empty = self.blank && !calls && !self.refused;
        signals.add_if(Signal::Empty, empty);
        signals.add_if(Signal::Truncated, self.reason == Reason::Length);
        let refused = self.refused || self.reason == Reason::Filtered || is_refusal(&self.opening);
        signals.add_if(Signal::Refusal, refused);
        let looped = self.text_loops.found() || self.other_loops.found();
        signals.add_if(Signal::Loop, looped);
        if !looped && self.json.is_none() {
            signals.add(Signal::Repetition, self.repetition.severity());
        }
        let (open, cited) = self.markdown.finish();
        signals.add_if(Signal::UnclosedFence, open && self.json.is_none());
        signals.add(Signal::UnmatchedCitation, unmatched(cited, &asked.sources));
        if !self.blank && self.json.is_none() && !self.is_in_the_right_language(asked) {
            signals.add(Signal::LanguageMismatch, 1.0);
        }
        if !self.blank || calls {
            self.judge_json(asked, refused, budget, &mut signals);
        }
        if !self.blank {
            signals.add_if(Signal::TooShort, self.chars < *chars.start());
            signals.add_if(Signal::TooLong, self.chars > *chars.end());
        }
        signals
    }

    fn is_in_the_right_language(&self, asked: &Asked) -> bool {
        match (asked.language, language::identify(&self.sample)) {
            (Some(question), Some(answer)) => question == answer,
            _ => true,
        }
    }

    fn judge_json(
        &mut self,
        asked: &Asked,
        refused: bool,
        budget: &mut Budget,
        signals: &mut Signals,
    ) {
        let mut invalid = false;
        let mut misfit = false;
        let mut unscored = u64::from(self.calls_left_out);
        // A refusal in words is what it is, and a call may come without text.
        if let (Some(json), false, false) = (&mut self.json, self.blank, refused) {
            match (json.take(budget), &asked.json) {
                (None, _) => unscored += 1,
                (Some(None), _) => invalid = true,
                (Some(Some(value)), Json::Schema(wanted)) => match budget.fits(wanted, &value) {
                    Some(fits) => misfit |= !fits,
                    None => unscored += 1,
                },
                (Some(Some(value)), _) => misfit |= !value.is_object(),
            }
        }
        for (_, arguments) in &mut self.tools {
            let value = match arguments.take(budget) {
                None => {
                    unscored += 1;
                    continue;
                }
                Some(None) => {
                    invalid = true;
                    continue;
                }
                Some(Some(value)) => value,
            };
            let (mut fitting, mut unsure) = (asked.tools.is_empty(), false);
            for wanted in &asked.tools {
                match budget.fits(wanted, &value) {
                    Some(true) => fitting = true,
                    Some(false) => {}
                    None => unsure = true,
                }
                if fitting {
                    break;
                }
            }
            misfit |= !fitting && !unsure;
            unscored += u64::from(!fitting && unsure);
        }
        budget.unscored += unscored;
        signals.add_if(Signal::InvalidJson, invalid);
        signals.add_if(Signal::SchemaMismatch, misfit);
    }

    /// Gives back what it has kept.
    pub(super) fn free(mut self, budget: &mut Budget) {
        let kept = self.json.iter_mut();
        for gathered in kept.chain(self.tools.iter_mut().map(|(_, gathered)| gathered)) {
            gathered.free(budget);
        }
    }
}
