//! Each strategy in a simulation: shares, recovery, herds, all out.

use std::time::Duration;

use http::StatusCode;
use portcullis::resilience::CircuitBreakerLayer;
use portcullis::route::{
    Cost, FallbackLayer, Latency, LatencyLayer, LeastInFlight, LeastInFlightLayer, Random,
    RandomLayer, RoundRobinLayer, RouteLayer, SingleLayer, Strategy, WeightedRoundRobinLayer,
};
use portcullis::target::{BreakerSettings, Pricing};
use portcullis::upstream::simulator::{Reply, Simulator};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tower::Layer;

use super::fleet::{Fleet, Got, Routed, ask, request, routed, target, timed};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn well(id: &'static str) -> (&'static str, Simulator) {
    (id, Simulator::new().always(Reply::text(id)))
}

fn slow(id: &'static str, delay: Duration) -> (&'static str, Simulator) {
    (id, Simulator::new().always(Reply::text(id).delay(delay)))
}

/// Which target answers each of so many calls, one after the other.
async fn answers<S: Strategy>(service: &Routed<S>, calls: usize) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..calls {
        all.push(ask(service.clone(), request(false)).await.text());
    }
    all
}

fn of(answers: &[String], id: &str) -> usize {
    answers.iter().filter(|answer| *answer == id).count()
}

/// Calls that come `every` so often, whatever becomes of those before.
async fn open_loop<S: Strategy>(
    service: &Routed<S>,
    calls: u32,
    every: Duration,
) -> Vec<(Duration, Got)> {
    let start = Instant::now();
    let mut all = JoinSet::new();
    for call in 0..calls {
        sleep_until(start + every * call).await;
        let service = service.clone();
        all.spawn(async move { (every * call, ask(service, request(false)).await) });
    }
    let mut got = all.join_all().await;
    got.sort_by_key(|(at, _)| *at);
    got
}

