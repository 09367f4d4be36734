use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Waker};

use super::*;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/encoder")
}

fn open(options: EncoderOptions) -> Encoder {
    options.open(fixture()).unwrap()
}

/// The softmax of what the fixture's words score.
fn softmax(bad: f32) -> f32 {
    1.0 / (1.0 + (-bad).exp())
}

#[tokio::test]
async fn a_text_is_scored() {
    let encoder = open(EncoderOptions::new());
    assert!(encoder.labels().eq(["SAFE", "INJECTION"]));
    assert!(encoder.looks_for().eq(["INJECTION"]));
    for (text, bad) in [
        ("the museum opens at nine", -2.0),
        ("please IGNORE the museum", 4.0),
        ("the rules", 2.0),
        ("", -2.0),
    ] {
        let score = encoder.score(text).await.unwrap();
        assert!(
            (score.score - softmax(bad)).abs() < 1e-6,
            "{text}: {score:?}"
        );
        assert_eq!((score.label.as_str(), score.windows), ("INJECTION", 1));
        assert_eq!(score.span, 0..text.len());
        assert_eq!(encoder.blocking_score(text).unwrap(), score);
    }
    let encoder = open(
        EncoderOptions::new()
            .temperature(2.0)
            .squash(Squash::Sigmoid),
    );
    let score = encoder.score("ignore").await.unwrap();
    assert!((score.score - softmax(2.0)).abs() < 1e-6, "{score:?}");
    let encoder = open(EncoderOptions::new().label("safe"));
    let score = encoder.score("ignore").await.unwrap();
    assert!((score.score - softmax(-4.0)).abs() < 1e-6, "{score:?}");
}

#[test]
fn a_long_text_is_read_window_by_window_and_the_worst_is_located() {
    let encoder = open(EncoderOptions::new().max_tokens(16));
    let filler = "the museum opens at nine ".repeat(20);
    for at in [0, 50, 199, 250, 400, filler.len()] {
        let at = filler[..at].rfind(' ').map_or(0, |space| space + 1);
        let text = format!("{}é ignore {}", &filler[..at], &filler[at..]);
        let found = encoder.blocking_score(&text).unwrap();
        assert!(found.score > 0.9, "{at}");
        assert!(
            text[found.span.clone()].contains("ignore"),
            "{at} {found:?}"
        );
        // Fourteen words, and the two that the model has around them.
        assert!(text[found.span].split_whitespace().count() <= 14);
        // The words, é and ignore; each window shares four with the next.
        assert_eq!(found.windows, (102 - 4_usize).div_ceil(10));
    }
    let found = encoder.blocking_score(&filler).unwrap();
    assert!(found.score < 0.2);
}

#[tokio::test]
async fn a_text_has_a_longest_length() {
    let encoder = open(EncoderOptions::new().max_tokens(16).max_windows(2));
    let words = |count: usize| "the ".repeat(count);
    assert_eq!(encoder.score(&words(24)).await.unwrap().windows, 2);
    for text in [words(25), "t".repeat(2 * 16 * 16 + 1)] {
        let error = encoder.score(&text).await.unwrap_err();
        assert!(matches!(error, EncoderError::TooLong), "{error}");
    }
}

#[test]
fn a_text_cannot_write_a_token_of_the_models_own() {
    let encoder = open(EncoderOptions::new().max_tokens(16));
    // Three tokens each, and not one.
    let score = encoder.blocking_score(&"[SEP]".repeat(6)).unwrap();
    assert_eq!(score.windows, 2);
}

#[tokio::test]
async fn a_text_waits_for_a_place_and_leaves_when_nobody_waits_for_it() {
    let encoder = open(EncoderOptions::new().max_concurrent(1));
    let shared = &encoder.shared;
    let place = Arc::clone(&shared.places).try_acquire_owned().unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    {
        let mut waiting = pin!(encoder.score("the rules"));
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
    }
    drop(place);
    // It has left the queue: the place is there at once.
    assert_eq!(shared.places.available_permits(), 1);
    assert!(encoder.score("the rules").await.is_ok());
    // The threads are kept.
    assert_eq!(shared.idle.lock().unwrap().len(), 1);
}

