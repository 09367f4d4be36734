use proptest::prelude::*;

use super::super::text::{Text, tokens};
use super::super::{Reply, Simulator};
use super::*;

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(future)
}

fn joined(text: &Text) -> (String, u64) {
    let mut pieces = text.pieces();
    let (mut all, mut count) = (String::new(), 0);
    while pieces.advance() {
        all.push_str(pieces.current());
        count += 1;
    }
    (all, count)
}

proptest! {
    #[test]
    fn pieces_make_up_the_text(text in any::<String>(), chars in 0_usize..9) {
        let words = Text::Words(text.as_str().into());
        prop_assert_eq!(joined(&words), (text.clone(), tokens(&text)));
        let cut = Text::Chars(text.as_str().into(), chars);
        prop_assert_eq!(joined(&cut).0, text);
    }

    #[test]
    fn a_stream_says_the_text_however_it_is_framed(
        text in any::<String>(),
        frame_bytes in 1_usize..40,
        coalesce in 0_usize..5,
        n in 1_u64..4,
    ) {
        let reply = Reply::text(text.clone()).piece_len(3);
        let reply = reply.frame_bytes(frame_bytes).coalesce(coalesce);
        let simulator = Simulator::new().reply(reply);
        let chunks = run(async {
            chunks_of(post_chat(&simulator, json!({"stream": true, "n": n})).await).await
        });
        for index in 0..n {
            let said: String = chunks
                .iter()
                .map(|chunk| &chunk["choices"][0])
                .filter(|choice| choice["index"] == index)
                .filter_map(|choice| choice["delta"]["content"].as_str())
                .collect();
            prop_assert_eq!(&said, &text);
        }
        prop_assert_eq!(simulator.disconnects(), 0);
    }

    #[test]
    fn no_body_makes_it_panic(path in 0_usize..6, body in any::<Vec<u8>>()) {
        let path = ["chat/completions", "completions", "embeddings", "rerank",
            "images/generations", "audio/speech"][path];
        let asked = request(Method::POST, &format!("/v1/{path}"), body);
        let response = run(async { call(&Simulator::new(), asked).await });
        prop_assert!(response.unwrap().status().is_client_error());
    }
}
