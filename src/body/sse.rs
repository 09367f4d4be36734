//! The codec of server-sent events (WHATWG HTML, section 9.2): finds events
//! without copying them, and keeps every byte it was given.

use std::ops::Range;

use bytes::Bytes;
use memchr::memchr2;

/// An event may be this long; a stream with a longer one is broken off.
pub(crate) const MAX_EVENT: usize = 8 * 1024 * 1024;

/// An event as it came, and what its `data` lines say.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The frame it lies in; kept so that neighbours can leave as one piece.
    pub(crate) frame: Bytes,
    /// All of it, the blank line included.
    pub(crate) range: Range<usize>,
    pub(crate) data: Data,
    /// Lines that are neither data nor blank.
    pub(crate) others: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// A comment, a blank line, an event without data.
    None,
    /// One line of valid UTF-8, by its place in the frame.
    Line(Range<usize>),
    /// Several lines joined, or one with invalid UTF-8 replaced.
    Joined(Box<str>),
}

/// An event is longer than [`MAX_EVENT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Cuts frames into events.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// The start of an event whose end has not come.
    partial: Vec<u8>,
    /// Nothing has been seen of the current line.
    line_empty: bool,
    /// The last byte was a CR, to which a LF may belong.
    after_cr: bool,
    /// A byte order mark may still come.
    first: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            partial: Vec::new(),
            line_empty: true,
            after_cr: false,
            first: true,
        }
    }
}

impl Decoder {
    /// The next event of `frame`, which starts to be read at `at`.
    ///
    /// `None` when the frame is used up; the rest of it waits for the next.
    pub(crate) fn next(&mut self, frame: &Bytes, at: &mut usize) -> Option<Result<Event, TooLong>> {
        let start = *at;
        let mut i = start;
        while i < frame.len() {
            if self.after_cr {
                self.after_cr = false;
                if frame[i] == b'\n' {
                    i += 1;
                    continue;
                }
            }
            let Some(offset) = memchr2(b'\n', b'\r', &frame[i..]) else {
                self.line_empty = false;
                break;
            };
            // A mark in front of a blank line does not make it a full one.
            let blank = offset == 0 && self.line_empty;
            self.after_cr = frame[i + offset] == b'\r';
            self.line_empty = true;
            i += offset + 1;
            if blank {
                if self.after_cr && frame.get(i) == Some(&b'\n') {
                    self.after_cr = false;
                    i += 1;
                }
                *at = i;
                return Some(self.event(frame, start..i));
            }
        }
        *at = frame.len();
        self.partial.extend_from_slice(&frame[start..]);
        (self.partial.len() > MAX_EVENT).then_some(Err(TooLong))
    }

    fn event(&mut self, frame: &Bytes, range: Range<usize>) -> Result<Event, TooLong> {
        let (frame, range) = if self.partial.is_empty() {
            (frame.clone(), range)
        } else {
            self.partial.extend_from_slice(&frame[range]);
            let whole = Bytes::from(std::mem::take(&mut self.partial));
            let range = 0..whole.len();
            (whole, range)
        };
        if range.len() > MAX_EVENT {
            return Err(TooLong);
        }
        let first = std::mem::take(&mut self.first);
        let (data, others) = read_data(&frame, range.clone(), first);
        Ok(Event {
            frame,
            range,
            data,
            others,
        })
    }

    /// What has been kept of an event that is not whole, as it came.
    pub(crate) fn take_partial(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.partial)
    }

    /// The event that the end of the stream cut short.
    pub(crate) fn finish(&mut self) -> Option<Event> {
        if self.partial.is_empty() {
            return None;
        }
        self.event(&Bytes::new(), 0..0).ok()
    }
}

/// What a line that is not data is, by the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherLine {
    /// `event`, `id`, `retry` or a comment.
    Known,
    /// No field that a reader of events knows; another reader might read it.
    Unknown,
}

impl OtherLine {
    pub(crate) fn of(line: &[u8]) -> Self {
        let name = line.split(|&byte| byte == b':').next().unwrap_or(line);
        match name {
            b"" | b"event" | b"id" | b"retry" => Self::Known,
            _ => Self::Unknown,
        }
    }
}

/// The lines of an event: where each starts, and its end without newline.
pub(crate) fn lines(raw: &[u8]) -> impl Iterator<Item = (Range<usize>, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at == raw.len() {
            return None;
        }
        let start = at;
        let end = memchr2(b'\n', b'\r', &raw[start..]).map_or(raw.len(), |o| start + o);
        at = match (raw.get(end), raw.get(end + 1)) {
            (None, _) => end,
            (Some(b'\r'), Some(b'\n')) => end + 2,
            _ => end + 1,
        };
        Some((start..end, at))
    })
}

