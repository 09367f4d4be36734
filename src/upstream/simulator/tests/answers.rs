use super::super::{Choice, Reply, Simulator};
use super::*;

async fn answer(reply: Reply, extra: Value) -> Value {
    json_of(post_chat(&Simulator::new().reply(reply), extra).await).await
}

#[tokio::test]
async fn quotes_the_last_user_message() {
    let simulator = Simulator::new();
    let answer = json_of(post_chat(&simulator, json!({})).await).await;
    assert_eq!(
        answer,
        json!({
            "id": "0000000000000001-SIM",
            "object": "chat.completion",
            "created": 1_735_689_600,
            "model": MODEL,
            "prompt": [],
            "choices": [{
                "finish_reason": "stop",
                "seed": 42,
                "index": 0,
                "logprobs": null,
                "message": {
                    "role": "assistant",
                    "content": "You wrote: \"I am Ann.\" That is all I was told.",
                    "tool_calls": [],
                },
            }],
            "usage": {"prompt_tokens": 5, "completion_tokens": 11, "total_tokens": 16},
        })
    );
}

#[tokio::test]
async fn quotes_parts_and_copes_without_a_user() {
    let parts = json!({"messages": [{"role": "user", "content": [
        {"type": "text", "text": "one"},
        {"type": "image_url", "image_url": {"url": "https://images.invalid/a.png"}},
        {"type": "text", "text": "two"},
    ]}]});
    let said = answer(Reply::new(), parts).await;
    let content = &said["choices"][0]["message"]["content"];
    assert_eq!(content, "You wrote: \"one two\" That is all I was told.");

    let tool_only = json!({"messages": [{"role": "assistant", "content": null}]});
    let said = answer(Reply::new(), tool_only).await;
    let content = &said["choices"][0]["message"]["content"];
    assert_eq!(content, "I received no text to answer.");
}

#[tokio::test]
async fn quotes_long_text_only_so_far() {
    let long = "é".repeat(200 << 10);
    let messages = json!({"messages": [{"role": "user", "content": long}]});
    let said = answer(Reply::new(), messages).await;
    let content = said["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.contains("é…\""));
    assert!(content.len() < (256 << 10) + 64);
}

#[tokio::test]
async fn gives_the_choices_asked_for() {
    let said = answer(Reply::new().choices(["a", "b"]), json!({"n": 3})).await;
    let texts: Vec<&Value> = said["choices"].as_array().unwrap().iter().collect();
    let texts: Vec<&Value> = texts.iter().map(|it| &it["message"]["content"]).collect();
    assert_eq!(texts, ["a", "b", "a"]);
    assert_eq!(said["choices"][2]["index"], 2);

    let said = answer(Reply::new().choices(["a", "b"]), json!({})).await;
    assert_eq!(said["choices"].as_array().unwrap().len(), 2);

    let none: [&str; 0] = [];
    let said = answer(Reply::text("kept").choices(none), json!({})).await;
    assert_eq!(said["choices"][0]["message"]["content"], "kept");
}

