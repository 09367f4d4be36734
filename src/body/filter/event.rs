//! Events that wait for their texts to be decided.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use http::StatusCode;

use super::lane::{DETACHED, PieceId, Sink};
use crate::body::document::escape::{escape_into, quoted, unescape_into};
use crate::body::document::index::{Index, is_bare, to_usize};
use crate::body::document::shape::is_word;
use crate::body::sse::Event;
use crate::body::{ApiError, SegmentKind};

pub(crate) fn cannot_inspect(why: &'static str) -> ApiError {
    ApiError::new(StatusCode::BAD_GATEWAY, "uninspectable_response", why)
}

/// The longest name of the upstream's in an event of our own, in bytes.
const LONGEST_NAME: usize = 128;

/// A text of an event.
#[derive(Debug)]
pub(super) struct Piece {
    /// The literal's place in the event's data.
    pub(super) raw: Range<u32>,
    /// Number of the event.
    event: u64,
    /// Number of its lane, in the stream's list.
    pub(super) lane: usize,
    /// How much of it, unescaped, has been decided without a change.
    kept: usize,
    /// What has been decided, once it differs.
    text: Option<String>,
    done: bool,
}

#[derive(Debug)]
struct Pending {
    event: Event,
    json: bool,
    pieces: usize,
    /// Pieces that are not decided.
    open: usize,
}

/// Events in their order, with the pieces in theirs.
#[derive(Debug, Default)]
pub(super) struct Queue {
    events: VecDeque<Pending>,
    first_event: u64,
    pieces: VecDeque<Piece>,
    first_piece: PieceId,
    /// What the waiting events weigh.
    bytes: usize,
    /// Number of an event that waits for more than its texts.
    gate: Option<u64>,
    /// Text without an event, of the lane that was fed last.
    pub(super) detached: String,
}

/// What leaves: an event as it came, or in other words.
#[derive(Debug)]
pub(super) enum Released {
    AsIs(Event),
    Rewritten(Bytes),
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn push_event(&mut self, event: Event, json: bool) {
        self.bytes += event.range.len();
        self.events.push_back(Pending {
            event,
            json,
            pieces: 0,
            open: 0,
        });
    }

    /// Makes the last event wait until the gate opens.
    pub(super) fn shut_gate(&mut self) {
        let last = (self.events.len() as u64).checked_sub(1);
        self.gate = last.map(|last| self.first_event + last);
    }

    pub(super) fn open_gate(&mut self) {
        self.gate = None;
    }

    /// A piece of the last event: undecided, or with its new text.
    pub(super) fn push_piece(
        &mut self,
        raw: Range<u32>,
        lane: usize,
        text: Option<String>,
    ) -> PieceId {
        let id = self.first_piece + self.pieces.len() as u64;
        let done = text.is_some();
        if let Some(pending) = self.events.back_mut() {
            pending.pieces += 1;
            pending.open += usize::from(!done);
        }
        self.pieces.push_back(Piece {
            raw,
            event: self.first_event + (self.events.len() as u64).saturating_sub(1),
            lane,
            kept: 0,
            text,
            done,
        });
        id
    }

    /// The first undecided piece of the event at the front.
    pub(super) fn blocking(&self) -> Option<(PieceId, usize)> {
        let front = self.events.front()?;
        let at = self
            .pieces
            .iter()
            .take(front.pieces)
            .position(|p| !p.done)?;
        Some((self.first_piece + at as u64, self.pieces[at].lane))
    }

    /// The event at the front, and where in its data a piece of it stands.
    pub(super) fn mould(&self, id: PieceId) -> Option<(Event, Range<u32>)> {
        let at = id.checked_sub(self.first_piece)?;
        let piece = self.pieces.get(at as usize)?;
        let event = self.events.front()?.event.clone();
        Some((event, piece.raw.clone()))
    }

    /// Whether some of a piece has been decided.
    pub(super) fn says(&self, id: PieceId) -> bool {
        let at = id.checked_sub(self.first_piece);
        let piece = at.and_then(|at| self.pieces.get(at as usize));
        piece.is_some_and(|piece| match &piece.text {
            Some(text) => !text.is_empty(),
            None => piece.kept > 0,
        })
    }

