//! The gateway: the layers of this crate, behind a socket.
//!
//! ```no_run
//! use portcullis::config::Config;
//! use portcullis::gateway::Gateway;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let gateway = Gateway::new(&Config::default())?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:41002").await?;
//! gateway.serve(listener, std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! It answers `/v1/*` with what the upstream says, as the policies of the
//! configuration let it, and `/healthz` with `{"status":"ok"}`. TLS is left to
//! a proxy in front of it.

pub mod demo;
pub mod judge;
mod serve;
mod stack;
mod surface;

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

use crate::call::CallReader;
use crate::config::Config;

/// A gateway that has been configured and not started.
#[derive(Clone, Debug)]
pub struct Gateway {
    router: Router,
    drain: Duration,
}

/// Why a gateway cannot be built.
#[derive(Debug)]
#[non_exhaustive]
pub enum GatewayError {
    /// A target has no key; the text says how to set one.
    MissingKey(String),
    /// The audit file cannot be opened.
    Audit {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A target that cannot be called; the text says which and why.
    Target(String),
    /// A policy whose settings cannot be used; the text says which and why.
    Policy(String),
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingKey(how) | Self::Target(how) | Self::Policy(how) => f.write_str(how),
            Self::Audit { path, source } => write!(
                f,
                "cannot open the audit file {path}: {source}; set policy.audit.path to a file \
                 that can be written, or to \"-\""
            ),
        }
    }
}

impl std::error::Error for GatewayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Audit { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Gateway {
    /// Builds the stack that `config` describes.
    ///
    /// # Errors
    /// When a target has no key, a policy's settings cannot be used, or the
    /// audit file cannot be opened.
    pub fn new(config: &Config) -> Result<Self, GatewayError> {
        Self::with_audit(config, None)
    }

    /// Like [`new`](Self::new), with `audit` in place of the configured file.
    ///
    /// # Errors
    /// When a target has no key, a policy's settings cannot be used, or the
    /// audit file cannot be opened.
    pub fn with_audit(
        config: &Config,
        audit: Option<Arc<dyn CallReader>>,
    ) -> Result<Self, GatewayError> {
        Ok(Self {
            router: surface::router(stack::build(config, audit)?),
            drain: Duration::from_secs(30),
        })
    }

    /// How long streams in flight may take to finish once the gateway is told
    /// to stop: 30 s.
    #[must_use]
    pub fn drain_timeout(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// The gateway as a router, to mount in an app of one's own.
    pub fn into_router(self) -> Router {
        self.router
    }

    /// Serves connections until `stop` completes; then takes no new ones, lets
    /// calls in flight finish, and closes those that take too long.
    ///
    /// # Errors
    /// When the listener has no address.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        serve::serve(listener, self.router, self.drain, stop).await
    }
}
