use http::{HeaderValue, StatusCode};

use super::super::{Reply, Simulator};
use super::*;

#[tokio::test]
async fn completions() {
    let simulator = Simulator::new().reply(Reply::text("Lyon."));
    let body = json!({"model": MODEL, "prompt": "A city:", "echo": true, "logprobs": 1});
    let said = json_of(post(&simulator, "/v1/completions", &body).await).await;
    assert_eq!(said["object"], "text.completion");
    assert_eq!(said["prompt"][0]["text"], "A city:");
    assert_eq!(said["choices"][0]["text"], "Lyon.");
    assert_eq!(said["choices"][0]["finish_reason"], "stop");
    assert_eq!(said["choices"][0]["logprobs"]["tokens"], json!(["Lyon."]));
    assert_eq!(said["usage"]["prompt_tokens"], 2);

    let said = json_of(post(&simulator, "/v1/completions", &body).await).await;
    let text = &said["choices"][0]["text"];
    assert_eq!(text, "You wrote: \"A city:\" That is all I was told.");
}

#[tokio::test]
async fn embeddings() {
    let simulator = Simulator::new();
    let model = "BAAI/bge-large-en-v1.5";
    let one = json!({"model": model, "input": "a"});
    let many = json!({"model": model, "input": ["a", "b"]});
    let one = json_of(post(&simulator, "/embeddings", &one).await).await;
    let many = json_of(post(&simulator, "/v1/embeddings", &many).await).await;
    assert_eq!(many["object"], "list");
    assert_eq!(many["model"], model);
    assert_eq!(many["data"].as_array().unwrap().len(), 2);
    assert_eq!(many["data"][1]["index"], 1);
    assert_eq!(many["data"][1]["object"], "embedding");
    // The same text, the same vector; another text, another.
    assert_eq!(one["data"][0]["embedding"], many["data"][0]["embedding"]);
    assert_ne!(many["data"][0]["embedding"], many["data"][1]["embedding"]);
    let vector = many["data"][1]["embedding"].as_array().unwrap();
    assert_eq!(vector.len(), 8);
    assert!(vector.iter().all(|x| x.as_f64().unwrap().abs() <= 1.0));

    for input in [json!([]), json!(vec!["x"; 1025])] {
        let body = json!({"model": model, "input": input});
        let refused = post(&simulator, "/embeddings", &body).await;
        assert_eq!(refused.status(), 400);
    }
}

#[tokio::test]
async fn rerank() {
    let body = json!({
        "model": "Salesforce/Llama-Rank-V1",
        "query": "Animals near Peru",
        "documents": [
            {"title": "Panda", "text": "China"},
            {"title": "Llama", "text": "animals of Peru"},
            {"title": "Animals near Peru", "text": "Guanaco"},
        ],
        "rank_fields": ["text"],
        "top_n": 2,
        "return_documents": true,
    });
    let said = json_of(post(&Simulator::new(), "/v1/rerank", &body).await).await;
    assert_eq!(said["object"], "rerank");
    assert_eq!(said["results"].as_array().unwrap().len(), 2);
    assert_eq!(said["results"][0]["index"], 1);
    assert!(said["results"][0]["relevance_score"].as_f64().unwrap() > 0.5);
    let document = said["results"][0]["document"]["text"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(document).unwrap()["title"],
        "Llama"
    );
    // Equals stay in order.
    assert_eq!(said["results"][1]["index"], 0);

    let body = json!({"model": "Salesforce/Llama-Rank-v1", "query": "", "documents": ["a"]});
    let said = json_of(post(&Simulator::new(), "/v1/rerank", &body).await).await;
    assert_eq!(said["results"][0]["document"]["text"], Value::Null);
}

