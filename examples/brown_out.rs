//! Draws what each routing strategy does while one of three targets is ill.
//!
//! ```sh
//! cargo run --example brown_out --features simulator -- docs/brown-out.svg
//! ```
//!
//! Twenty calls a second come for three minutes, on a clock that does not
//! wait. During the second minute target `a`, the quickest, the first and the
//! cheapest, takes 25 times as long, and answers about every third call with a 503.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use portcullis::route::{
    Cost, Fallback, Latency, LeastInFlight, Random, RoundRobin, RouteLayer, Single, Strategy,
    WeightedRoundRobin,
};
use portcullis::target::{Pricing, Target};
use portcullis::upstream::simulator::{Reply, Simulator};
use portcullis::{Body, BoxError};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tower::{Layer, ServiceExt, service_fn};

const SECONDS: usize = 180;
const RATE: u32 = 20;
const ILL: std::ops::Range<u64> = 60..120;
const COLOURS: [&str; 3] = ["#c8553d", "#2e6f95", "#7a9e7e"];

/// One call: when it came, who answered, and how long that took.
struct Answer {
    came: Duration,
    by: Option<usize>,
    took: Duration,
}

fn simulators() -> HashMap<String, Simulator> {
    let start = Instant::now();
    let well = |ms: u64| Reply::text("Hi.").delay(Duration::from_millis(ms));
    let a = Simulator::new().any_model().when(move |_| {
        let at = start.elapsed();
        if !ILL.contains(&at.as_secs()) {
            return Some(well(100));
        }
        // In no step with whose turn it is.
        let chance = (at.as_millis() as u64 / 50).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        Some(match chance % 3 {
            0 => Reply::error(StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
            _ => well(2500),
        })
    });
    let b = Simulator::new().any_model().always(well(150));
    let c = Simulator::new().any_model().always(well(250));
    HashMap::from([("a", a), ("b", b), ("c", c)].map(|(id, one)| (id.to_owned(), one)))
}

async fn simulate<S: Strategy>(strategy: S) -> Result<Vec<Answer>, BoxError> {
    tokio::time::resume();
    tokio::time::pause();
    let fleet = simulators();
    let upstream = service_fn(move |request: Request<Body>| {
        let id = Target::of(request.extensions()).map(|target| target.id().to_owned());
        let simulator = id.and_then(|id| Some((id.clone(), fleet.get(&id)?.clone())));
        async move {
            let Some((id, simulator)) = simulator else {
                return Ok::<_, Infallible>(Response::new(Body::empty()));
            };
            let response = match simulator.oneshot(request).await {
                Ok(response) => response.map(Body::new),
                Err(_) => Response::new(Body::empty()),
            };
            let mut response = response;
            if let Ok(id) = id.parse() {
                response.headers_mut().insert("x-target", id);
            }
            Ok(response)
        }
    });
    let target = |id: &str| Target::compatible(id, "http://127.0.0.1:9/v1");
    let targets = [
        target("a")?.weight(3).pricing(Pricing::new(0.2, 0.2)),
        target("b")?.weight(2).pricing(Pricing::new(0.6, 0.6)),
        target("c")?.weight(1).pricing(Pricing::new(0.9, 0.9)),
    ];
    let service = RouteLayer::with_strategy(strategy, targets).layer(upstream);
    let start = Instant::now();
    let mut calls = JoinSet::new();
    for number in 0..SECONDS as u32 * RATE {
        let came = Duration::from_secs(1) * number / RATE;
        sleep_until(start + came).await;
        let service = service.clone();
        let request = Request::post("/v1/chat/completions")
            .header("content-type", "application/json")
            .body(Body::from(
                r#"{"model":"m","messages":[{"role":"user","content":"Hello"}]}"#,
            ))?;
        calls.spawn(async move {
            let sent = Instant::now();
            let response = service.oneshot(request).await;
            let Ok(response) = response;
            let by = response.headers().get("x-target").and_then(|id| {
                let at = ["a", "b", "c"].iter().position(|other| id == other);
                at.filter(|_| response.status().is_success())
            });
            let _ = response.into_body().collect().await;
            let took = sent.elapsed();
            Answer { came, by, took }
        });
    }
    Ok(calls.join_all().await)
}

/// The time within which so much of the answers came, in seconds.
fn quantile(answers: &[&Answer], part: f64) -> f64 {
    let mut all: Vec<f64> = answers.iter().map(|a| a.took.as_secs_f64()).collect();
    all.sort_by(f64::total_cmp);
    let rank = (part * all.len() as f64).ceil() as usize;
    all.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 110.0;
/// Seconds in one step of a plot.
const STEP: usize = 2;
/// The slowest that is shown, in seconds.
const SLOWEST: f64 = 3.0;

fn panel(svg: &mut String, at: (f64, f64), name: &str, answers: &[Answer]) -> std::fmt::Result {
    let ill = |answer: &&Answer| ILL.contains(&answer.came.as_secs());
    let within: Vec<&Answer> = answers.iter().filter(ill).collect();
    let failed = answers.iter().filter(|answer| answer.by.is_none()).count();
    let p95 = quantile(&within, 0.95);
    let median = quantile(&within, 0.5);
    println!(
        "{name:<22} failed {failed:>4}   in the brown-out: median {median:.2} s, p95 {p95:.2} s"
    );
    writeln!(svg, r#"<g transform="translate({:.0} {:.0})">"#, at.0, at.1)?;
    writeln!(
        svg,
        r#"<text x="0" y="-8" class="name">{name}</text><text x="{WIDTH}" y="-8" text-anchor="end">median {median:.2} s, p95 {p95:.2} s, {failed} failed</text>"#
    )?;
    let x = |second: f64| second / SECONDS as f64 * WIDTH;
    let steps = SECONDS / STEP;
    // From the bottom: a, b, c; what is left white has failed.
    let mut floor = vec![0.0; steps];
    for (target, colour) in COLOURS.iter().enumerate() {
        let mut top = Vec::with_capacity(steps);
        for (step, floor) in floor.iter().enumerate() {
            let of_step = |answer: &&Answer| answer.came.as_secs() as usize / STEP == step;
            let all = answers.iter().filter(of_step).count().max(1);
            let by = |answer: &&Answer| answer.by == Some(target);
            let share = answers.iter().filter(of_step).filter(by).count();
            top.push(floor + share as f64 / all as f64);
        }
        let mut path = String::new();
        let edge = |(step, share): (usize, &f64)| {
            let y = HEIGHT * (1.0 - share);
            let from = x((step * STEP) as f64);
            let to = x(((step + 1) * STEP) as f64);
            (from, to, y)
        };
        for (from, to, y) in top.iter().enumerate().map(edge) {
            write!(path, "L{from:.1} {y:.1}L{to:.1} {y:.1}")?;
        }
        for (from, to, y) in floor.iter().enumerate().map(edge).rev() {
            write!(path, "L{to:.1} {y:.1}L{from:.1} {y:.1}")?;
        }
        let path = path.replacen('L', "M", 1);
        writeln!(
            svg,
            r#"<path d="{path}Z" fill="{colour}" fill-opacity=".75"/>"#
        )?;
        floor = top;
    }
    let mut line = String::new();
    for step in 0..steps {
        let of_step = |answer: &&Answer| answer.came.as_secs() as usize / STEP == step;
        let of_step: Vec<&Answer> = answers.iter().filter(of_step).collect();
        let y = HEIGHT * (1.0 - (quantile(&of_step, 0.95) / SLOWEST).min(1.0));
        let x = x((step * STEP) as f64 + STEP as f64 / 2.0);
        write!(line, "{x:.1},{y:.1} ")?;
    }
    writeln!(svg, r#"<polyline points="{line}" class="p95"/>"#)?;
    writeln!(
        svg,
        r#"<rect width="{WIDTH}" height="{HEIGHT}" class="frame"/>"#
    )?;
    for second in [ILL.start, ILL.end] {
        let x = x(second as f64);
        writeln!(
            svg,
            r#"<line x1="{x:.1}" x2="{x:.1}" y2="{HEIGHT}" class="ill"/>"#
        )?;
    }
    for second in [0, 60, 120, 180] {
        let x = x(f64::from(second));
        let y = HEIGHT + 13.0;
        writeln!(
            svg,
            r#"<text x="{x:.1}" y="{y}" text-anchor="middle">{second}</text>"#
        )?;
    }
    for (label, y) in [("100 %", 4.0), ("0", HEIGHT)] {
        writeln!(
            svg,
            r#"<text x="-6" y="{y}" text-anchor="end">{label}</text>"#
        )?;
    }
    for (label, y) in [("3 s", 4.0), ("0 s", HEIGHT)] {
        writeln!(svg, r#"<text x="{}" y="{y}">{label}</text>"#, WIDTH + 6.0)?;
    }
    writeln!(svg, "</g>")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let path = std::env::args().nth(1);
    let path = path.unwrap_or_else(|| "docs/brown-out.svg".to_owned());
    tokio::time::pause();
    let runs = [
        ("single", simulate(Single::default()).await?),
        ("fallback", simulate(Fallback::default()).await?),
        (
            "weighted 3:2:1",
            simulate(WeightedRoundRobin::default()).await?,
        ),
        ("round_robin", simulate(RoundRobin::default()).await?),
        ("latency", simulate(Latency::seeded(1)).await?),
        ("least_in_flight", simulate(LeastInFlight::seeded(1)).await?),
        ("cost", simulate(Cost::default()).await?),
        ("random 3:2:1", simulate(Random::seeded(1)).await?),
    ];
    let mut svg = String::new();
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 760" font-family="sans-serif" font-size="11" fill="currentColor" role="img" aria-label="Shares of three targets and the time of answers under a brown-out, for each strategy">
<style>.name{{font-size:13px;font-weight:600}}.frame{{fill:none;stroke:gray;stroke-width:.7}}.p95{{fill:none;stroke:black;stroke-width:1.6}}.ill{{stroke:black;stroke-dasharray:4 3;stroke-width:.8}}text{{fill:black}}</style>
<rect width="960" height="760" fill="white"/>
<text x="50" y="26" class="name">Who answers while target a is ill (between the dashed lines), and how long it takes (black: p95)</text>"#
    )?;
    for (at, (name, colour)) in ["a: 100 ms", "b: 150 ms", "c: 250 ms"]
        .iter()
        .zip(COLOURS)
        .enumerate()
    {
        let x = 50 + at * 100;
        writeln!(
            svg,
            r#"<rect x="{x}" y="37" width="12" height="12" fill="{colour}" fill-opacity=".75"/><text x="{}" y="47">{name}</text>"#,
            x + 17
        )?;
    }
    for (at, (name, answers)) in runs.iter().enumerate() {
        let column = (at % 2) as f64;
        let row = (at / 2) as f64;
        panel(
            &mut svg,
            (50.0 + 470.0 * column, 85.0 + 172.0 * row),
            name,
            answers,
        )?;
    }
    svg.push_str("</svg>\n");
    std::fs::write(&path, svg).map_err(|error| format!("cannot write {path}: {error}"))?;
    println!("drawn: {path}");
    Ok(())
}
