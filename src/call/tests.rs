use super::*;
use crate::body::Observer as _;

#[derive(Default)]
struct Kept(Mutex<Vec<CallRecord>>);

impl CallReader for Kept {
    fn call_ended(&self, record: &CallRecord) {
        self.0.lock().unwrap().push(record.clone());
    }
}

fn open() -> (CallGuard, Arc<Kept>) {
    let call = Call::new(&Request::new(()));
    let kept = Arc::new(Kept::default());
    call.add_reader(kept.clone());
    (CallGuard::new(call), kept)
}

fn outcome(kept: &Kept) -> Outcome {
    let kept = kept.0.lock().unwrap();
    assert_eq!(kept.len(), 1, "emitted once");
    kept[0].outcome
}

#[test]
fn it_is_emitted_once_at_the_end_or_the_drop() {
    let (mut guard, kept) = open();
    guard.data(3);
    guard.end(None);
    drop(guard);
    assert_eq!(outcome(&kept), Outcome::Finished);
    assert_eq!(kept.0.lock().unwrap()[0].response_bytes, 3);

    let (guard, kept) = open();
    drop(guard);
    assert_eq!(outcome(&kept), Outcome::ClientGone);

    let (mut guard, kept) = open();
    guard.end(Some(&"reset".into()));
    assert_eq!(outcome(&kept), Outcome::UpstreamError);

    let (guard, kept) = open();
    guard.fail();
    assert_eq!(outcome(&kept), Outcome::UpstreamError);
}

#[test]
fn the_status_and_those_who_know_better_decide_the_outcome() {
    for (status, failure, expected) in [
        (200, None, Outcome::Finished),
        (422, None, Outcome::Finished),
        (503, None, Outcome::UpstreamError),
        (504, None, Outcome::Timeout),
        (403, Some(Outcome::Refused), Outcome::Refused),
        (200, Some(Outcome::Timeout), Outcome::Timeout),
    ] {
        let (mut guard, kept) = open();
        guard.call.set_status(StatusCode::from_u16(status).unwrap());
        if let Some(failure) = failure {
            guard.call.fail(failure);
        }
        guard.end(None);
        assert_eq!(outcome(&kept), expected);
    }
}

#[test]
fn an_id_that_cannot_be_logged_is_not_taken_over() {
    let mut headers = HeaderMap::new();
    assert_eq!(request_id(&headers).len(), 36);
    headers.insert("x-request-id", http::HeaderValue::from_static("abc"));
    assert_eq!(request_id(&headers), "abc");
    let long = http::HeaderValue::try_from("x".repeat(129)).unwrap();
    headers.insert("x-request-id", long);
    assert_eq!(request_id(&headers).len(), 36);
}
