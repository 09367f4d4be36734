//! Bodies that are read into documents, and bodies that cannot be.

use super::*;

#[tokio::test]
async fn a_body_reads_into_a_document_once() {
    let json = HeaderMap::from_iter([(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    )]);
    let frames = vec![data(b"{\"a\":"), data(b"1}")];
    let body = match Inspect::new(stream_of(frames), &json, 100).await {
        Inspected::Document(body) => body,
        Inspected::Problem(problem, _) => panic!("{problem}"),
    };
    assert!(body.as_document().is_some());
    assert_eq!(body.size_hint().exact(), Some(7));
    assert_eq!(body.collect().await.unwrap().to_bytes(), "{\"a\":1}");
}

#[tokio::test]
async fn what_cannot_be_read_is_given_back_whole() {
    let read = async |frames, kind: &'static str, encoding: Option<&'static str>| {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", http::HeaderValue::from_static(kind));
        if let Some(encoding) = encoding {
            headers.insert("content-encoding", http::HeaderValue::from_static(encoding));
        }
        match Inspect::new(stream_of(frames), &headers, 8).await {
            Inspected::Document(body) => (None, drain(body).0),
            Inspected::Problem(problem, body) => {
                (Some(problem.in_request().status().as_u16()), drain(body).0)
            }
        }
    };
    let json = "application/json";
    for (frames, kind, encoding, status) in [
        (vec!["123456789"], json, None, Some(413)),
        (vec!["12345", "6789", "rest"], json, None, Some(413)),
        (vec!["{"], json, None, Some(400)),
        (vec!["{ oh"], "text/plain", None, None),
        (vec!["\0"], "text/plain", None, Some(415)),
        (vec!["{}"], json, Some("br"), Some(415)),
        (vec!["{}"], json, Some("gzip"), Some(415)),
        (vec!["{}"], json, Some("identity"), None),
        (vec![], json, None, None),
    ] {
        let bytes = frames.concat().into_bytes();
        let frames = frames.into_iter().map(|f| data(f.as_bytes())).collect();
        let found = read(frames, kind, encoding).await;
        assert_eq!(found, (status, bytes), "{kind} {encoding:?}");
    }
    let found = read(vec![data(b"{\"\xff\"}")], "text/plain", None).await;
    assert_eq!(found, (Some(400), b"{\"\xff\"}".to_vec()));
}

#[tokio::test]
async fn compressed_bodies_are_read_within_the_limit() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&[b' '; 100_000]).unwrap();
    let bomb = encoder.finish().unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("content-encoding", http::HeaderValue::from_static("gzip"));
    let inspect = |limit| Inspect::new(stream_of(vec![data(&bomb)]), &headers, limit);
    assert!(matches!(
        inspect(1000).await,
        Inspected::Problem(Problem::TooLarge { limit: 1000 }, _)
    ));
    assert!(matches!(inspect(100_000).await, Inspected::Document(_)));
}