    /// Lets a piece go with what has been decided of it.
    pub(super) fn cut_piece(&mut self, id: PieceId) {
        self.accept(id, "", true, true);
    }

    /// The event at the front, if all of it is decided.
    pub(super) fn pop(&mut self, index: &mut Index) -> Option<Released> {
        if self.events.front()?.open > 0 || self.gate == Some(self.first_event) {
            return None;
        }
        let pending = self.events.pop_front()?;
        self.first_event += 1;
        self.bytes -= pending.event.range.len();
        let changed = self
            .pieces
            .iter()
            .take(pending.pieces)
            .any(|piece| piece.text.is_some());
        let released = if changed {
            let pieces: Vec<_> = self.pieces.drain(..pending.pieces).collect();
            Released::Rewritten(rewrite(&pending, &pieces, index))
        } else {
            self.pieces.drain(..pending.pieces);
            Released::AsIs(pending.event)
        };
        self.first_piece += pending.pieces as u64;
        Some(released)
    }

    pub(super) fn drop_last(&mut self) {
        if let Some(pending) = self.events.pop_back() {
            self.bytes -= pending.event.range.len();
            let kept = self.pieces.len() - pending.pieces;
            self.pieces.truncate(kept);
        }
    }

    pub(super) fn clear(&mut self) {
        self.first_event += self.events.len() as u64;
        self.first_piece += self.pieces.len() as u64;
        self.bytes = 0;
        self.events.clear();
        self.pieces.clear();
    }
}

impl Sink for Queue {
    fn accept(&mut self, id: PieceId, text: &str, changed: bool, done: bool) {
        if id == DETACHED {
            self.detached.push_str(text);
            return;
        }
        let Some(at) = id.checked_sub(self.first_piece) else {
            return;
        };
        // A piece leaves the queue only when it is done.
        let Some(piece) = self.pieces.get_mut(at as usize) else {
            return;
        };
        let Some(pending) = self
            .events
            .get_mut((piece.event - self.first_event) as usize)
        else {
            return;
        };
        match &mut piece.text {
            None if !changed => piece.kept += text.len(),
            None => {
                let mut new = pending.said(piece);
                new.truncate(piece.kept);
                new.push_str(text);
                piece.text = Some(new);
            }
            Some(new) => new.push_str(text),
        }
        if done && !piece.done {
            piece.done = true;
            pending.open -= 1;
        }
    }
}

impl Pending {
    /// What a piece said when it came.
    fn said(&self, piece: &Piece) -> String {
        let raw = self
            .event
            .data()
            .and_then(|data| data.get(to_usize(&piece.raw)))
            .unwrap_or_default();
        if !self.json {
            return raw.to_owned();
        }
        let mut text = String::with_capacity(raw.len());
        unescape_into(raw, &mut text);
        text
    }
}

fn rewrite(pending: &Pending, pieces: &[Piece], index: &mut Index) -> Bytes {
    let data = pending.event.data().unwrap_or_default();
    if !pending.json {
        let text = pieces.first().and_then(|piece| piece.text.as_deref());
        return pending.event.with_data(text.unwrap_or(data));
    }
    let mut splices: Vec<(Range<usize>, String)> = Vec::new();
    for piece in pieces {
        if let Some(text) = &piece.text {
            let range = to_usize(&piece.raw);
            let raw = if is_bare(data, range.start) {
                quoted(text)
            } else {
                let mut raw = String::with_capacity(text.len());
                escape_into(text, &mut raw);
                raw
            };
            splices.push((range, raw));
        }
    }
    splices.sort_by_key(|(range, _)| range.start);
    let touched = splices.len();
    // It was read when it came, so it can be read now.
    if index.read(data).is_ok() {
        for echo in &index.echoes {
            let scope = index.slots.get(to_usize(&echo.slots)).unwrap_or_default();
            let (Some(first), Some(last)) = (scope.first(), scope.last()) else {
                continue;
            };
            let at =
                splices[..touched].partition_point(|(range, _)| range.start < first.range().start);
            if splices[..touched]
                .get(at)
                .is_some_and(|(range, _)| range.start <= last.range().start)
            {
                splices.push((to_usize(&echo.value), "null".to_owned()));
            }
        }
    }
    splices.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(data.len());
    let mut at = 0;
    for (range, text) in splices {
        if range.start < at {
            continue;
        }
        out.push_str(&data[at..range.start]);
        out.push_str(&text);
        at = range.end;
    }
    out.push_str(&data[at..]);
    pending.event.with_data(&out)
}

