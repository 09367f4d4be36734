//! The crate as its users use it: in an app, as a proxy, as a gateway.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod app;
mod audit;
mod beside;
mod cases;
mod command;
#[cfg(feature = "encoder")]
mod encoder;
mod endpoints;
mod faults;
mod gateway;
mod judges;
mod operator;
mod policy;
mod quality;
mod reload;
mod route;
mod shadow;
mod streams;
mod support;
mod tls;
mod together;
mod uploads;
