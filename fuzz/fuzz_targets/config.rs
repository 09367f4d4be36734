//! Any text is a configuration, or an error that names its place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::config::Config;

fuzz_target!(|text: &str| {
    if let Err(error) = Config::parse("policy-config.yaml", text) {
        assert!(!error.problems().is_empty());
    }
});
