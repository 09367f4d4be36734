//! The order in which the choices of a stream take their turns.

use super::choice::Spoken;
use super::text::Pieces;

/// What one chunk of a stream adds to one choice.
pub(super) enum Delta<'a> {
    Reasoning(&'a str),
    Content(&'a str),
    /// A tool call begins.
    Call {
        call: usize,
        name: &'a str,
    },
    Arguments {
        call: usize,
        fragment: &'a str,
    },
    Finish(&'a str),
}

/// One chunk's worth of one choice.
pub(super) struct Turn<'a> {
    pub(super) choice: usize,
    pub(super) delta: Delta<'a>,
    /// Nothing follows in any choice.
    pub(super) last: bool,
}

/// Lets every choice speak in turn, one piece each, until all have finished.
pub(super) struct Turns {
    voices: Vec<Voice>,
    next: usize,
    speaking: usize,
}

impl Turns {
    pub(super) fn new(choices: Vec<Spoken>) -> Self {
        Self {
            speaking: choices.len(),
            voices: choices.into_iter().map(Voice::new).collect(),
            next: 0,
        }
    }

    /// The next chunk; `None` once every choice has finished.
    pub(super) fn take(&mut self) -> Option<Turn<'_>> {
        let count = self.voices.len();
        let choice = (0..count)
            .map(|step| (self.next + step) % count)
            .find(|at| self.voices.get(*at).is_some_and(|voice| !voice.finished))?;
        self.next = (choice + 1) % count;
        let speaking = &mut self.speaking;
        let delta = self.voices.get_mut(choice)?.speak();
        if matches!(delta, Delta::Finish(_)) {
            *speaking = speaking.saturating_sub(1);
        }
        Some(Turn {
            choice,
            delta,
            last: *speaking == 0,
        })
    }
}

struct Voice {
    spoken: Spoken,
    reasoning: Option<Pieces>,
    content: Option<Pieces>,
    /// The tool call under way.
    call: usize,
    arguments: Option<Pieces>,
    finished: bool,
}

impl Voice {
    fn new(spoken: Spoken) -> Self {
        Self {
            reasoning: spoken.reasoning.as_ref().map(|text| text.pieces()),
            content: spoken.content.as_ref().map(|text| text.pieces()),
            spoken,
            call: 0,
            arguments: None,
            finished: false,
        }
    }

    fn speak(&mut self) -> Delta<'_> {
        // Each arm asks `advance` first and borrows only in what it returns.
        if self.reasoning.as_mut().is_some_and(Pieces::advance) {
            return Delta::Reasoning(current(&self.reasoning));
        }
        if self.content.as_mut().is_some_and(Pieces::advance) {
            return Delta::Content(current(&self.content));
        }
        if let Some(arguments) = &mut self.arguments {
            if arguments.advance() {
                return Delta::Arguments {
                    call: self.call,
                    fragment: current(&self.arguments),
                };
            }
            self.arguments = None;
            self.call += 1;
        }
        if let Some(call) = self.spoken.tool_calls.get(self.call) {
            self.arguments = Some(call.arguments.pieces());
            return Delta::Call {
                call: self.call,
                name: &call.name,
            };
        }
        self.finished = true;
        Delta::Finish(&self.spoken.finish_reason)
    }
}

fn current(pieces: &Option<Pieces>) -> &str {
    pieces.as_ref().map(Pieces::current).unwrap_or_default()
}
