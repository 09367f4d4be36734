//! Tests of the configuration file.

mod bad;
mod files;
mod fuzz;
mod good;
mod injection;
mod judge;
mod pii;
#[cfg(feature = "gateway")]
mod pii_effect;
mod safety;
mod schema;

use super::{Config, ConfigError};

/// The commented sample the project ships.
const SAMPLE: &str = include_str!("../../../policy-config.yaml");

fn refuse(text: &str) -> ConfigError {
    match Config::parse("policy-config.yaml", text) {
        Err(error) => error,
        Ok(_) => panic!("accepted:\n{text}"),
    }
}

fn accept(text: &str) -> Config {
    match Config::parse("policy-config.yaml", text) {
        Ok(config) => config,
        Err(error) => panic!("{error}\nin:\n{text}"),
    }
}
