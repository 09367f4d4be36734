//! The command line of the gateway.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::task::{Context, Poll};
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use portcullis::BoxError;
use portcullis::config::{CaseFile, Config, json_schema};
use portcullis::gateway::{Gateway, demo, judge, trial};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Governs LLM traffic on its way to Together AI.
#[derive(Parser)]
#[command(name = "portcullis", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the gateway.
    Run {
        /// The address to listen on.
        #[arg(long, default_value = "127.0.0.1:41002")]
        listen: SocketAddr,
        /// The configuration file; without it, the defaults. Read again when
        /// it changes, and on SIGHUP.
        #[arg(long, value_name = "FILE")]
        policy_config: Option<PathBuf>,
        /// Where operators see how targets are doing, and take them in and
        /// out. Whoever reaches it may do so: an address of this machine, or
        /// behind what asks who comes. Without it, nowhere.
        #[arg(long, value_name = "ADDRESS")]
        admin_listen: Option<SocketAddr>,
        /// How logs are written, on standard error.
        #[arg(long, value_enum, default_value_t = LogFormat::Text)]
        log_format: LogFormat,
        /// How long calls in flight may take to finish when the gateway is
        /// told to stop.
        #[arg(long, value_name = "SECONDS", default_value_t = 30)]
        drain_timeout_seconds: u64,
    },
    /// Check a configuration file, and say what is wrong with it.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Show what the gateway does, over a simulator of Together's API.
    Demo {
        /// The address to listen on; with --once, one that is free.
        #[arg(long)]
        listen: Option<SocketAddr>,
        /// End after the show; fail if any of it was not as promised.
        #[arg(long)]
        once: bool,
    },
    /// Find what a policy finds in texts: JSON Lines with "text" on standard
    /// input, a line with findings or a score for each on standard output. A
    /// text's "role" says whose words it is: user, tool, document.
    Scan {
        #[command(flatten)]
        policy: PolicyArguments,
        /// Feed each text in pieces of so many bytes, as a stream does; changes
        /// nothing. For pii-detector.
        #[arg(long, value_name = "BYTES")]
        chunk: Option<usize>,
    },
    /// Measure how well a policy does on labelled texts: JSON Lines with
    /// "text", and "spans" or "label"; a "role" as for scan.
    Eval {
        #[command(flatten)]
        policy: PolicyArguments,
        /// The file.
        file: PathBuf,
    },
    /// Run cases of your own against a configuration: texts, and what its
    /// policies are to make of them.
    Test {
        /// The file of cases, in YAML.
        file: PathBuf,
        /// The configuration file; without it, the one that the cases name, or
        /// the defaults.
        #[arg(long, value_name = "FILE")]
        policy_config: Option<PathBuf>,
    },
    /// Print the JSON Schema of the configuration file.
    Schema,
}

