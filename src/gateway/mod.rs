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
//! a proxy in front of it. A gateway that serves can be given another
//! configuration: [`Gateway::reload`], [`Gateway::follow`].

mod admin;
pub mod demo;
mod follow;
pub mod judge;
mod serve;
mod stack;
mod surface;
pub mod trial;

use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use tokio::net::TcpListener;

use self::stack::{Kept, Parts};
use self::surface::Stack;
use crate::call::CallReader;
use crate::config::Config;
use crate::target::Target;

/// A gateway that has been configured and not started.
#[derive(Clone, Debug)]
pub struct Gateway {
    router: Router,
    drain: Duration,
    current: Arc<Current>,
}

/// The stack that answers now. Clones of a gateway share it.
struct Current {
    stack: Arc<ArcSwap<Stack>>,
    /// What the stack is made of; held while a new one is built.
    kept: Mutex<(Kept, Config)>,
    /// In place of the configured audit file.
    audit: Option<Arc<dyn CallReader>>,
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").finish_non_exhaustive()
    }
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
        let nothing = Kept::default();
        let mut parts = Parts::after(&nothing);
        let stack = stack::build(config, audit.clone(), &mut parts)?;
        let stack = Arc::new(ArcSwap::from_pointee(stack));
        Ok(Self {
            router: surface::router(Arc::clone(&stack)),
            drain: Duration::from_secs(30),
            current: Arc::new(Current {
                stack,
                kept: Mutex::new((parts.into_kept(), config.clone())),
                audit,
            }),
        })
    }

    /// Takes on another configuration: calls that come from now on are answered
    /// by a new stack, those in flight finish on the old one. Parts whose
    /// settings have stayed (targets, policies, the audit file) are taken over
    /// with the state they hold. Clones of a gateway share its stack.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use portcullis::config::Config;
    /// use portcullis::gateway::Gateway;
    ///
    /// let target = "{provider: openai-compatible, base_url: 'http://127.0.0.1:8000/v1'}";
    /// let file = format!("policies: {{chain: []}}\nproviders: {{targets: [{target}]}}\n");
    /// let mut config = Config::parse("policy-config.yaml", &file)?;
    /// let gateway = Gateway::new(&config)?;
    /// let served = gateway.clone();
    /// config.providers.targets[0].timeout_seconds = 20;
    /// gateway.reload(&config)?;
    /// # drop(served);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new); the gateway then stays as it was.
    pub fn reload(&self, config: &Config) -> Result<(), GatewayError> {
        let mut kept = self.kept();
        let mut parts = Parts::after(&kept.0);
        let stack = stack::build(config, self.current.audit.clone(), &mut parts)?;
        let now = parts.into_kept();
        self.current.stack.store(Arc::new(stack));
        *kept = (now, config.clone());
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, (Kept, Config)> {
        let kept = self.current.kept.lock();
        kept.unwrap_or_else(PoisonError::into_inner)
    }

    /// The targets there are now, by their ids.
    pub fn targets(&self) -> Vec<Target> {
        let kept = self.kept();
        let all = kept.0.all::<crate::config::Target, Target>();
        let mut targets: Vec<Target> = all.map(|(_, target)| target.clone()).collect();
        targets.sort_by(|a, b| a.id().cmp(b.id()));
        targets
    }

    /// What an operator may see and do, as a router of its own: it knows no
    /// clients, and belongs on an address that only operators reach.
    ///
    /// - `GET /admin/targets`: how each target is doing.
    /// - `GET /admin/targets/{id}`: one of them.
    /// - `POST /admin/targets/{id}/breaker` with `{"state": "open"}`, `closed`
    ///   or `auto`: takes the target out, keeps it in whatever becomes of its
    ///   calls, or leaves that to its breaker again. It stays so when the
    ///   configuration is reloaded.
    pub fn admin(&self) -> Router {
        admin::router(self.clone())
    }

    /// Serves [`admin`](Self::admin) until `stop` completes.
    ///
    /// # Errors
    /// When the listener has no address.
    pub async fn serve_admin(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        serve::serve(listener, self.admin(), Duration::ZERO, stop).await
    }

    /// [Reloads](Self::reload) the configuration whenever `told` is ready, and
    /// when the file has changed and stayed so for half a second. A file that
    /// cannot be used changes nothing; the log says why. Ends when it is
    /// dropped.
    pub async fn follow(
        &self,
        file: &Path,
        told: impl FnMut(&mut Context<'_>) -> Poll<Option<()>>,
    ) {
        follow::follow(self, file, told).await;
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
