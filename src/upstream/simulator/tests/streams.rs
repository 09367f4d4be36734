use super::super::{Choice, Newline, Reply, Simulator};
use super::*;

async fn stream(reply: Reply, extra: Value) -> Vec<Value> {
    let mut fields = json!({"stream": true});
    let more = extra.as_object().unwrap().clone();
    fields.as_object_mut().unwrap().extend(more);
    chunks_of(post_chat(&Simulator::new().reply(reply), fields).await).await
}

/// What a choice said in one field of its deltas.
fn said(chunks: &[Value], index: u64, field: &str) -> String {
    let choices = chunks
        .iter()
        .flat_map(|it| it["choices"].as_array().unwrap());
    choices
        .filter(|choice| choice["index"] == index)
        .filter_map(|choice| choice["delta"][field].as_str())
        .collect()
}

#[tokio::test]
async fn a_chunk_looks_like_togethers() {
    let response = post_chat(
        &Simulator::new().reply(Reply::text("Hello there")),
        json!({"stream": true}),
    )
    .await;
    assert!(!response.headers().contains_key("content-length"));
    let events = events_of(response).await;
    assert_eq!(
        events,
        [
            r#"{"id":"0000000000000001-SIM","object":"chat.completion.chunk","created":1735689600,"choices":[{"index":0,"text":"Hello","logprobs":null,"finish_reason":null,"seed":null,"delta":{"token_id":64363,"role":"assistant","content":"Hello","tool_calls":null}}],"model":"Qwen/Qwen3.5-9B","usage":null}"#,
            r#"{"id":"0000000000000001-SIM","object":"chat.completion.chunk","created":1735689600,"choices":[{"index":0,"text":" there","logprobs":null,"finish_reason":null,"seed":null,"delta":{"token_id":50087,"role":"assistant","content":" there","tool_calls":null}}],"model":"Qwen/Qwen3.5-9B","usage":null}"#,
            r#"{"id":"0000000000000001-SIM","object":"chat.completion.chunk","created":1735689600,"choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"stop","seed":42,"delta":{"token_id":2,"role":"assistant","content":"","tool_calls":null}}],"model":"Qwen/Qwen3.5-9B","usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#,
            "[DONE]",
        ]
    );
}

#[tokio::test]
async fn usage_comes_alone_when_asked_for() {
    let asked = json!({"stream_options": {"include_usage": true}});
    let chunks = stream(Reply::text("Hi").usage(1, 2), asked).await;
    let [.., content, usage] = chunks.as_slice() else {
        panic!("two chunks at least");
    };
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["total_tokens"], 3);
    // Together reports it with the last choice as well.
    assert_eq!(content["usage"], usage["usage"]);
    assert_eq!(content["choices"][0]["finish_reason"], "stop");
    assert!(
        chunks[..chunks.len() - 2]
            .iter()
            .all(|it| it["usage"].is_null())
    );

    let without = stream(Reply::text("Hi"), json!({})).await;
    assert!(without.iter().all(|it| it["choices"] != json!([])));
}

#[tokio::test]
async fn choices_take_turns() {
    let reply = Reply::new().choices([Choice::pieces(["a1", "a2", "a3"]), Choice::pieces(["b1"])]);
    let chunks = stream(reply, json!({"n": 2})).await;
    let order: Vec<(u64, &str)> = chunks
        .iter()
        .map(|chunk| &chunk["choices"][0])
        .map(|choice| {
            let text = choice["delta"]["content"].as_str().unwrap();
            (choice["index"].as_u64().unwrap(), text)
        })
        .collect();
    assert_eq!(
        order,
        [(0, "a1"), (1, "b1"), (0, "a2"), (1, ""), (0, "a3"), (0, "")]
    );
    // Only the very last carries the usage.
    assert!(chunks[3]["usage"].is_null());
    assert!(chunks[5]["usage"].is_object());
}

