mod odd;
mod reading;

use std::time::Duration;

use http_body_util::StreamBody;
use proptest::prelude::*;

use super::*;
use crate::text::Edits;

/// Replaces every "jane" that is followed by a digit: a pattern that has to
/// wait, and to look ahead.
struct Jane;

impl ResponseFilter for Jane {
    fn filter(&mut self, window: &Window<'_>, edits: &mut Edits) -> Flow {
        let text = window.text();
        let mut at = window.start();
        while at < text.len() {
            let rest = &text[at..];
            let held = !window.is_last()
                && rest.len() < 5
                && "jane".starts_with(&rest[..rest.len().min(4)]);
            if held {
                return Flow::Release(at);
            }
            if rest.starts_with("jane") && rest[4..].starts_with(|c: char| c.is_ascii_digit()) {
                edits.replace(at..at + 5, "[X]");
                at += 5;
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        Flow::Release(text.len())
    }
}

/// Replaces "[X]" by "[YY]": reads what [`Jane`] has written.
struct Mark;

impl ResponseFilter for Mark {
    fn filter(&mut self, window: &Window<'_>, edits: &mut Edits) -> Flow {
        let text = window.text();
        for (at, _) in window.undecided().match_indices("[X]") {
            let at = at + window.start();
            edits.replace(at..at + 3, "[YY]");
        }
        if window.is_last() {
            return Flow::Release(text.len());
        }
        let done = edits
            .as_slice()
            .last()
            .map_or(window.start(), |e| e.range.end);
        let held = (1..3).rev().find(|n| text[done..].ends_with(&"[X]"[..*n]));
        Flow::Release(text.len() - held.unwrap_or(0))
    }
}

/// Ends the stream at the word "bomb".
struct Bomb;

impl ResponseFilter for Bomb {
    fn filter(&mut self, window: &Window<'_>, _: &mut Edits) -> Flow {
        if window.text().contains("bomb") {
            return Flow::Stop(ApiError::new(http::StatusCode::FORBIDDEN, "bomb", "no"));
        }
        let held = (1..4)
            .rev()
            .find(|n| window.text().ends_with(&"bomb"[..*n]));
        Flow::Release(window.text().len() - held.unwrap_or(0))
    }
}

fn chunk(choice: u32, field: &str, text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    let delta = match field {
        "tool" => format!(r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":{text}}}}}]}}"#),
        field => format!(r#"{{"{field}":{text}}}"#),
    };
    format!(
        "data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{{\"index\":{choice},\"delta\":{delta}, \"logprobs\":{{\"t\":[{text}]}},\"finish_reason\":null}}]}}\n\n"
    )
}

fn finish(choice: u32) -> String {
    format!(
        "data: {{\"id\":\"c1\",\"choices\":[{{\"index\":{choice},\"delta\":{{}},\"finish_reason\":\"stop\"}}]}}\n\n"
    )
}

const DONE: &str = "data: [DONE]\n\n";

fn stream_of(frames: Vec<Result<Frame<Bytes>, BoxError>>) -> Body {
    struct Frames(std::collections::VecDeque<Result<Frame<Bytes>, BoxError>>);
    impl futures_core::Stream for Frames {
        type Item = Result<Frame<Bytes>, BoxError>;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.pop_front())
        }
    }
    Body::new(StreamBody::new(Frames(frames.into())))
}

fn data(bytes: &[u8]) -> Result<Frame<Bytes>, BoxError> {
    Ok(Frame::data(Bytes::copy_from_slice(bytes)))
}

/// Reads to the end: the bytes, and the error if there was one.
fn drain(mut body: Body) -> (Vec<u8>, Option<String>, Option<HeaderMap>) {
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let (mut bytes, mut trailers) = (Vec::new(), None);
    loop {
        match Pin::new(&mut body).poll_frame(&mut cx) {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => bytes.extend_from_slice(&data),
                Err(frame) => trailers = frame.into_trailers().ok(),
            },
            Poll::Ready(Some(Err(error))) => return (bytes, Some(error.to_string()), trailers),
            Poll::Ready(None) => return (bytes, None, trailers),
            // Only to let go of what has been read, before an error.
            Poll::Pending => {}
        }
    }
}

fn run(stream: &[u8], cuts: &[usize], filters: Vec<Box<dyn ResponseFilter>>) -> Vec<u8> {
    let mut frames = Vec::new();
    let mut at = 0;
    for &cut in cuts {
        let cut = cut.min(stream.len());
        if cut > at {
            frames.push(data(&stream[at..cut]));
            at = cut;
        }
    }
    frames.push(data(&stream[at..]));
    let mut body = stream_of(frames);
    for filter in filters {
        body = body.filter_events(filter, Rigour::Strict);
    }
    let (bytes, error, _) = drain(body);
    assert_eq!(error, None);
    bytes
}

/// What a client reads: the texts of each choice and field, put together.
fn read(stream: &[u8]) -> std::collections::BTreeMap<String, String> {
    let mut texts = std::collections::BTreeMap::new();
    let stream = std::str::from_utf8(stream).unwrap();
    for event in stream.split("\n\n").filter(|e| !e.is_empty()) {
        let event = event.strip_prefix("data: ").unwrap();
        if event == "[DONE]" {
            continue;
        }
        let event: serde_json::Value = serde_json::from_str(event).expect(event);
        for choice in event["choices"].as_array().unwrap() {
            let index = &choice["index"];
            let mut add = |field: &str, text: &serde_json::Value| {
                let all: &mut String = texts.entry(format!("{index} {field}")).or_default();
                all.push_str(text.as_str().unwrap());
            };
            for (field, value) in choice["delta"].as_object().unwrap() {
                match value.as_array() {
                    Some(calls) => add("tool", &calls[0]["function"]["arguments"]),
                    None => add(field, value),
                }
            }
            if let Some(reason) = choice["finish_reason"].as_str() {
                add("end", &reason.into());
            }
        }
    }
    texts
}

fn filters() -> Vec<Box<dyn ResponseFilter>> {
    vec![Box::new(Jane), Box::new(Mark)]
}

fn whole(text: &str) -> String {
    let mut text = text.to_owned();
    for mut filter in filters() {
        let mut edits = Edits::new();
        let lane = Lane {
            kind: SegmentKind::Content,
            choice: None,
            tool_call: None,
        };
        filter.filter(&Window::new(&text, 0, true, lane), &mut edits);
        text = edits.apply(&text);
    }
    text
}

#[test]
fn a_finding_split_across_events_is_edited_and_the_rest_is_untouched() {
    let stream = [
        chunk(0, "content", "dear ja"),
        chunk(0, "content", "ne"),
        chunk(0, "content", "7, hello"),
        chunk(0, "content", " you"),
        finish(0),
        DONE.to_owned(),
    ];
    let out = run(stream.concat().as_bytes(), &[], filters());
    let out = String::from_utf8(out).unwrap();
    let events: Vec<_> = out.split_inclusive("\n\n").collect();
    assert_eq!(events.len(), 6);
    assert!(
        events[0].contains(r#""content":"dear [YY]""#),
        "{}",
        events[0]
    );
    assert!(events[0].contains(r#""logprobs":null"#));
    assert!(events[1].contains(r#""content":"""#));
    assert!(events[2].contains(r#""content":", hello""#));
    assert_eq!(events[3..], stream[3..]);
}

#[test]
fn held_text_is_flushed_before_the_end_of_its_choice() {
    let stream = [chunk(0, "content", "ja"), finish(0), DONE.to_owned()].concat();
    let mut body = stream_of(vec![data(stream.as_bytes())]);
    body = body.filter_events(Box::new(Jane), Rigour::Strict);
    let (bytes, _, _) = drain(body);
    assert_eq!(bytes, stream.as_bytes());
}

#[test]
fn a_broken_stream_gives_its_held_text_then_the_error() {
    let frames = vec![
        data(chunk(0, "content", "a jane7 jan").as_bytes()),
        data(b"data: {\"choices\":[{\"del"),
        Err("reset".into()),
    ];
    let (bytes, error, _) = drain(stream_of(frames).filter_events(Box::new(Jane), Rigour::Strict));
    assert_eq!(read(&bytes)["0 content"], "a [X] jan");
    assert_eq!(error.as_deref(), Some("reset"));
}

#[test]
fn trailers_pass_behind_the_held_text() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-end", http::HeaderValue::from_static("1"));
    let frames = vec![
        data(chunk(0, "content", "jan").as_bytes()),
        Ok(Frame::trailers(trailers.clone())),
    ];
    let (bytes, error, seen) =
        drain(stream_of(frames).filter_events(Box::new(Jane), Rigour::Strict));
    assert_eq!(read(&bytes)["0 content"], "jan");
    assert_eq!((error, seen), (None, Some(trailers)));
}

#[test]
fn a_refusal_ends_the_stream_well_formed_and_drops_the_upstream() {
    struct Upstream {
        _alive: std::sync::Arc<()>,
    }
    impl http_body::Body for Upstream {
        type Data = Bytes;
        type Error = BoxError;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            let events = [
                chunk(0, "content", "fine "),
                chunk(1, "content", "fine"),
                chunk(0, "content", "a bo"),
                chunk(1, "content", " too"),
                chunk(0, "content", "mb is"),
            ];
            Poll::Ready(Some(data(events.concat().as_bytes())))
        }
    }
    let upstream = std::sync::Arc::new(());
    let mut body = Body::new(Upstream {
        _alive: upstream.clone(),
    })
    .filter_events(Box::new(Bomb), Rigour::Strict);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let first = Pin::new(&mut body).poll_frame(&mut cx);
    assert_eq!(
        std::sync::Arc::strong_count(&upstream),
        1,
        "the upstream is gone"
    );
    let Poll::Ready(Some(Ok(first))) = first else {
        panic!()
    };
    let mut bytes = first.into_data().unwrap().to_vec();
    bytes.extend(drain(body).0);
    let texts = read(&bytes);
    assert_eq!(texts["0 content"], "fine a ");
    assert_eq!(texts["0 end"], "content_filter");
    assert_eq!(texts["1 end"], "content_filter");
    assert!(bytes.ends_with(DONE.as_bytes()));
    assert!(
        String::from_utf8(bytes)
            .unwrap()
            .contains(r#""id":"c1","object":"chat.completion.chunk","model":"m""#)
    );
}

#[test]
fn a_held_word_does_not_hold_up_another_field_for_long() {
    let mut stream = chunk(0, "reasoning", "about ja");
    for _ in 0..40 {
        stream.push_str(&chunk(0, "content", "word "));
    }
    let mut body = stream_of(vec![data(stream.as_bytes()), Err("stop here".into())]);
    body = body.filter_events(Box::new(Jane), Rigour::Strict);
    let (bytes, _, _) = drain(body);
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.find("word").unwrap() < text.rfind("reasoning").unwrap());
    assert_eq!(read(&bytes)["0 reasoning"], "about ja");
    assert_eq!(read(&bytes)["0 content"], "word ".repeat(40));
}

#[test]
fn detached_text_joins_the_next_piece_of_its_lane() {
    let mut stream = chunk(0, "reasoning", "about ja");
    for _ in 0..40 {
        stream.push_str(&chunk(0, "content", "word "));
    }
    stream.push_str(&chunk(0, "reasoning", "ne"));
    for _ in 0..40 {
        stream.push_str(&chunk(0, "content", "word "));
    }
    stream.push_str(&chunk(0, "reasoning", "7!"));
    stream.push_str(&chunk(0, "reasoning", " and ja"));
    for _ in 0..40 {
        stream.push_str(&chunk(0, "content", "word "));
    }
    stream.push_str(&finish(0));
    stream.push_str(DONE);
    let out = run(stream.as_bytes(), &[], filters());
    assert_eq!(read(&out)["0 reasoning"], "about [YY]! and ja");
    assert_eq!(read(&out)["0 content"], "word ".repeat(120));
    assert!(out.ends_with(format!("{}{DONE}", finish(0)).as_bytes()));
}

#[test]
fn strings_outside_of_the_growing_texts_are_filtered_as_a_whole() {
    let stream = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ja\",\"note\":\"jane7\"}}],\"x\":\"ja\"}\n\n: jane7\n\n";
    let out = run(stream.as_bytes(), &[], filters());
    assert_eq!(
        String::from_utf8(out).unwrap(),
        stream.replacen("jane7", "[YY]", 1).replace(": jane7\n", "")
    );
}

#[test]
fn events_that_are_no_json_are_one_text() {
    let out = run(
        b"data: hello ja\n\ndata: ne7 {\n\nevent: x\n\n",
        &[],
        filters(),
    );
    assert_eq!(out, b"data: hello [YY]\n\ndata:  {\n\nevent: x\n\n");
}

#[test]
fn a_body_is_not_wrapped_twice_and_observed_once() {
    struct Count(std::sync::Arc<std::sync::Mutex<Vec<String>>>);
    impl Observer for Count {
        fn data(&mut self, bytes: usize) {
            self.0.lock().unwrap().push(format!("{bytes}"));
        }
        fn end(&mut self, error: Option<&BoxError>) {
            self.0.lock().unwrap().push(format!("{}", error.is_none()));
        }
    }
    let seen = std::sync::Arc::default();
    let mut body = Body::from("12345");
    body.observe(Box::new(Count(std::sync::Arc::clone(&seen))));
    let body = Body::new(Body::new(body));
    drain(body);
    assert_eq!(*seen.lock().unwrap(), ["5", "true"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_that_is_not_wanted() {
    struct Counting(std::sync::Arc<std::sync::atomic::AtomicUsize>);
    impl http_body::Body for Counting {
        type Data = Bytes;
        type Error = BoxError;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let events = [chunk(0, "content", "a "), chunk(0, "content", "jane7 ")].concat();
            Poll::Ready(Some(data(events.as_bytes())))
        }
    }
    let polls = std::sync::Arc::default();
    let mut body = Body::new(Counting(std::sync::Arc::clone(&polls)))
        .filter_events(Box::new(Jane), Rigour::Strict);
    for wanted in 0..6 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        body.frame().await.unwrap().unwrap();
        let polled = polls.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(
            polled,
            wanted / 2 + 1,
            "two pieces leave for each frame read"
        );
    }
}

/// Texts made of what the filters look for, near misses and characters of
/// several bytes; each piece says which choice and field it goes to.
fn pieces() -> impl Strategy<Value = Vec<(u32, &'static str, String)>> {
    let text = "(jane[0-9]|jan|ja|e|n|j|\\[X|X\\]|\\[X\\]|é|😀|\n|\"|\\\\| word ){0,3}";
    let field = prop::sample::select(vec!["content", "reasoning", "refusal", "tool"]);
    prop::collection::vec((0u32..3, field, text), 0..60)
}

proptest! {
    #[test]
    fn chunk_invariance(
        pieces in pieces(),
        cuts in prop::collection::vec(0usize..20_000, 0..40),
        ends in any::<bool>(),
    ) {
        let mut texts = std::collections::BTreeMap::new();
        let mut stream = String::new();
        for (choice, field, text) in &pieces {
            stream.push_str(&chunk(*choice, field, text));
            let all: &mut String = texts.entry(format!("{choice} {field}")).or_default();
            all.push_str(text);
        }
        for text in texts.values_mut() {
            *text = whole(text);
        }
        if ends {
            for choice in 0..3 {
                stream.push_str(&finish(choice));
                texts.insert(format!("{choice} end"), "stop".to_owned());
            }
            stream.push_str(DONE);
        }
        let mut cuts = cuts;
        cuts.sort_unstable();
        let out = run(stream.as_bytes(), &cuts, filters());
        prop_assert_eq!(read(&out), texts);
    }

    #[test]
    fn without_a_finding_bytes_stay(
        pieces in prop::collection::vec((0u32..3, "[ a-z😀é\"\\\\\n]{0,12}"), 0..40),
        cuts in prop::collection::vec(0usize..20_000, 0..40),
    ) {
        let mut stream = String::new();
        for (choice, text) in &pieces {
            stream.push_str(&chunk(*choice, "content", &text.replace("jane", "")));
        }
        stream.push_str(DONE);
        let mut cuts = cuts;
        cuts.sort_unstable();
        let out = run(stream.as_bytes(), &cuts, filters());
        // Held text that others would not wait for travels in a later event.
        if pieces.iter().all(|(choice, _)| *choice == 0) || !stream.contains('j') {
            prop_assert_eq!(String::from_utf8(out).unwrap(), stream);
        }
    }

    #[test]
    fn any_bytes_are_survived(
        parts in prop::collection::vec("(data: |\\{|\\}|\"choices\":\\[|\\]|\"delta\":|\"content\":|\"jane7\"|,|\n\n|\r|\\\\u12|é|\\[DONE\\]){1,6}", 0..40),
        cuts in prop::collection::vec(0usize..2_000, 0..40),
    ) {
        let stream = parts.concat();
        let mut cuts = cuts;
        cuts.sort_unstable();
        run(stream.as_bytes(), &cuts, filters());
    }
}
