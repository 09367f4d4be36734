use super::*;

fn read(json: &str) -> Vec<(String, SegmentKind, String)> {
    let document = Document::json(json.to_owned()).unwrap();
    document
        .segments()
        .map(|s| (document.pointer(s.number()), s.kind(), s.text().to_owned()))
        .collect()
}

fn texts(json: &str) -> Vec<String> {
    read(json).into_iter().map(|(_, _, text)| text).collect()
}

fn redact(document: &mut Document, what: &str) {
    let found: Vec<_> = document
        .segments()
        .filter_map(|s| Some((s.number(), s.text().find(what)?)))
        .collect();
    for (number, at) in found {
        let mut edits = Edits::new();
        edits.replace(at..at + what.len(), "[X]");
        document.edit(number, &edits);
    }
}

#[test]
fn a_chat_request_gives_its_texts_roles_and_places() {
    use SegmentKind as K;
    let json = r#"{"model":"m","messages":[
        {"content":"be kind","role":"system"},
        {"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}},
            {"type":"image_url","image_url":{"url":"https://x.test/jane"}}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"mail","arguments":"{\"to\":\"j\"}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"sent"}],
        "tools":[{"type":"function","function":{"name":"mail","description":"sends","parameters":{"type":"object"}}}],
        "user":"u-1","stream":true}"#;
    let expected = [
        ("/messages/0/content", K::Content, "be kind"),
        ("/messages/1/content/0/text", K::Content, "look"),
        (
            "/messages/1/content/2/image_url/url",
            K::Other,
            "https://x.test/jane",
        ),
        (
            "/messages/2/tool_calls/0/function/arguments",
            K::ToolArguments,
            "{\"to\":\"j\"}",
        ),
        ("/messages/3/content", K::Content, "sent"),
        ("/tools/0/function/description", K::ToolDefinition, "sends"),
        (
            "/tools/0/function/parameters/type",
            K::ToolDefinition,
            "object",
        ),
        ("/user", K::Other, "u-1"),
    ];
    let found = read(json);
    let found: Vec<_> = found
        .iter()
        .map(|(p, k, t)| (p.as_str(), *k, t.as_str()))
        .collect();
    assert_eq!(found, expected);
    let document = Document::json(json).unwrap();
    let roles: Vec<_> = document.segments().filter_map(|s| s.role()).collect();
    assert_eq!(
        roles,
        [
            Role::System,
            Role::User,
            Role::User,
            Role::Assistant,
            Role::Tool
        ]
    );
}

/// The turns of a talk, as the API of responses has them.
#[test]
fn turns_of_an_input_have_roles() {
    use SegmentKind as K;
    let json = r#"{"model":"m","instructions":"be kind","input":["a",
        {"type":"message","role":"system","id":"m1","content":"b"},
        {"role":"user","content":[{"type":"input_text","text":"c"},{"type":"input_file","filename":"d e"}]},
        {"type":"function_call","call_id":"c1","name":"mail","arguments":"{}"},
        {"type":"function_call_output","call_id":"c1","output":"f"},
        {"role":"assistant","output":"g"},
        {"content":{"odd":"h"},"odd":"i"}]}"#;
    let document = Document::json(json).unwrap();
    let found: Vec<_> = document
        .segments()
        .map(|s| (s.text(), s.kind(), s.role()))
        .collect();
    assert_eq!(
        found,
        [
            ("be kind", K::Other, None),
            ("a", K::Input, None),
            ("b", K::Input, Some(Role::System)),
            ("c", K::Input, Some(Role::User)),
            ("d e", K::Input, Some(Role::User)),
            ("{}", K::ToolArguments, None),
            ("f", K::Input, Some(Role::Tool)),
            ("g", K::Input, Some(Role::Unknown)),
            ("h", K::Input, None),
            ("i", K::Input, None),
        ]
    );
}

