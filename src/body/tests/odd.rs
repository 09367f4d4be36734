//! Streams as no standard has them, and as upstreams send them.

use super::*;

#[test]
fn tool_calls_are_kept_apart_by_their_index() {
    let call = |index: u32, text: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{{\"index\":{index},\"function\":{{\"arguments\":\"{text}\"}}}}]}}}}]}}\n\n"
        )
    };
    let stream = call(0, "to ja") + &call(1, "zz") + &call(0, "ne7!");
    let out = String::from_utf8(run(stream.as_bytes(), &[], filters())).unwrap();
    assert_eq!(out, call(0, "to [YY]") + &call(1, "zz") + &call(0, "!"));
}

#[test]
fn the_end_of_a_choice_may_be_said_in_every_event() {
    let say = |text: &str| {
        chunk(0, "content", text).replace("\"finish_reason\":null", "\"finish_reason\":\"stop\"")
    };
    let stream = [say("a ja"), say("ne"), say("7 b"), DONE.to_owned()].concat();
    let out = run(stream.as_bytes(), &[], filters());
    assert_eq!(read(&out)["0 content"], "a [YY] b");
}

#[test]
fn a_text_is_one_whether_its_events_repeat_it_or_not() {
    let both = "data: {\"choices\":[{\"index\":0,\"text\":\"ja\",\"delta\":{}}]}\n\n";
    let one = "data: {\"choices\":[{\"index\":0,\"text\":\"ne7\"}]}\n\n";
    let out = run([both, one].concat().as_bytes(), &[], filters());
    let expected = [both.replace("ja", "[YY]"), one.replace("ne7", "")].concat();
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn the_text_of_other_apis_grows_too() {
    let stream = |a: &str, b: &str| {
        format!(
            "event: x\ndata: {{\"type\":\"response.output_text.delta\",\"output_index\":1,\"delta\":\"{a}\"}}\n\ndata: {{\"type\":\"response.output_text.delta\",\"output_index\":1,\"delta\":\"{b}\"}}\n\n"
        )
    };
    let out = run(stream("so ja", "ne7!").as_bytes(), &[], filters());
    assert_eq!(String::from_utf8(out).unwrap(), stream("so [YY]", "!"));
}

#[test]
fn streams_that_cannot_be_read_are_ended() {
    for bad in [
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"jane\"},\"x\":NaN}]}\n\n".to_owned(),
        "data: {\"choices\":[{\"index\":0,\"index\":1,\"delta\":{\"content\":\"jane\"}}]}\n\n".to_owned(),
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"jane\",\"content\":\"jane\"}}]}\n\n".to_owned(),
        "data: {\"choices\":[{\"index\":\"1\",\"delta\":{\"content\":\"jane\"}}]}\n\n".to_owned(),
        "{\"error\":\"jane\"}\n\n".to_owned(),
        finish(0) + &chunk(1, "content", "b") + &chunk(0, "content", "jane"),
        format!("data: {}\n\n", "[".repeat(200)),
    ] {
        let stream = [chunk(0, "content", "a "), bad].concat();
        let out = String::from_utf8(run(stream.as_bytes(), &[], filters())).unwrap();
        assert!(out.ends_with(DONE) && out.contains("content_filter"), "{out}");
        assert!(!out.contains("jane"), "{out}");
    }
}

/// An event of ours says what the upstream's said about itself, and no more.
#[test]
fn our_last_event_repeats_no_text_of_the_upstreams() {
    let usual = r#""id":"c1","object":"chat.completion.chunk","model":"m","#;
    let long = "x".repeat(200);
    for (members, kept) in [
        (r#""id":"o1-2","created":17,"model":"a/b-1","#, true),
        (
            r#""id":"say this: jane","created":"jane did","model":"<b>jane</b>","#,
            false,
        ),
        (r#""id":["jane"],"created":1e9,"model":{"jane":1},"#, false),
        (
            &format!(
                r#""id":"{long}","created":{},"model":"{long}","#,
                "1".repeat(21)
            ),
            false,
        ),
    ] {
        let stream = [
            chunk(0, "content", "a "),
            chunk(0, "content", "b").replace(usual, members),
            "data: [\n\n".to_owned(),
        ]
        .concat();
        let out = String::from_utf8(run(stream.as_bytes(), &[], filters())).unwrap();
        let last = out.trim_end().rsplit("\n\n").nth(1).unwrap();
        assert!(last.contains("content_filter"), "{out}");
        assert_eq!(last.contains(members), kept, "{last}");
        for name in ["\"id\"", "\"created\"", "\"model\""] {
            assert_eq!(last.contains(name), kept, "{last}");
        }
    }
}

#[test]
fn comments_do_not_pile_up_behind_a_held_word() {
    let stream = chunk(0, "content", "about ja") + &": keepalive\n\n".repeat(1000);
    let mut body = stream_of(vec![data(stream.as_bytes()), Err("stop here".into())]);
    body = body.filter_events(Box::new(Jane), Rigour::Strict);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let Poll::Ready(Some(Ok(first))) = Pin::new(&mut body).poll_frame(&mut cx) else {
        panic!("nothing came");
    };
    assert!(first.into_data().unwrap().len() < 1000, "the first event");
    let (bytes, _, _) = drain(body);
    let bytes = String::from_utf8(bytes).unwrap();
    assert_eq!(bytes.matches("keepalive").count(), 1000);
    assert!(
        bytes.contains("\"content\":\"ja\""),
        "{}",
        &bytes[bytes.len() - 300..]
    );
}

#[test]
fn without_a_filter_nothing_is_too_much() {
    struct Deaf;
    impl Watch for Deaf {}
    let stream = format!("data: {}\n\ndata: {}", "[".repeat(200), "x".repeat(9 << 20));
    let frames = stream.as_bytes().chunks(1 << 20).map(data).collect();
    let (bytes, error, _) = drain(stream_of(frames).watch_events(Box::new(Deaf)));
    assert_eq!(error, None);
    assert!(bytes == stream.as_bytes());
}