#[tokio::test]
async fn calls_tools() {
    let reply = Reply::new()
        .tool_call("look_up", r#"{"who":"Ann"}"#)
        .tool_call("send", "{}");
    let said = answer(reply, json!({})).await;
    let choice = &said["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], Value::Null);
    assert_eq!(
        choice["message"]["tool_calls"],
        json!([
            {"index": 0, "id": "call_00000000000000010000", "type": "function",
             "function": {"name": "look_up", "arguments": "{\"who\":\"Ann\"}"}},
            {"index": 1, "id": "call_00000000000000010001", "type": "function",
             "function": {"name": "send", "arguments": "{}"}},
        ])
    );
}

#[tokio::test]
async fn a_choice_has_its_own_before_what_is_shared() {
    let reply = Reply::new()
        .reasoning("shared thought")
        .finish_reason("length")
        .choices([
            Choice::text("first"),
            Choice::pieces(["sec", "ond"])
                .reasoning("own thought")
                .tool_call("send", "{}")
                .finish_reason("eos"),
        ]);
    let said = answer(reply, json!({})).await;
    let [first, second] = said["choices"].as_array().unwrap().as_slice() else {
        panic!("two choices");
    };
    assert_eq!(first["message"]["reasoning"], "shared thought");
    assert_eq!(first["finish_reason"], "length");
    assert_eq!(second["message"]["reasoning"], "own thought");
    assert_eq!(second["message"]["content"], "second");
    assert_eq!(
        second["message"]["tool_calls"][0]["function"]["name"],
        "send"
    );
    assert_eq!(second["finish_reason"], "eos");
}

#[tokio::test]
async fn reports_usage_logprobs_prompt_and_seed() {
    let reply = Reply::text("Hi Ann").usage(7, 9).logprobs();
    let said = answer(reply, json!({"echo": true, "seed": 5})).await;
    assert_eq!(said["usage"]["total_tokens"], 16);
    assert_eq!(said["prompt"][0]["text"], "Be brief.\nI am Ann.");
    assert_eq!(said["choices"][0]["seed"], 5);
    let logprobs = &said["choices"][0]["logprobs"];
    assert_eq!(logprobs["tokens"], json!(["Hi", " Ann"]));
    assert_eq!(logprobs["token_ids"].as_array().unwrap().len(), 2);
    let first = &logprobs["token_logprobs"][0];
    assert!((-1.0..=0.0).contains(&first.as_f64().unwrap()));
    assert_eq!(&logprobs["top_logprobs"]["Hi"], first);

    let asked = answer(Reply::text("Hi"), json!({"logprobs": 1})).await;
    assert_eq!(asked["choices"][0]["logprobs"]["tokens"], json!(["Hi"]));
    let not_asked = answer(Reply::text("Hi"), json!({"logprobs": 0})).await;
    assert_eq!(not_asked["choices"][0]["logprobs"], Value::Null);
}

#[tokio::test]
async fn takes_replies_in_the_documented_order() {
    let simulator = Simulator::new()
        .reply(Reply::text("first"))
        .reply(Reply::text("second"))
        .always(Reply::text("ever after"))
        .when(|request| {
            let marked = request.headers.contains_key("x-marked");
            marked.then(|| Reply::text("ruled"))
        });
    let say = async |extra: Value| {
        let said = json_of(post_chat(&simulator, extra).await).await;
        let content = &said["choices"][0]["message"]["content"];
        content.as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(say(json!({})).await, "first");

    // Neither a rule, a refused request, nor a look at the models takes from the queue.
    let mut marked = request(
        Method::POST,
        "/v1/chat/completions",
        chat(json!({})).to_string(),
    );
    marked
        .headers_mut()
        .insert("x-marked", "1".parse().unwrap());
    let ruled = json_of(call(&simulator, marked).await.unwrap()).await;
    assert_eq!(ruled["choices"][0]["message"]["content"], "ruled");
    let refused = post_chat(&simulator, json!({"model": "nobody/none"})).await;
    assert_eq!(refused.status(), 404);
    let models = request(Method::GET, "/v1/models", "");
    assert_eq!(call(&simulator, models).await.unwrap().status(), 200);

    assert_eq!(say(json!({})).await, "second");
    assert_eq!(say(json!({})).await, "ever after");
    assert_eq!(say(json!({})).await, "ever after");
    simulator.push(Reply::text("pushed"));
    assert_eq!(say(json!({})).await, "pushed");
    assert_eq!(say(json!({})).await, "ever after");
}

#[tokio::test]
async fn the_same_requests_get_the_same_bytes() {
    let run = async || {
        let simulator = Simulator::new().always(Reply::new().reasoning("Hm.").logprobs());
        let mut bytes = Vec::new();
        for stream in [true, false, true] {
            let response = post_chat(&simulator, json!({"stream": stream, "n": 2})).await;
            bytes.push(response.collect().await.unwrap().to_bytes());
        }
        bytes
    };
    let first = run().await;
    assert_eq!(first, run().await);
    // Only the identifier tells one answer from the next.
    assert_ne!(first[0], first[2]);
}
