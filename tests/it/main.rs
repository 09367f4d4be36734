//! The crate as its users use it: in an app, as a proxy, as a gateway.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod app;
mod audit;
mod command;
mod endpoints;
mod faults;
mod gateway;
mod policy;
mod route;
mod streams;
mod support;
mod together;