#[test]
fn of_two_roles_nobody_knows_which_counts() {
    for (roles, role) in [
        (r#""role":"user","role":"user","#, Some(Role::User)),
        (r#""role":"assistant","role":"user","#, Some(Role::Unknown)),
        (
            r#""role":"user","r\u006fle":"system","#,
            Some(Role::Unknown),
        ),
        ("", None),
    ] {
        for list in ["messages", "input"] {
            let json = format!(r#"{{"model":"m","{list}":[{{{roles}"content":"a"}}]}}"#);
            let document = Document::json(json.clone()).unwrap();
            assert_eq!(document.segments().next().unwrap().role(), role, "{json}");
        }
    }
}

#[test]
fn every_endpoint_has_its_kinds() {
    use SegmentKind as K;
    for (json, kind, expected) in [
        (r#"{"model":"m","prompt":"a"}"#, K::Prompt, vec!["a"]),
        (
            r#"{"model":"m","prompt":["a","b"]}"#,
            K::Prompt,
            vec!["a", "b"],
        ),
        (
            r#"{"model":"m","input":["a",["b"]]}"#,
            K::Input,
            vec!["a", "b"],
        ),
        (
            r#"{"model":"m","input":"a","voice":"v"}"#,
            K::Input,
            vec!["a"],
        ),
        (
            r#"{"model":"m","documents":["a",{"title":"b"}]}"#,
            K::Document,
            vec!["a", "b"],
        ),
        (
            r#"{"id":"c1","choices":[{"text":"a","index":0}]}"#,
            K::Completion,
            vec!["a"],
        ),
        (
            r#"{"choices":[{"message":{"reasoning":"a"}}]}"#,
            K::Reasoning,
            vec!["a"],
        ),
        (
            r#"{"choices":[{"delta":{"reasoning_content":"a"}}]}"#,
            K::ReasoningContent,
            vec!["a"],
        ),
        (
            r#"{"choices":[{"message":{"refusal":"a"}}]}"#,
            K::Refusal,
            vec!["a"],
        ),
        (
            r#"{"object":"list","data":[{"b64_json":"QQ=="}]}"#,
            K::Other,
            vec![],
        ),
    ] {
        let found = read(json);
        assert!(
            found.iter().all(|(_, k, _)| *k == kind),
            "{json}: {found:?}"
        );
        assert_eq!(texts(json), expected, "{json}");
    }
}

#[test]
fn nothing_hides() {
    let cases = [
        (
            r#"{"model":"m","messages":[{"role":"user","content":"j\u0061ne"}]}"#,
            "jane",
        ),
        (
            r#"{"model":"m","messages":[],"messages":[{"content":"jane"}]}"#,
            "jane",
        ),
        (
            r#"{"model":"m","m\u0065ssages":[{"content":"jane"}]}"#,
            "jane",
        ),
        (
            r#"{"model":"m","messages":[{"content":[[["jane"]]]}]}"#,
            "jane",
        ),
        (
            r#"{"model":"m","messages":[{"role":"ja ne","content":""}]}"#,
            "ja ne",
        ),
        (r#"{"model":"jane@x.test","messages":[]}"#, "jane@x.test"),
        (r#"{"model":["jane"],"messages":[]}"#, "jane"),
        (r#"{"anything":{"at":["all","jane"]}}"#, "jane"),
        (
            r#"{"model":"m","messages":[{"content":[{"type":"input_audio","input_audio":{"data":"my name is jane"}}]}]}"#,
            "my name is jane",
        ),
        (
            r#"{"model":"m","messages":[{"role":"user","content":"a","logprobs":{"content":[{"token":"jane"}]}}]}"#,
            "jane",
        ),
        (
            r#"{"choices":[{"message":{"content":""},"logprobs":{"tokens":["jane"]}}]}"#,
            "jane",
        ),
        (
            r#"{"model":"m","query":"a","documents":[{"type":"219-09-9999"}]}"#,
            "219-09-9999",
        ),
        (
            r#"{"model":"m","input":"a","metadata":{"jane doe":1}}"#,
            "jane doe",
        ),
        (r#""jane""#, "jane"),
        (r#"["jane"]"#, "jane"),
    ];
    for (json, expected) in cases {
        assert!(texts(json).iter().any(|t| t == expected), "{json}");
    }
}

#[test]
fn the_shape_is_not_known_by_one_key() {
    assert_eq!(texts(r#"{"model":"jane"}"#), ["jane"]);
    assert_eq!(texts(r#"{"id":"jane","model":"m"}"#), ["jane", "m"]);
}

#[test]
fn without_an_edit_it_is_the_original() {
    let json = " {\"a\" : 1.000e+2,\n \"b\":\"\\u0041\\/\" , \"model\":\"m\" }\n";
    let document = Document::json(json).unwrap();
    assert_eq!(document.to_bytes(), json);
    assert_eq!(document.serialized_len(), json.len());
}

#[test]
fn an_edit_keeps_the_spelling_around_it() {
    let mut document = Document::json(r#"{"a":"\u0041 \"jane\" \/ é","n":0.10}"#).unwrap();
    redact(&mut document, "jane");
    assert_eq!(
        document.to_bytes(),
        r#"{"a":"\u0041 \"[X]\" \/ é","n":0.10}"#
    );
    redact(&mut document, "A");
    redact(&mut document, "é");
    let bytes = document.to_bytes();
    assert_eq!(bytes, r#"{"a":"[X] \"[X]\" \/ [X]","n":0.10}"#);
    assert_eq!(document.serialized_len(), bytes.len());
}

#[test]
fn echoes_of_an_edited_text_go() {
    let json = r#"{"choices":[
        {"index":0,"message":{"content":"jane"},"logprobs":{"tokens":["ja","ne"]}},
        {"index":1,"message":{"content":"joe"},"logprobs":{"tokens":["joe"]}}],
        "prompt":[{"text":"jane","logprobs":{"tokens":["jane"]}}]}"#;
    let mut document = Document::json(json).unwrap();
    redact(&mut document, "jane");
    let expected = r#"{"choices":[
        {"index":0,"message":{"content":"[X]"},"logprobs":null},
        {"index":1,"message":{"content":"joe"},"logprobs":{"tokens":["joe"]}}],
        "prompt":[{"text":"[X]","logprobs":null}]}"#;
    assert_eq!(document.to_bytes(), expected);
}

#[test]
fn choices_and_tool_calls_go_by_their_index() {
    let json = r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"a"},"index":3},{"index":4,"function":{"arguments":"c"}}]},"index":2},{"delta":{"content":"b"}}]}"#;
    let document = Document::json(json).unwrap();
    let found: Vec<_> = document
        .segments()
        .map(|s| (s.choice(), s.tool_call()))
        .collect();
    assert_eq!(
        found,
        [(Some(2), Some(3)), (Some(2), Some(4)), (Some(1), None)]
    );
}

#[test]
fn fields_are_set_wherever_they_stand() {
    let mut document =
        Document::json(r#"{"model":"a","x":{"model":"b"},"mod\u0065l":{"c":"d"}}"#).unwrap();
    document.set_string("model", "n\"");
    assert_eq!(document.string_field("model").as_deref(), Some("n\""));
    assert_eq!(
        document.to_bytes(),
        r#"{"model":"n\"","x":{"model":"b"},"mod\u0065l":"n\""}"#
    );
    for (json, expected) in [
        ("{ }", r#"{"model":"m" }"#),
        (r#" {"a":1}"#, r#" {"model":"m","a":1}"#),
        ("[1]", "[1]"),
    ] {
        let mut document = Document::json(json).unwrap();
        document.set_string("model", "m");
        assert_eq!(document.to_bytes(), expected);
        if document.index.object {
            assert_eq!(document.field("model"), Some("\"m\""));
        }
    }
}

#[test]
fn usage_and_finish_reason_are_noted() {
    let document = Document::json(
        r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#,
    )
    .unwrap();
    assert_eq!(document.finish_reason(), Some("stop"));
    let usage = document.usage().unwrap();
    assert_eq!(
        (
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.total_tokens
        ),
        (3, 4, 7)
    );
}

#[test]
fn what_is_not_json_is_refused() {
    for bad in [
        "",
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "[1,]",
        "[1 2]",
        "01",
        "1.",
        "-",
        "+1",
        "\"a",
        "\"\u{1}\"",
        "\"\\x\"",
        "\"\\u12\"",
        "nul",
        "true false",
        "{\"a\":1}}",
        "'a'",
        "NaN",
        "{,}",
        "[,]",
        "{\"a\" 1}",
        "{1:2}",
        "\u{feff}{}",
    ] {
        assert!(Document::json(bad.to_owned()).is_err(), "{bad:?}");
    }
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(Document::json(deep(MAX_DEPTH)).is_ok());
    assert!(matches!(
        Document::json(deep(MAX_DEPTH + 1)),
        Err(JsonError::TooDeep { .. })
    ));
    assert!(Document::json("{\"a\":".repeat(1_000_000)).is_err());
}

#[test]
fn debug_shows_no_text() {
    let document = Document::json(r#"{"a":"jane"}"#).unwrap();
    let debug = format!("{document:?} {:?}", document.segments().next().unwrap());
    assert!(!debug.contains("jane"));
}

#[test]
fn a_long_number_is_a_text_and_becomes_a_string() {
    let json = r#"{"model":"m","seed":4111111111111111,"messages":[{"role":"user","content":"x"}],
        "metadata":{"card":4111111111111111 ,"at":1715676856,"deep":[[4111111111111111]],"f":4111111111111111.5,"n":-4111111111111111}}"#;
    let card = "4111111111111111";
    let mut document = Document::json(json).unwrap();
    let places: Vec<_> = document
        .segments()
        .filter(|segment| segment.text() == card)
        .map(|segment| document.pointer(segment.number()))
        .collect();
    assert_eq!(places, ["/metadata/card", "/metadata/deep/0/0"]);
    assert_eq!(document.to_bytes(), json);
    redact(&mut document, card);
    let expected = json
        .replace("\"card\":4111111111111111", "\"card\":\"[X]\"")
        .replace("[[4111111111111111]]", "[[\"[X]\"]]");
    assert_eq!(document.to_bytes(), expected);
    // A second edit counts in the text that the first one left.
    redact(&mut document, "X");
    let expected = expected.replace("[X]", "[[X]]");
    assert_eq!(document.to_bytes(), expected);
    assert_eq!(texts(card), [card]);
}

#[test]
fn token_ids_are_known() {
    for (json, ids) in [
        (r#"{"prompt":[1,2]}"#, true),
        (r#"{"input": [ [ 12, 3 ] ]}"#, true),
        (r#"{"prompt":"a"}"#, false),
        (r#"{"prompt":["a"]}"#, false),
        (r#"{"prompt":[]}"#, false),
        (r#"{"messages":[1]}"#, false),
    ] {
        assert_eq!(Document::json(json).unwrap().has_token_ids(), ids, "{json}");
    }
}

#[test]
fn members_are_removed() {
    for (json, expected) in [
        (r#"{"p":1}"#, "{}"),
        (r#"{"p":1, "a":2}"#, r#"{"a":2}"#),
        (r#"{"a":2 , "p" : "x" }"#, r#"{"a":2 }"#),
        (r#"{"a":2, "p":[1], "b":3}"#, r#"{"a":2, "b":3}"#),
        (r#"{"p":0,"p":1,"a":2,"p":3,"p":4}"#, r#"{"a":2}"#),
        (r#"{"p":0,"p":1}"#, "{}"),
        (r#"{"\u0070":0,"a":1}"#, r#"{"a":1}"#),
        (r#"[{"p":0}]"#, r#"[{"p":0}]"#),
    ] {
        let mut document = Document::json(json).unwrap();
        document.remove("p");
        assert_eq!(document.to_bytes(), expected, "{json}");
        assert_eq!(document.field("p"), None);
    }
    let mut document = Document::json(r#"{"p":0}"#).unwrap();
    document.remove("p");
    document.set_string("m", "x");
    assert_eq!(document.to_bytes(), r#"{"m":"x"}"#);
}

#[test]
fn an_answer_is_begun_behind_the_messages() {
    let mut document =
        Document::json(r#"{"messages": [{"role":"user","content":"I am Jane"}], "n":1}"#).unwrap();
    redact(&mut document, "Jane");
    let begun = document.with_answer_begun("Say \"hi\"").unwrap();
    let expected = document.to_bytes();
    let expected = std::str::from_utf8(&expected)
        .unwrap()
        .replace("}]", r#"},{"role":"assistant","content":"Say \"hi\""}]"#);
    assert!(!expected.contains("Jane"));
    assert_eq!(begun.to_bytes(), expected);
    assert!(
        Document::json(r#"{"messages":[]}"#)
            .unwrap()
            .with_answer_begun("x")
            .is_some()
    );
    for other in [r#"{"messages":"x"}"#, r#"{"prompt":"x"}"#, "[]"] {
        assert!(
            Document::json(other)
                .unwrap()
                .with_answer_begun("x")
                .is_none()
        );
    }
}

#[test]
fn several_fields_are_what_each_of_them_is() {
    let names = ["model", "n", "stream", "none"];
    for json in [
        r#"{}"#,
        r#"[1]"#,
        r#"{"model": "a", "n": 1, "stream": true}"#,
        r#"{"n": 1, "model": "a", "n": [2], "model": null}"#,
        r#"{"mode\u006c": "a", "n": 1}"#,
        r#"{"model": "a", "\u006dodel": "b"}"#,
    ] {
        let mut document = Document::json(json).unwrap();
        assert_eq!(
            document.fields(names),
            names.map(|name| document.field(name))
        );
        document.set_string("model", "c");
        document.remove("n");
        assert_eq!(
            document.fields(names),
            names.map(|name| document.field(name))
        );
    }
}