/// An event that says `text` where `event` has the literal `raw`.
pub(super) fn moulded(event: &Event, raw: &Range<u32>, text: &str) -> Bytes {
    let data = event.data().unwrap_or_default();
    let raw = to_usize(raw);
    let mut out = String::with_capacity(data.len() + text.len());
    out.push_str(&data[..raw.start]);
    escape_into(text, &mut out);
    out.push_str(&data[raw.end..]);
    event.with_data(&out)
}

/// Whether a value of the upstream's is a name of the protocol or a number, and no text that
/// would leave without having been looked at.
fn is_plain(value: &str) -> bool {
    let inside = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    match inside {
        Some(name) => name.len() <= LONGEST_NAME && is_word(name),
        None => value.len() <= 20 && value.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// An event of our own, in the dress of the stream's others.
pub(super) struct Synthetic<'a> {
    /// An event of the stream, if there was one.
    pub(super) template: Option<&'a str>,
    pub(super) choice: u32,
    pub(super) kind: SegmentKind,
    pub(super) tool_call: Option<u32>,
    pub(super) text: Option<&'a str>,
    pub(super) finish_reason: Option<&'a str>,
}

impl Synthetic<'_> {
    pub(super) fn to_bytes(&self, index: &mut Index) -> Bytes {
        let mut out = String::from("data: ");
        if self.kind == SegmentKind::PlainText {
            for (at, line) in self.text.unwrap_or_default().lines().enumerate() {
                out.push_str(if at > 0 { "\ndata: " } else { "" });
                out.push_str(line);
            }
            out.push_str("\n\n");
            return out.into();
        }
        out.push('{');
        let mut completion = matches!(self.kind, SegmentKind::Completion | SegmentKind::Repeat);
        if let Some(template) = self.template
            && index.read(template).is_ok()
        {
            for name in ["id", "object", "created", "model"] {
                if let Some(value) = index.field(template, name)
                    && is_plain(value)
                {
                    out.push_str(&format!("\"{name}\":{value},"));
                }
            }
            completion |= self.text.is_none()
                && index.field(template, "object") == Some("\"text_completion\"");
        }
        out.push_str(&format!("\"choices\":[{{\"index\":{},", self.choice));
        let mut text = String::new();
        escape_into(self.text.unwrap_or_default(), &mut text);
        let tool = self.tool_call.unwrap_or_default();
        out.push_str(&match self.kind {
            _ if completion => format!("\"text\":\"{text}\""),
            _ if self.text.is_none() => "\"delta\":{}".to_owned(),
            SegmentKind::Reasoning => format!("\"delta\":{{\"reasoning\":\"{text}\"}}"),
            SegmentKind::ReasoningContent => {
                format!("\"delta\":{{\"reasoning_content\":\"{text}\"}}")
            }
            SegmentKind::Refusal => format!("\"delta\":{{\"refusal\":\"{text}\"}}"),
            SegmentKind::ToolArguments => format!(
                "\"delta\":{{\"tool_calls\":[{{\"index\":{tool},\"function\":{{\"arguments\":\"{text}\"}}}}]}}"
            ),
            _ => format!("\"delta\":{{\"content\":\"{text}\"}}"),
        });
        match self.finish_reason {
            Some(reason) => out.push_str(&format!(",\"finish_reason\":\"{reason}\"")),
            None => out.push_str(",\"finish_reason\":null"),
        }
        out.push_str("}]}\n\n");
        out.into()
    }
}