#[tokio::test]
async fn images_and_speech() {
    let simulator = Simulator::new();
    let model = "black-forest-labs/FLUX.1-schnell";
    let body = json!({"model": model, "prompt": "A cat", "n": 2});
    let said = json_of(post(&simulator, "/v1/images/generations", &body).await).await;
    assert_eq!(said["object"], "list");
    assert_eq!(said["data"][1]["type"], "b64_json");
    assert_eq!(said["data"][1]["index"], 1);
    let image = said["data"][1]["b64_json"].as_str().unwrap();
    assert!(image.starts_with("iVBORw0KGgo"));

    let body = json!({"model": model, "prompt": "A cat", "response_format": "url"});
    let said = json_of(post(&simulator, "/v1/images/generations", &body).await).await;
    assert_eq!(said["data"][0]["type"], "url");
    assert!(
        said["data"][0]["url"]
            .as_str()
            .unwrap()
            .contains(".invalid/")
    );

    let body = json!({"model": "cartesia/sonic", "input": "Hello there.", "voice": "tara"});
    let response = post(&simulator, "/v1/audio/speech", &body).await;
    assert_eq!(response.headers()["content-type"], "audio/mpeg");
    let sound = response.collect().await.unwrap().to_bytes();
    assert_eq!(sound.len(), 2 * 417);
    assert!(sound.starts_with(&[0xff, 0xfb]));
}

#[tokio::test]
async fn models_are_a_plain_array() {
    let simulator = Simulator::new().model("acme/own");
    for path in ["/models", "/v1/models"] {
        let response = call(&simulator, request(Method::GET, path, "")).await;
        let models = json_of(response.unwrap()).await;
        let models = models.as_array().unwrap();
        let ids: Vec<&str> = models.iter().map(|it| it["id"].as_str().unwrap()).collect();
        assert!(ids.contains(&MODEL) && ids.contains(&"acme/own"));
        for model in models {
            assert_eq!(model["object"], "model");
            for price in ["hourly", "input", "output", "base", "finetune"] {
                assert!(model["pricing"][price].is_number());
            }
        }
    }
    let added = post_chat(&simulator, json!({"model": "acme/own"})).await;
    assert_eq!(added.status(), 200);
    let any = post_chat(&simulator.any_model(), json!({"model": "whatever"})).await;
    assert_eq!(any.status(), 200);
}

#[tokio::test]
async fn refuses_what_the_api_refuses() {
    let simulator = Simulator::new();
    let refused = post_chat(&simulator, json!({"model": "nobody/none"})).await;
    assert_eq!(refused.status(), 404);
    assert_eq!(
        json_of(refused).await,
        json!({
            "id": "0000000000000001-SIM",
            "error": {
                "message": "Unable to access model nobody/none. It does not exist or is not available.",
                "type": "invalid_request_error",
                "param": "model",
                "code": "model_not_available",
            },
        })
    );

    let cases: [(&str, Value, u16, Value); 13] = [
        ("chat/completions", json!("text"), 400, Value::Null),
        ("chat/completions", json!({}), 400, json!("model")),
        (
            "chat/completions",
            json!({"model": MODEL}),
            400,
            json!("messages"),
        ),
        (
            "chat/completions",
            chat(json!({"messages": []})),
            400,
            json!("messages"),
        ),
        (
            "chat/completions",
            chat(json!({"messages": "x"})),
            400,
            Value::Null,
        ),
        ("chat/completions", chat(json!({"n": 0})), 400, json!("n")),
        ("chat/completions", chat(json!({"n": 129})), 400, json!("n")),
        ("completions", json!({"model": MODEL}), 400, json!("prompt")),
        ("embeddings", json!({"model": MODEL}), 400, json!("input")),
        (
            "rerank",
            json!({"model": MODEL, "query": "q"}),
            400,
            json!("documents"),
        ),
        (
            "images/generations",
            json!({"model": MODEL}),
            400,
            json!("prompt"),
        ),
        (
            "audio/speech",
            json!({"model": MODEL, "input": "x"}),
            400,
            json!("voice"),
        ),
        ("nowhere", json!({}), 404, Value::Null),
    ];
    for (path, body, status, param) in cases {
        let response = post(&simulator, &format!("/v1/{path}"), &body).await;
        assert_eq!(response.status(), status, "{path} {body}");
        let error = json_of(response).await;
        assert_eq!(error["error"]["param"], param, "{path} {body}");
        assert_eq!(error["error"]["type"], "invalid_request_error");
    }

    let broken = request(Method::POST, "/v1/chat/completions", "{\"model\":");
    let broken = call(&simulator, broken).await.unwrap();
    assert_eq!(broken.status(), 400);
    assert_eq!(json_of(broken).await["error"]["code"], "invalid_json");

    let deep = "[".repeat(100_000);
    let deep = request(Method::POST, "/v1/chat/completions", deep);
    assert_eq!(call(&simulator, deep).await.unwrap().status(), 400);

    let get = request(Method::GET, "/v1/chat/completions", "");
    assert_eq!(call(&simulator, get).await.unwrap().status(), 405);
    let large = vec![b' '; (32 << 20) + 1];
    let large = request(Method::POST, "/v1/chat/completions", large);
    assert_eq!(call(&simulator, large).await.unwrap().status(), 413);
}