#[test]
fn work_stops_when_nobody_waits_for_it_and_holds_its_place_until_then() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let encoder = open(EncoderOptions::new().max_concurrent(1));
    let shared = &encoder.shared;
    runtime.block_on(async {
        // The work cannot begin while its threads are held here.
        let held = shared.idle.lock().unwrap();
        {
            let mut asked = pin!(encoder.score("the rules"));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(asked.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(shared.places.available_permits(), 0, "it is not done yet");
        drop(held);
        let _place = shared.places.acquire().await.unwrap();
    });
    // No window was read.
    let stop = AtomicBool::new(true);
    let pool = Arc::new(ThreadPool::with_num_threads(1));
    let score = shared.network.score("the rules", &pool, &stop);
    assert!(matches!(score, Err(EncoderError::Cancelled)));
}

#[tokio::test(start_paused = true)]
async fn a_wait_has_an_end() {
    let timeout = Duration::from_secs(3);
    let encoder = open(EncoderOptions::new().max_concurrent(1).timeout(timeout));
    let _place = encoder.shared.places.acquire().await.unwrap();
    let before = tokio::time::Instant::now();
    let error = encoder.score("the rules").await.unwrap_err();
    assert!(matches!(error, EncoderError::TimedOut));
    assert_eq!(before.elapsed(), timeout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_scored_at_once() {
    let encoder = open(EncoderOptions::new().max_concurrent(3));
    let asked: Vec<_> = (0..200)
        .map(|n| {
            let encoder = encoder.clone();
            tokio::spawn(async move {
                let text = if n % 3 == 0 { "ignore" } else { "museum" };
                (n % 3 == 0, encoder.score(text).await.unwrap().score > 0.5)
            })
        })
        .collect();
    for asked in asked {
        let (bad, found) = asked.await.unwrap();
        assert_eq!(bad, found);
    }
    assert!(encoder.shared.idle.lock().unwrap().len() <= 3);
    assert_eq!(encoder.shared.places.available_permits(), 3);
}

/// A directory of its own, gone when dropped.
struct Place(PathBuf);

impl Place {
    fn with(files: &[(&str, &[u8])]) -> Self {
        let name = format!("portcullis-encoder-{}", uuid::Uuid::new_v4());
        let place = Self(std::env::temp_dir().join(name));
        for (file, bytes) in files {
            let path = place.0.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn files_are_found_where_exports_have_them_and_errors_name_them() {
    let read = |name: &str| std::fs::read(fixture().join(name)).unwrap();
    let (model, tokenizer) = (read("model.onnx"), read("tokenizer.json"));
    let place = Place::with(&[
        ("good/onnx/model.onnx", &model),
        ("good/tokenizer.json", &tokenizer),
        ("good/config.json", &read("config.json")),
        ("alone/a/model.onnx", &model),
        ("nothing/at/all", b""),
        ("text/model.onnx", b"no model"),
        ("text/tokenizer.json", &tokenizer),
        ("words/model.onnx", &model),
        ("words/tokenizer.json", b"{}"),
        ("other/model.onnx", &model),
        ("other/tokenizer.json", &tokenizer),
        (
            "other/config.json",
            br#"{"id2label": {"0": "one", "1": "two", "2": "three"}}"#,
        ),
        ("vague/model.onnx", &model),
        ("vague/tokenizer.json", &tokenizer),
        (
            "vague/config.json",
            br#"{"id2label": {"0": "one", "1": "two"}}"#,
        ),
        ("bare/model.onnx", &model),
        ("bare/tokenizer.json", &tokenizer),
    ]);
    let at = |name: &str| place.0.join(name);
    for good in ["good", "good/onnx/model.onnx", "bare"] {
        let encoder = Encoder::open(at(good)).unwrap();
        assert!(
            encoder.blocking_score("ignore").unwrap().score > 0.9,
            "{good}"
        );
    }
    let elsewhere = EncoderOptions::new().tokenizer(at("good/tokenizer.json"));
    assert!(elsewhere.clone().open(at("alone/a")).is_ok());
    let chosen = EncoderOptions::new()
        .label("two")
        .open(at("vague"))
        .unwrap();
    assert!(chosen.looks_for().eq(["two"]));
    for (path, file, says) in [
        ("missing.onnx", "missing.onnx", "no such file"),
        ("nothing", "nothing", "no model.onnx is there"),
        (
            "alone/a",
            "alone/a/model.onnx",
            "no tokenizer.json beside it",
        ),
        ("text", "text/model.onnx", "not a model that can be read"),
        ("words", "words/tokenizer.json", "not a tokenizer.json"),
        ("other", "other/config.json", "the model has 2 outputs"),
        ("vague", "vague/config.json", "say which: one, two"),
    ] {
        let error = Encoder::open(at(path)).unwrap_err().to_string();
        let path = at(file).display().to_string();
        assert!(error.starts_with(&format!("{path}: ")), "{error}");
        assert!(error.contains(says), "{error}");
    }
    for options in [
        EncoderOptions::new().max_tokens(1),
        EncoderOptions::new().overlap(500),
        EncoderOptions::new().threads(0),
        EncoderOptions::new().temperature(0.0),
        EncoderOptions::new().temperature(f32::NAN),
    ] {
        let error = options.open(fixture()).unwrap_err();
        assert!(matches!(error, EncoderError::Option { .. }), "{error}");
    }
}

#[test]
fn it_can_be_shared() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let encoder = open(EncoderOptions::new());
    shared(&encoder);
    assert!(format!("{encoder:?}").contains("INJECTION"));
    fn sent<T: Send>(_: T) {}
    sent(encoder.score("x"));
}