/// Where the value of a `data` line starts within the line.
pub(crate) fn data_value(line: &[u8]) -> Option<usize> {
    match line.strip_prefix(b"data")? {
        [] => Some(4),
        [b':', b' ', ..] => Some(6),
        [b':', ..] => Some(5),
        _ => None,
    }
}

pub(crate) const BOM: &[u8] = "\u{feff}".as_bytes();

fn read_data(frame: &Bytes, range: Range<usize>, first: bool) -> (Data, bool) {
    let raw = &frame[range.clone()];
    let skip = if first && raw.starts_with(BOM) {
        BOM.len()
    } else {
        0
    };
    let mut found: Option<Range<usize>> = None;
    let mut joined: Option<Vec<u8>> = None;
    let mut others = false;
    for (line, _) in lines(&raw[skip..]) {
        let line = line.start + skip..line.end + skip;
        let Some(value) = data_value(&raw[line.clone()]) else {
            others |= !line.is_empty();
            continue;
        };
        let value = line.start + value..line.end;
        match (&found, &mut joined) {
            (None, _) => found = Some(value),
            (Some(before), None) => {
                let mut text = raw[before.clone()].to_vec();
                text.push(b'\n');
                text.extend_from_slice(&raw[value]);
                joined = Some(text);
            }
            (Some(_), Some(text)) => {
                text.push(b'\n');
                text.extend_from_slice(&raw[value]);
            }
        }
    }
    let data = match (found, joined) {
        (None, _) => Data::None,
        (Some(_), Some(text)) => Data::Joined(String::from_utf8_lossy(&text).into()),
        (Some(line), None) => match std::str::from_utf8(&raw[line.clone()]) {
            Ok(_) => Data::Line(range.start + line.start..range.start + line.end),
            Err(_) => Data::Joined(String::from_utf8_lossy(&raw[line]).into()),
        },
    };
    (data, others)
}

impl Event {
    /// What its data lines say.
    pub(crate) fn data(&self) -> Option<&str> {
        match &self.data {
            Data::None => None,
            // Found to be valid when the event was read.
            Data::Line(range) => std::str::from_utf8(&self.frame[range.clone()]).ok(),
            Data::Joined(text) => Some(text),
        }
    }

    /// An event of our own, which says nothing that is to be read.
    pub(crate) fn opaque(bytes: Bytes) -> Self {
        Self {
            range: 0..bytes.len(),
            frame: bytes,
            data: Data::None,
            others: false,
        }
    }

    /// The lines that are neither data nor blank, with their newlines.
    pub(crate) fn other_lines(&self) -> impl Iterator<Item = (Range<usize>, &[u8])> {
        let raw = &self.frame[self.range.clone()];
        lines(raw).filter_map(|(line, next)| {
            let text = &raw[line.clone()];
            let text = text.strip_prefix(BOM).unwrap_or(text);
            let other = !text.is_empty() && data_value(text).is_none();
            other.then_some((line.start..next, text))
        })
    }

    /// The event without these lines.
    pub(crate) fn without(&self, lines: &[Range<usize>]) -> Self {
        let raw = &self.frame[self.range.clone()];
        let mut out = Vec::with_capacity(raw.len());
        let mut at = 0;
        for line in lines {
            out.extend_from_slice(&raw[at..line.start]);
            at = line.end;
        }
        out.extend_from_slice(&raw[at..]);
        let frame = Bytes::from(out);
        let range = 0..frame.len();
        let (data, others) = read_data(&frame, range.clone(), false);
        Self {
            frame,
            range,
            data,
            others,
        }
    }

    /// The event with other data, its other lines as they were.
    pub(crate) fn with_data(&self, data: &str) -> Bytes {
        let raw = &self.frame[self.range.clone()];
        let mut out = Vec::with_capacity(raw.len() + data.len());
        if let Data::Line(line) = &self.data {
            out.extend_from_slice(&self.frame[self.range.start..line.start]);
            push_lines(&mut out, data);
            out.extend_from_slice(&self.frame[line.end..self.range.end]);
            return out.into();
        }
        let mut written = false;
        for (line, next) in lines(raw) {
            let bom = if raw[line.clone()].starts_with(BOM) {
                BOM.len()
            } else {
                0
            };
            let text = &raw[line.start + bom..line.end];
            match data_value(text) {
                None => out.extend_from_slice(&raw[line.start..next]),
                Some(_) if written => {}
                Some(_) => {
                    written = true;
                    out.extend_from_slice(&raw[line.start..line.start + bom]);
                    out.extend_from_slice(b"data: ");
                    push_lines(&mut out, data);
                    out.extend_from_slice(&raw[line.end..next]);
                }
            }
        }
        out.into()
    }
}