#[derive(clap::Args)]
struct PolicyArguments {
    /// The policy.
    #[arg(long, value_enum)]
    policy: JudgedPolicy,
    /// The configuration file with its settings; without it, the defaults.
    #[arg(long, value_name = "FILE")]
    policy_config: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum JudgedPolicy {
    /// Personal data and secrets.
    PiiDetector,
    /// Attempts to make the model do what it was not asked to.
    PromptInjection,
    /// Harmful requests and answers.
    SafetyFilter,
}

impl JudgedPolicy {
    /// The policy, if it gives texts a score; else it finds spans.
    fn scored(self, config: &Config) -> Result<Option<Box<dyn judge::ScoredPolicy>>, BoxError> {
        Ok(match self {
            Self::PiiDetector => None,
            Self::PromptInjection => Some(Box::new(judge::prompt_injection(config)?)),
            Self::SafetyFilter => Some(Box::new(judge::safety_filter(config)?)),
        })
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[tokio::main]
async fn main() -> ExitCode {
    match execute(Arguments::parse().command).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            anstream::eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(command: Command) -> Result<bool, BoxError> {
    match command {
        Command::Run {
            listen,
            policy_config,
            admin_listen,
            log_format,
            drain_timeout_seconds,
        } => {
            log(log_format);
            let config = configuration(policy_config.as_deref())?;
            let stop = told_to_stop()?;
            let drain = Duration::from_secs(drain_timeout_seconds);
            let gateway = Gateway::new(&config)?.drain_timeout(drain);
            let admin = match admin_listen {
                Some(address) => Some(bind(address).await?),
                None => None,
            };
            let listener = bind(listen).await?;
            let other = gateway.clone();
            let follow = async {
                match &policy_config {
                    Some(file) => other.follow(file, told_to_reload()?).await,
                    None => std::future::pending().await,
                }
                Ok::<_, std::io::Error>(())
            };
            let operate = async {
                match admin {
                    Some(listener) => other.serve_admin(listener, std::future::pending()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                served = gateway.serve(listener, stop) => served?,
                followed = follow => followed?,
                operated = operate => operated?,
            }
            Ok(true)
        }
        Command::Check { file } => check(&file),
        Command::Demo { listen, once } => {
            let port = if once { 0 } else { 41002 };
            let listen = listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], port)));
            demo::run(listen, once, told_to_stop()?).await
        }
        Command::Scan { policy, chunk } => {
            let config = configuration(policy.policy_config.as_deref())?;
            let input = std::io::stdin().lock();
            let output = std::io::BufWriter::new(std::io::stdout().lock());
            let scanned = match policy.policy.scored(&config)? {
                Some(scored) => judge::scan_scored(&*scored, input, output).await?,
                None => judge::scan(&judge::pii_detector(&config)?, input, output, chunk)?,
            };
            Ok(scanned.bad == 0)
        }
        Command::Eval { policy, file } => {
            let config = configuration(policy.policy_config.as_deref())?;
            let name = file.display();
            let input = std::fs::File::open(&file).map_err(|error| format!("{name}: {error}"))?;
            let input = std::io::BufReader::new(input);
            let fail = |error: std::io::Error| format!("{name}: {error}");
            match policy.policy.scored(&config)? {
                Some(scored) => {
                    let report = judge::eval_scored(&*scored, input).await.map_err(fail)?;
                    anstream::print!("{report}");
                }
                None => {
                    let detector = judge::pii_detector(&config)?;
                    let report = judge::eval(&detector, input).map_err(fail)?;
                    anstream::print!("{report}");
                }
            }
            Ok(true)
        }
        Command::Test {
            file,
            policy_config,
        } => {
            let cases = CaseFile::from_path(&file)?;
            let policy_config = policy_config.or_else(|| cases.policy_config());
            let config = configuration(policy_config.as_deref())?;
            let trial = trial::run(&config, &cases).await?;
            anstream::print!("{trial}");
            Ok(trial.passed())
        }
        Command::Schema => {
            let schema = serde_json::to_string_pretty(&json_schema())?;
            anstream::println!("{schema}");
            Ok(true)
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| format!("cannot listen on {address}: {error}"))
}

fn configuration(file: Option<&Path>) -> Result<Config, BoxError> {
    Ok(match file {
        Some(file) => Config::from_path(file)?,
        None => Config::default(),
    })
}

fn check(file: &Path) -> Result<bool, BoxError> {
    let config = Config::from_path(file)?;
    let policies: Vec<_> = config.active_policies().map(|p| p.to_string()).collect();
    let policies = match policies.as_slice() {
        [] => "no policies".to_owned(),
        some => some.join(", "),
    };
    let targets = config.providers.targets.len();
    anstream::println!("{}: ok: {policies}; targets: {targets}", file.display());
    for target in &config.providers.targets {
        if let Some(variable) = target.key_env()
            && std::env::var_os(variable).is_none()
        {
            anstream::println!(
                "note: target \"{}\" needs the environment variable {variable}, which is not set here",
                target.id
            );
        }
    }
    Ok(true)
}

fn log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

/// Completes when the process is interrupted or terminated. Signals count from
/// this call on, not from the first poll.
#[cfg(unix)]
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Ready whenever the process is told to read its configuration again (SIGHUP).
#[cfg(unix)]
fn told_to_reload() -> std::io::Result<impl FnMut(&mut Context<'_>) -> Poll<Option<()>>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hung_up = signal(SignalKind::hangup())?;
    Ok(move |cx: &mut Context<'_>| hung_up.poll_recv(cx))
}

/// Never ready: there is no such signal.
#[cfg(not(unix))]
fn told_to_reload() -> std::io::Result<impl FnMut(&mut Context<'_>) -> Poll<Option<()>>> {
    Ok(|_: &mut Context<'_>| Poll::Pending)
}

/// Completes when the process is interrupted.
#[cfg(not(unix))]
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
