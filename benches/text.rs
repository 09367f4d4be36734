//! What judging a text costs: `cargo bench --bench text`.
//!
//! Compare rows within one run; machines differ, and are noisy.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use portcullis::policy::injection::PromptInjection;
use portcullis::policy::safety::SafetyFilter;
use portcullis::text::{Normal, Scorer, Views, decoded, tokens};

fn main() {
    divan::main();
}

const PROSE: &str = "The committee met in the old town hall to talk about the plan for the new \
    bridge, which many people had asked for since the flood. Nobody spoke against it, though the \
    cost was a worry to some, and the river would have to be closed for a season or two. ";

const RUSSIAN: &str = "Комитет собрался в старой ратуше, чтобы обсудить план нового моста, о котором \
    многие просили после наводнения. Никто не выступил против, хотя цена беспокоила некоторых. ";

fn kilobyte(text: &str) -> String {
    let text = text.repeat(1000 / text.len() + 1);
    text[..text.floor_char_boundary(1000)].to_owned()
}

fn normal(bencher: Bencher<'_, '_>, text: &str) {
    let text = kilobyte(text);
    let mut normal = Normal::default();
    bencher
        .counter(BytesCount::new(text.len()))
        .bench_local(|| normal.set(black_box(&text)));
}

#[divan::bench]
fn a1_normal_form_of_ascii(bencher: Bencher<'_, '_>) {
    normal(bencher, PROSE);
}

#[divan::bench]
fn a2_normal_form_of_cyrillic(bencher: Bencher<'_, '_>) {
    normal(bencher, RUSSIAN);
}

#[divan::bench]
fn b1_tokens(bencher: Bencher<'_, '_>) {
    let normal = Normal::new(&kilobyte(PROSE));
    bencher
        .counter(BytesCount::new(1000_usize))
        .bench(|| tokens(black_box(normal.as_str())));
}

#[divan::bench]
fn b2_decoded_views(bencher: Bencher<'_, '_>) {
    let text = kilobyte(PROSE);
    let normal = Normal::new(&text);
    bencher
        .counter(BytesCount::new(1000_usize))
        .bench(|| decoded(black_box(&text), &normal, Views::ALL));
}

#[divan::bench]
fn c1_injection_model_alone(bencher: Bencher<'_, '_>) {
    let text = kilobyte(PROSE);
    let policy = PromptInjection::default();
    let mut scorer = Scorer::new(policy.model());
    bencher
        .counter(BytesCount::new(1000_usize))
        .bench_local(|| scorer.score(black_box(&text), &portcullis::text::NoDense));
}

#[divan::bench]
fn c2_injection_policy(bencher: Bencher<'_, '_>) {
    let text = kilobyte(PROSE);
    let policy = PromptInjection::default();
    bencher
        .counter(BytesCount::new(1000_usize))
        .bench(|| policy.assess(black_box(&text)));
}

#[divan::bench]
fn c3_injection_policy_on_cyrillic(bencher: Bencher<'_, '_>) {
    let text = kilobyte(RUSSIAN);
    let policy = PromptInjection::default();
    bencher
        .counter(BytesCount::new(1000_usize))
        .bench(|| policy.assess(black_box(&text)));
}

#[divan::bench]
fn c4_safety_policy(bencher: Bencher<'_, '_>) {
    let text = kilobyte(PROSE);
    let policy = SafetyFilter::default();
    bencher
        .counter(BytesCount::new(1000_usize))
        .bench(|| policy.assess(black_box(&text)));
}
