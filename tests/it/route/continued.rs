//! An answer that breaks off and is continued by another target.

use http::StatusCode;
use portcullis::call::Outcome;
use portcullis::route::{FallbackLayer, MidStream};
use portcullis::upstream::simulator::{Reply, Simulator};

use super::fleet::{Fleet, recorded, request, request_of, target};
use crate::support::chat;

const PIECES: [&str; 5] = ["The", " quick", " brown", " fox", " jumps."];
const WHOLE: &str = "The quick brown fox jumps.";

fn layer() -> FallbackLayer {
    FallbackLayer::new(["a", "b", "c"].map(target)).mid_stream(MidStream::Continue)
}

fn fleet(first: Reply, second: Reply) -> Fleet {
    let third = Reply::error(StatusCode::SERVICE_UNAVAILABLE, "no");
    Fleet::new([
        ("a", Simulator::new().always(first)),
        ("b", Simulator::new().always(second)),
        ("c", Simulator::new().always(third)),
    ])
}

#[tokio::test(start_paused = true)]
async fn the_next_target_goes_on_without_a_seam() {
    for cut in 1..=4 {
        let said: String = PIECES[..cut].concat();
        let rest = &WHOLE[said.len()..];
        let word = said.rsplit(' ').next().unwrap();
        for (how, second) in [
            ("goes on", rest.to_owned()),
            ("says a word again", format!("{word}{rest}")),
            (
                "says a word again, with its space",
                format!(" {word}{rest}"),
            ),
            ("begins anew", WHOLE.to_owned()),
        ] {
            for piece in [1, 3, 100] {
                let first = Reply::new().pieces(PIECES).cut_after(cut);
                let second = Reply::text(second.clone()).piece_len(piece);
                let fleet = fleet(first, second);
                let (got, record) = recorded(&layer(), &fleet, request(true)).await;
                let case = format!("{cut}, {how}, {piece}: {got:?}");
                assert_eq!(got.text(), WHOLE, "{case}");
                assert!(got.is_whole(), "{case}");
                assert_eq!(record.outcome, Outcome::Finished, "{case}");
                assert!(
                    record.warnings.iter().any(|w| w.contains("went on")),
                    "{case}"
                );
                let asked = fleet.ship("b").last_request().unwrap().json().unwrap();
                let messages = asked["messages"].as_array().unwrap();
                assert_eq!(messages.len(), 2);
                assert_eq!(messages[1]["role"], "assistant");
                assert_eq!(messages[1]["content"], said);
                // One stream, for who looks at its id.
                let ids: std::collections::BTreeSet<_> = got
                    .body
                    .lines()
                    .filter_map(|line| line.strip_prefix("data: {\"id\":\"")?.split('"').next())
                    .collect();
                assert_eq!(ids.len(), 1, "{case}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_continued_ends_with_an_error() {
    let cut = |reply: Reply| reply.cut_after(2);
    let tools = Reply::new()
        .tool_call("look", r#"{"at":"the sky, please"}"#)
        .piece_len(3);
    let mut several = chat("Hello", true);
    several["n"] = serde_json::json!(2);
    for (what, first, asked) in [
        ("a tool call", cut(tools), chat("Hello", true)),
        (
            "two choices",
            Reply::new()
                .choices(["One and two.", "Three."])
                .cut_after(4),
            several,
        ),
    ] {
        let fleet = fleet(first, Reply::text("more"));
        let (got, _) = recorded(&layer(), &fleet, request_of(&asked)).await;
        assert_eq!(got.status, 200, "{what}");
        assert_eq!(
            got.error().as_deref(),
            Some("upstream_reset"),
            "{what}: {got:?}"
        );
        assert_eq!(fleet.counts(&["b"]), [0], "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn when_nobody_can_go_on_it_ends_with_an_error() {
    let first = Reply::new().pieces(PIECES).cut_after(2);
    let fleet = fleet(first, Reply::new().reset());
    let (got, record) = recorded(&layer(), &fleet, request(true)).await;
    assert_eq!(got.text(), "The quick");
    assert_eq!(got.error().as_deref(), Some("upstream_reset"), "{got:?}");
    assert_eq!(record.outcome, Outcome::UpstreamError);
    assert_eq!(fleet.counts(&["a", "b", "c"]), [1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_sequel_that_breaks_off_is_continued_too() {
    let first = Reply::new().pieces(PIECES).cut_after(2);
    let second = Reply::new().pieces([" brown", " fox", " x"]).cut_after(2);
    let fleet = Fleet::new([
        ("a", Simulator::new().always(first)),
        ("b", Simulator::new().always(second)),
        ("c", Simulator::new().always(Reply::text(" jumps."))),
    ]);
    let (got, _) = recorded(&layer(), &fleet, request(true)).await;
    assert_eq!(got.text(), WHOLE);
    assert!(got.is_whole());
    let asked = fleet.ship("c").last_request().unwrap().json().unwrap();
    assert_eq!(asked["messages"][1]["content"], "The quick brown fox");
}