/// Text with a newline in it takes several lines.
fn push_lines(out: &mut Vec<u8>, data: &str) {
    let mut rest = data;
    while let Some(at) = memchr2(b'\n', b'\r', rest.as_bytes()) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        out.extend_from_slice(b"\ndata: ");
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the events say, and their bytes put together again.
    fn decode(frames: &[&[u8]]) -> (Vec<Option<String>>, Vec<u8>) {
        let mut decoder = Decoder::default();
        let (mut says, mut bytes) = (Vec::new(), Vec::new());
        let mut take = |event: Event| {
            says.push(event.data().map(str::to_owned));
            bytes.extend_from_slice(&event.frame[event.range.clone()]);
        };
        for frame in frames {
            let frame = Bytes::copy_from_slice(frame);
            let mut at = 0;
            while let Some(event) = decoder.next(&frame, &mut at) {
                take(event.unwrap());
            }
        }
        if let Some(event) = decoder.finish() {
            take(event);
        }
        (says, bytes)
    }

    fn data(stream: &str) -> Vec<String> {
        let (says, bytes) = decode(&[stream.as_bytes()]);
        assert_eq!(bytes, stream.as_bytes());
        says.into_iter().flatten().collect()
    }

    #[test]
    fn line_ends_comments_and_fields() {
        assert_eq!(data("data: a\n\ndata:b\n\n"), ["a", "b"]);
        assert_eq!(data("data: a\r\n\r\ndata:  b\r\n\r\n"), ["a", " b"]);
        assert_eq!(data("data: a\r\rdata: b\r\r"), ["a", "b"]);
        assert_eq!(data(": hi\nevent: x\nid: 1\nretry: 5\ndata: a\n\n"), ["a"]);
        assert_eq!(data("data: a\ndata\ndata: b\n\n"), ["a\n\nb"]);
        assert_eq!(data("\u{feff}data: a\n\n\u{feff}data: b\n\n"), ["a"]);
        assert_eq!(data("data: a"), ["a"]);
        assert_eq!(data("data: a\n"), ["a"]);
        assert_eq!(data("datax: a\n\nDATA: a\n\n\n\n"), [""; 0]);
    }

    #[test]
    fn rewriting_keeps_the_other_lines() {
        let rewrite = |stream: &'static str, to: &str| {
            let frame = Bytes::from_static(stream.as_bytes());
            let event = Decoder::default().next(&frame, &mut 0).unwrap().unwrap();
            String::from_utf8(event.with_data(to).to_vec()).unwrap()
        };
        assert_eq!(
            rewrite(": c\nid: 1\r\ndata:x\r\n\r\n", "y"),
            ": c\nid: 1\r\ndata:y\r\n\r\n"
        );
        assert_eq!(
            rewrite("data: x\nid: 1\ndata: z\n\n", "y"),
            "data: y\nid: 1\n\n"
        );
        assert_eq!(rewrite("data: x\n\n", "a\nb"), "data: a\ndata: b\n\n");
        assert_eq!(
            rewrite("\u{feff}data: x\ndata: z\n\n", "y"),
            "\u{feff}data: y\n\n"
        );
    }

    #[test]
    fn an_event_cannot_grow_without_bound() {
        let frame = Bytes::from(vec![b'x'; MAX_EVENT / 2 + 1]);
        let mut decoder = Decoder::default();
        assert!(decoder.next(&frame, &mut 0).is_none());
        assert!(matches!(decoder.next(&frame, &mut 0), Some(Err(TooLong))));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(
            parts in prop::collection::vec("(data: ?|data|: |id:|[a-zé]|\n|\r|\r\n|\n\n|\u{feff}){1,4}", 0..20),
            cuts in prop::collection::vec(0usize..200, 0..12),
        ) {
            let stream = parts.concat().into_bytes();
            let (whole, bytes) = decode(&[&stream]);
            prop_assert_eq!(&bytes, &stream);
            let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(stream.len())).collect();
            cuts.sort_unstable();
            let mut frames = Vec::new();
            let mut at = 0;
            for cut in cuts {
                frames.push(&stream[at..cut]);
                at = cut;
            }
            frames.push(&stream[at..]);
            let (cut, bytes) = decode(&frames);
            prop_assert_eq!(bytes, stream);
            let says = |v: Vec<Option<String>>| v.into_iter().flatten().collect::<Vec<_>>();
            prop_assert_eq!(says(cut), says(whole));
        }
    }
}