#[tokio::test]
async fn wants_its_key() {
    let simulator = Simulator::new().require_key("tgp_secret");
    let with = async |value: Option<&'static str>| {
        let mut request = request(Method::GET, "/v1/models", "");
        if let Some(value) = value {
            let value = HeaderValue::from_static(value);
            request.headers_mut().insert("authorization", value);
        }
        call(&simulator, request).await.unwrap()
    };
    for wrong in [
        None,
        Some("Bearer"),
        Some("Bearer other"),
        Some("tgp_secret"),
        Some("Basic tgp_secret"),
    ] {
        let response = with(wrong).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(json_of(response).await["error"]["code"], "invalid_api_key");
    }
    assert_eq!(with(Some("Bearer tgp_secret")).await.status(), 200);
    assert_eq!(with(Some("bearer tgp_secret")).await.status(), 200);
}

#[tokio::test]
async fn says_any_status_and_any_bytes() {
    let simulator = Simulator::new()
        .reply(
            Reply::error(StatusCode::TOO_MANY_REQUESTS, "Slow down.")
                .header("retry-after", "2")
                .header("x-ratelimit-remaining", "0")
                .header("content-type", "application/problem+json")
                .header("not a name", "x")
                .header("x-bad", "a\nb"),
        )
        .reply(Reply::new().raw(StatusCode::OK, "text/html", "<p>hi</p>"))
        .reply(Reply::new().raw(StatusCode::NO_CONTENT, "bad\n", ""));
    let response = post_chat(&simulator, json!({"stream": true})).await;
    assert_eq!(response.status(), 429);
    let headers = response.headers();
    assert_eq!(headers["retry-after"], "2");
    assert_eq!(headers["x-ratelimit-remaining"], "0");
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers["x-request-id"], "0000000000000001-SIM");
    assert!(!headers.contains_key("x-bad"));
    let body = response.collect().await.unwrap().to_bytes();
    let error: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(error["error"]["message"], "Slow down.");
    assert_eq!(error["error"]["type"], "rate_limit_error");

    let response = post_chat(&simulator, json!({})).await;
    assert_eq!(response.headers()["content-length"], "9");
    assert_eq!(response.collect().await.unwrap().to_bytes(), "<p>hi</p>");

    let response = post_chat(&simulator, json!({})).await;
    let headers = response.headers();
    assert_eq!(headers["content-type"], "application/octet-stream");
    assert_eq!(simulator.in_flight(), 0);
}

#[tokio::test]
async fn a_rule_answers_on_any_path() {
    let simulator = Simulator::new().when(|request| {
        let asked = request.path == "/v1/fine-tunes" && request.query.as_deref() == Some("a=1");
        asked.then(|| Reply::new().raw(StatusCode::OK, "application/json", "[]"))
    });
    let known = request(Method::GET, "/v1/fine-tunes?a=1", "");
    assert_eq!(call(&simulator, known).await.unwrap().status(), 200);
    let unknown = request(Method::GET, "/v1/fine-tunes", "");
    assert_eq!(call(&simulator, unknown).await.unwrap().status(), 404);
}
