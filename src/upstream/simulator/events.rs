//! The framing of an event stream.

use bytes::Bytes;

use super::reply::Framing;

/// The chunks of a stream, made one at a time.
pub(super) trait Chunks: Send + Sync {
    /// Writes the JSON of the next chunk behind what `out` holds; `false` at the end.
    fn write_next(&mut self, out: &mut Vec<u8>) -> bool;
}

/// Appends JSON. Writing to memory cannot fail, and the shapes written have only string keys.
pub(super) fn write_json(out: &mut Vec<u8>, value: &impl serde::Serialize) -> bool {
    serde_json::to_writer(out, value).is_ok()
}

/// An event that begins like a chunk and breaks off inside a string.
const MALFORMED: &[u8] = br#"{"id":"malformed","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"brok"#;

/// Turns chunks into `data:` events, ends them with `[DONE]`, and spoils one if told to.
pub(super) struct EventStream {
    chunks: Box<dyn Chunks>,
    framing: Framing,
    sent: usize,
    done: bool,
    room: usize,
}

impl EventStream {
    pub(super) fn new(chunks: Box<dyn Chunks>, framing: Framing) -> Self {
        Self {
            chunks,
            framing,
            sent: 0,
            done: framing.no_done,
            room: 0,
        }
    }

    /// The next event, blank line included.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        let mut out = Vec::with_capacity(self.room);
        out.extend_from_slice(b"data: ");
        if self.framing.malformed_after == Some(self.sent) {
            self.framing.malformed_after = None;
            out.extend_from_slice(MALFORMED);
        } else if self.chunks.write_next(&mut out) {
            self.sent += 1;
        } else if !self.done {
            self.done = true;
            self.sent += 1;
            out.extend_from_slice(b"[DONE]");
        } else {
            return None;
        }
        let newline = self.framing.newline.as_bytes();
        out.extend_from_slice(newline);
        out.extend_from_slice(newline);
        self.room = self.room.max(out.len()).min(4096);
        Some(Bytes::from(out))
    }
}