#[tokio::test]
async fn pieces_are_exact() {
    let pieces = ["an", "n@exa", "", "mple.com", " é\n\u{1f600}"];
    let chunks = stream(Reply::new().pieces(pieces), json!({})).await;
    let texts: Vec<&str> = chunks[..5]
        .iter()
        .map(|chunk| chunk["choices"][0]["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, pieces);
}

#[tokio::test]
async fn pieces_have_the_length_asked_for() {
    let chunks = stream(
        Reply::text("añb😀c").piece_len(2).reasoning("xyz"),
        json!({}),
    )
    .await;
    let contents: Vec<&str> = chunks
        .iter()
        .map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().unwrap())
        .collect();
    assert_eq!(contents, ["", "", "añ", "b😀", "c", ""]);
    // Nothing is not a length.
    let chunks = stream(Reply::text("ab").piece_len(0), json!({})).await;
    assert_eq!(chunks.len(), 3);
}

#[tokio::test]
async fn reasoning_comes_first() {
    let chunks = stream(Reply::text("Yes.").reasoning("Let me see."), json!({})).await;
    assert_eq!(said(&chunks, 0, "reasoning"), "Let me see.");
    assert_eq!(said(&chunks, 0, "content"), "Yes.");
    assert_eq!(chunks[0]["choices"][0]["delta"]["reasoning"], "Let");
    assert_eq!(chunks[0]["choices"][0]["text"], "");
}

#[tokio::test]
async fn tool_arguments_come_in_fragments() {
    let arguments = r#"{"city":"Paris","unit":"celsius"}"#;
    let reply = Reply::text("One moment.")
        .tool_call("weather", arguments)
        .tool_call("clock", "");
    let chunks = stream(reply, json!({})).await;
    let calls: Vec<&Value> = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"].get(0))
        .collect();
    assert_eq!(
        calls[0],
        &json!({"index": 0, "id": "call_00000000000000010000", "type": "function",
                "function": {"name": "weather", "arguments": ""}})
    );
    assert_eq!(
        calls[1],
        &json!({"index": 0, "function": {"arguments": "{\"city\":"}})
    );
    let joined: String = calls
        .iter()
        .filter(|call| call["index"] == 0)
        .map(|call| call["function"]["arguments"].as_str().unwrap())
        .collect();
    assert_eq!(joined, arguments);
    assert_eq!(calls.last().unwrap()["function"]["name"], "clock");
    assert_eq!(said(&chunks, 0, "content"), "One moment.");
    let last = &chunks.last().unwrap()["choices"][0];
    assert_eq!(last["finish_reason"], "tool_calls");

    let short = stream(Reply::new().tool_call("f", "abc").piece_len(1), json!({})).await;
    assert_eq!(short.len(), 1 + 3 + 1);
}

#[tokio::test]
async fn logprobs_go_with_the_text() {
    let chunks = stream(Reply::text("Hi Ann").reasoning("Hm").logprobs(), json!({})).await;
    assert!(chunks[0]["choices"][0]["logprobs"].is_null());
    let choice = &chunks[2]["choices"][0];
    assert_eq!(choice["text"], " Ann");
    assert!(choice["logprobs"].is_number());
    assert_eq!(choice["top_logprobs"][" Ann"], choice["logprobs"]);
    assert!(chunks[3]["choices"][0]["logprobs"].is_null());
}

#[tokio::test]
async fn completions_stream_text() {
    let simulator = Simulator::new().reply(
        Reply::text("Once upon")
            .reasoning("not here")
            .tool_call("nor", "this")
            .finish_reason("length")
            .logprobs(),
    );
    let body = json!({"model": MODEL, "prompt": "Tell", "stream": true,
                      "stream_options": {"include_usage": true}});
    let chunks = chunks_of(post(&simulator, "/completions", &body).await).await;
    assert_eq!(chunks.len(), 4);
    let texts: String = chunks[..3]
        .iter()
        .map(|chunk| chunk["choices"][0]["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, "Once upon");
    assert_eq!(chunks[0]["object"], "completion.chunk");
    assert_eq!(chunks[0]["token"]["text"], "Once");
    assert_eq!(chunks[0]["choices"][0]["delta"]["content"], "Once");
    assert!(chunks[0]["choices"][0]["logprobs"].is_number());
    assert!(chunks[0]["finish_reason"].is_null());
    assert_eq!(chunks[2]["finish_reason"], "length");
    assert_eq!(chunks[2]["usage"]["total_tokens"], 3);
    assert_eq!(chunks[3]["choices"], json!([]));
    assert_eq!(chunks[3]["usage"], chunks[2]["usage"]);
}

#[tokio::test]
async fn lines_end_as_told() {
    for (newline, end) in [
        (Newline::Lf, "\n\n"),
        (Newline::Crlf, "\r\n\r\n"),
        (Newline::Cr, "\r\r"),
    ] {
        let simulator = Simulator::new().reply(Reply::text("a b").newline(newline));
        let response = post_chat(&simulator, json!({"stream": true})).await;
        let bytes = response.collect().await.unwrap().to_bytes();
        let text = std::str::from_utf8(&bytes).unwrap();
        assert_eq!(text.matches(end).count(), 4);
        assert!(text.ends_with(&format!("data: [DONE]{end}")));
        let other = text.replace(end, "");
        assert!(!other.contains(['\r', '\n']));
    }
}

#[tokio::test]
async fn done_can_be_left_out() {
    let simulator = Simulator::new().reply(Reply::text("a").no_done());
    let events = events_of(post_chat(&simulator, json!({"stream": true})).await).await;
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event.starts_with('{')));
}