#[tokio::test(start_paused = true)]
async fn single_asks_the_first_and_no_other() {
    let fleet = Fleet::new([
        (
            "a",
            Simulator::new().always(Reply::error(StatusCode::BAD_GATEWAY, "no")),
        ),
        well("b"),
    ]);
    let service = routed(&SingleLayer::new([target("a"), target("b")]), &fleet);
    assert_eq!(ask(service, request(false)).await.status, 502);
    assert_eq!(fleet.counts(&["a", "b"]), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn fallback_keeps_to_the_order() {
    let down = |id| (id, Simulator::new().always(Reply::new().reset()));
    let fleet = Fleet::new([down("a"), down("b"), well("c"), well("d")]);
    let layer = FallbackLayer::new(["a", "b", "c", "d"].map(target));
    assert_eq!(of(&answers(&routed(&layer, &fleet), 50).await, "c"), 50);
    assert_eq!(fleet.counts(&["a", "b", "c", "d"]), [50, 50, 50, 0]);
}

#[tokio::test(start_paused = true)]
async fn weighted_round_robin_is_exact_over_any_window() {
    let fleet = Fleet::new([well("a"), well("b"), well("c")]);
    let layer = WeightedRoundRobinLayer::new([
        target("a").weight(5),
        target("b").weight(2),
        target("c").weight(1),
    ]);
    let all = answers(&routed(&layer, &fleet), 80).await;
    for window in all.windows(8) {
        assert_eq!(
            [of(window, "a"), of(window, "b"), of(window, "c")],
            [5, 2, 1]
        );
    }
    // Smooth: never more than two of five in eight in a row.
    assert!(all.windows(3).all(|window| of(window, "a") < 3), "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn shares_of_a_target_that_fails_go_to_the_others() {
    let fleet = Fleet::new([
        ("a", Simulator::new().always(Reply::new().reset())),
        well("b"),
        well("c"),
    ]);
    let layer = WeightedRoundRobinLayer::new(["a", "b", "c"].map(target));
    let all = answers(&routed(&layer, &fleet), 30).await;
    assert_eq!(of(&all, "b") + of(&all, "c"), 30);
    assert_eq!(fleet.counts(&["a"]), [10]);
}

#[tokio::test(start_paused = true)]
async fn a_weight_of_0_is_for_when_others_fail() {
    let fleet = Fleet::new([well("a"), well("b")]);
    let layer = WeightedRoundRobinLayer::new([target("a"), target("b").weight(0)]);
    assert_eq!(of(&answers(&routed(&layer, &fleet), 20).await, "a"), 20);
    let fleet = Fleet::new([
        ("a", Simulator::new().always(Reply::new().reset())),
        well("b"),
    ]);
    assert_eq!(of(&answers(&routed(&layer, &fleet), 20).await, "b"), 20);
}

#[tokio::test(start_paused = true)]
async fn round_robin_takes_turns_whatever_the_weights() {
    let fleet = Fleet::new([well("a"), well("b"), well("c")]);
    let layer = RoundRobinLayer::new([target("a").weight(9), target("b"), target("c")]);
    let all = answers(&routed(&layer, &fleet), 30).await;
    for window in all.windows(3) {
        assert_eq!(
            [of(window, "a"), of(window, "b"), of(window, "c")],
            [1, 1, 1]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn random_keeps_to_the_weights_on_average() {
    let fleet = Fleet::new([well("a"), well("b")]);
    let targets = [target("a").weight(3), target("b")];
    let layer = RandomLayer::with_strategy(Random::seeded(7), targets);
    let all = answers(&routed(&layer, &fleet), 1000).await;
    // 750 expected; four standard deviations are 55.
    assert!((695..=805).contains(&of(&all, "a")), "{}", of(&all, "a"));
}

#[tokio::test(start_paused = true)]
async fn cost_asks_the_cheapest_for_what_is_asked() {
    let fleet = Fleet::new([well("unknown"), well("prompt"), well("answer")]);
    let layer: RouteLayer<Cost> = RouteLayer::new([
        target("unknown"),
        // Cheap to ask, and cheap to answer.
        target("prompt").pricing(Pricing::new(0.1, 4.0)),
        target("answer").pricing(Pricing::new(1.0, 1.0)),
    ]);
    for (prompt, max_tokens, by) in [
        ("Hi", 1000, "answer"),
        (&*"word ".repeat(9000), 10, "prompt"),
    ] {
        let body = serde_json::json!({
            "model": "m", "max_tokens": max_tokens,
            "messages": [{"role": "user", "content": prompt}],
        });
        let got = ask(routed(&layer, &fleet), super::fleet::request_of(&body)).await;
        assert_eq!(got.text(), by);
    }
}

#[tokio::test(start_paused = true)]
async fn latency_prefers_the_quick_and_sees_the_others_now_and_then() {
    let fleet = Fleet::new([
        slow("quick", 100 * MS),
        slow("slow", 300 * MS),
        slow("even", 100 * MS),
    ]);
    let targets = ["quick", "slow", "even"].map(target);
    let layer = LatencyLayer::with_strategy(Latency::seeded(1), targets);
    let service = routed(&layer, &fleet);
    answers(&service, 100).await;
    let all = answers(&service, 1000).await;
    let [quick, slow, even] = ["quick", "slow", "even"].map(|id| of(&all, id));
    // A 50th of the quick one's each for the slow one, and halves for the rest.
    assert!((2..=30).contains(&slow), "{slow}");
    assert!(quick.abs_diff(even) < 130, "{quick} {even}");
}

#[tokio::test(start_paused = true)]
async fn latency_leaves_a_brown_out_and_comes_back() {
    let ill = |at: Duration| (60..120).contains(&at.as_secs());
    let a = timed(move |at| Reply::text("a").delay(if ill(at) { 2 * SECOND } else { 100 * MS }));
    let fleet = Fleet::new([("a", a), slow("b", 200 * MS)]);
    let layer = LatencyLayer::with_strategy(Latency::seeded(2), ["a", "b"].map(target));
    let got = open_loop(&routed(&layer, &fleet), 2400, 100 * MS).await;
    assert!(got.iter().all(|(_, got)| got.is_whole()));
    let share = |from: u64, to: u64| {
        let within = |at: &Duration| (from..to).contains(&at.as_secs());
        let all: Vec<_> = got.iter().filter(|(at, _)| within(at)).collect();
        let at_a = all.iter().filter(|(_, got)| got.text() == "a").count();
        at_a as f64 / all.len() as f64
    };
    assert!(share(20, 60) > 0.9, "{}", share(20, 60));
    // Found out within ten seconds, and left but for the odd call.
    assert!(share(72, 120) < 0.1, "{}", share(72, 120));
    // Seen again within the minute of the window, and used.
    assert!(share(185, 240) > 0.8, "{}", share(185, 240));
}

#[tokio::test(start_paused = true)]
async fn a_target_that_fails_at_once_does_not_look_quick() {
    let fleet = Fleet::new([
        (
            "a",
            Simulator::new().always(Reply::error(StatusCode::INTERNAL_SERVER_ERROR, "no")),
        ),
        slow("b", 300 * MS),
    ]);
    let layer = LatencyLayer::with_strategy(Latency::seeded(3), ["a", "b"].map(target));
    let service = routed(&layer, &fleet);
    answers(&service, 20).await;
    let before = fleet.ship("a").request_count();
    assert_eq!(of(&answers(&service, 500).await, "b"), 500);
    assert!(fleet.ship("a").request_count() - before < 30);
}

#[tokio::test(start_paused = true)]
async fn least_in_flight_is_no_herd() {
    // All of a burst come before any is answered.
    let ids = ["a", "b", "c", "d"];
    let fleet = Fleet::new(ids.map(|id| slow(id, SECOND)));
    let layer = LeastInFlightLayer::with_strategy(LeastInFlight::seeded(4), ids.map(target));
    let got = open_loop(&routed(&layer, &fleet), 400, Duration::ZERO).await;
    assert!(got.iter().all(|(_, got)| got.is_whole()));
    for count in fleet.counts(&ids) {
        assert!((90..=110).contains(&count), "{count}");
    }
}

#[tokio::test(start_paused = true)]
async fn least_in_flight_gives_the_slow_less() {
    let fleet = Fleet::new([slow("quick", 100 * MS), slow("slow", 900 * MS)]);
    let targets = ["quick", "slow"].map(target);
    let layer = LeastInFlightLayer::with_strategy(LeastInFlight::seeded(5), targets.clone());
    open_loop(&routed(&layer, &fleet), 1000, 10 * MS).await;
    let counts = fleet.counts(&["quick", "slow"]);
    // By Little's law the same number in flight means nine times the calls.
    assert!(
        (6.0..=12.0).contains(&(counts[0] as f64 / counts[1] as f64)),
        "{counts:?}"
    );
    assert!(targets.iter().all(|target| target.state().in_flight() == 0));
}

/// While one of two targets fails, in whatever way, no call does.
#[tokio::test(start_paused = true)]
async fn no_call_fails_while_one_of_two_targets_does() {
    async fn hold<S: Strategy + Default>(name: &str) {
        for fault in ["reset", "429", "503", "cut", "flapping"] {
            let ill = timed(move |at| {
                let reply = Reply::text("a");
                if fault == "flapping" && at.as_secs() % 2 == 0 {
                    return reply;
                }
                match fault {
                    "429" => Reply::error(StatusCode::TOO_MANY_REQUESTS, "busy"),
                    "503" => Reply::error(StatusCode::SERVICE_UNAVAILABLE, "busy"),
                    "cut" => reply.frame_bytes(10).cut_after(2),
                    _ => reply.reset(),
                }
            });
            let fleet = Fleet::new([("a", ill), well("b")]);
            let layer: RouteLayer<S> = RouteLayer::new([
                target("a").pricing(Pricing::new(1.0, 1.0)),
                target("b").pricing(Pricing::new(2.0, 2.0)),
            ]);
            let got = open_loop(&routed(&layer, &fleet), 200, 20 * MS).await;
            let failed = got.iter().filter(|(_, got)| !got.is_whole()).count();
            assert_eq!(failed, 0, "{name}, {fault}");
        }
    }
    hold::<portcullis::route::Fallback>("fallback").await;
    hold::<portcullis::route::WeightedRoundRobin>("weighted_round_robin").await;
    hold::<portcullis::route::RoundRobin>("round_robin").await;
    hold::<Latency>("latency").await;
    hold::<LeastInFlight>("least_in_flight").await;
    hold::<Cost>("cost").await;
    hold::<Random>("random").await;
    sleep(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn a_target_is_used_again_as_soon_as_it_is_well() {
    let a = timed(|at| match at.as_secs() {
        10..20 => Reply::error(StatusCode::SERVICE_UNAVAILABLE, "no"),
        _ => Reply::text("a"),
    });
    let fleet = Fleet::new([("a", a), well("b")]);
    let layer = FallbackLayer::new(["a", "b"].map(target));
    let got = open_loop(&routed(&layer, &fleet), 300, 100 * MS).await;
    for (at, got) in got {
        let by = if (10..20).contains(&at.as_secs()) {
            "b"
        } else {
            "a"
        };
        assert_eq!(got.text(), by, "{at:?}");
    }
}

/// A half-open target is sent as many probes as its breaker takes, and no more.
#[tokio::test(start_paused = true)]
async fn a_half_open_target_gets_the_probes_it_takes() {
    let a = timed(|at| match at.as_secs() < 1 {
        true => Reply::error(StatusCode::SERVICE_UNAVAILABLE, "no"),
        false => Reply::text("a").delay(5 * SECOND),
    });
    let fleet = Fleet::new([("a", a), well("b")]);
    let settings = BreakerSettings::default()
        .failure_threshold(1)
        .recovery_timeout(10 * SECOND)
        .jitter(0.0)
        .half_open_max_requests(3)
        .success_threshold(3);
    let layer = FallbackLayer::new(["a", "b"].map(target));
    let service = layer.layer(CircuitBreakerLayer::new(settings).layer(fleet.clone()));
    assert_eq!(ask(service.clone(), request(false)).await.text(), "b");
    sleep(11 * SECOND).await;
    let calls = (0..5).map(|_| tokio::spawn(ask(service.clone(), request(false))));
    let mut by = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        by.push(call.await.unwrap().text());
    }
    by.sort();
    assert_eq!(by, ["a", "a", "a", "b", "b"]);
}

/// With all breakers open, the target whose breaker opened first is asked, and
/// no other; and it is used again as soon as it is well.
#[tokio::test(start_paused = true)]
async fn when_all_are_out_the_nearest_to_recovery_is_tried() {
    let ill = |from: u64| {
        timed(move |at| match at.as_secs() >= from && at.as_secs() < 20 {
            true => Reply::error(StatusCode::SERVICE_UNAVAILABLE, "no"),
            false => Reply::text("well"),
        })
    };
    let fleet = Fleet::new([("a", ill(5)), ("b", ill(0))]);
    let settings = BreakerSettings::default()
        .failure_threshold(1)
        .recovery_timeout(60 * SECOND)
        .jitter(0.0);
    let targets = ["a", "b"].map(target);
    let service = FallbackLayer::new(targets.clone())
        .layer(CircuitBreakerLayer::new(settings).layer(fleet.clone()));
    // The second's breaker opens first, as the strategy asks it first once.
    let first_b = FallbackLayer::new([targets[1].clone(), targets[0].clone()]).layer(
        CircuitBreakerLayer::new(BreakerSettings::default().failure_threshold(1))
            .layer(fleet.clone()),
    );
    assert!(ask(first_b, request(false)).await.is_whole());
    let now = Instant::now();
    assert!(targets[0].is_available(now) && !targets[1].is_available(now));
    sleep(6 * SECOND).await;
    assert_eq!(ask(service.clone(), request(false)).await.status, 503);
    let now = Instant::now();
    assert!(targets.iter().all(|target| !target.is_available(now)));
    let before = fleet.counts(&["a", "b"]);
    // 30 s for `b`, 60 s for `a`: `b` is nearer.
    assert_eq!(ask(service.clone(), request(false)).await.status, 503);
    let after = fleet.counts(&["a", "b"]);
    assert_eq!([after[0] - before[0], after[1] - before[1]], [0, 1]);
    sleep(20 * SECOND).await;
    assert!(ask(service, request(false)).await.is_whole());
}
