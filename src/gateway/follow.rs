//! A gateway that follows its configuration file.

use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use super::Gateway;
use crate::body::BoxError;
use crate::config::Config;

/// How often the file is looked at. A change counts when the next look finds it
/// as it is: a file that is being written is no configuration.
const EVERY: Duration = Duration::from_millis(500);

/// By what a change is known.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// Of a file that is put in the place of another, by a rename or a link.
    #[cfg(unix)]
    file: (u64, u64),
}

impl Stamp {
    /// `None` when there is no such file.
    fn of(file: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(file).ok()?;
        Some(Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            #[cfg(unix)]
            file: {
                use std::os::unix::fs::MetadataExt as _;
                (metadata.dev(), metadata.ino())
            },
        })
    }
}

pub(super) async fn follow(
    gateway: &Gateway,
    file: &Path,
    mut told: impl FnMut(&mut Context<'_>) -> Poll<Option<()>>,
) {
    let mut taken = Stamp::of(file);
    let mut before = taken;
    let mut open = true;
    if has_changed(gateway, file).await {
        take(gateway.clone(), file.to_owned()).await;
    }
    loop {
        let asked = tokio::select! {
            // At its end nobody will tell any more.
            asked = poll_fn(&mut told), if open => {
                open = asked.is_some();
                open
            }
            () = tokio::time::sleep(EVERY) => false,
        };
        let now = Stamp::of(file);
        let settled = std::mem::replace(&mut before, now) == now;
        if asked || (settled && now != taken) {
            taken = now;
            take(gateway.clone(), file.to_owned()).await;
        }
    }
}

/// Whether the file is another one already than the one that was read first.
async fn has_changed(gateway: &Gateway, file: &Path) -> bool {
    let file = file.to_owned();
    let read = tokio::task::spawn_blocking(move || Config::from_path(&file));
    match read.await {
        Ok(Ok(config)) => gateway.kept().1 != config,
        // Or one that cannot be read, which is to be told.
        Ok(Err(_)) => true,
        Err(_) => false,
    }
}

/// Reads the file and takes it on, or says why not.
async fn take(gateway: Gateway, file: PathBuf) {
    let name = file.display().to_string();
    let taken = tokio::task::spawn_blocking(move || {
        let config = Config::from_path(&file)?;
        gateway.reload(&config)?;
        Ok::<_, BoxError>(config.pack)
    });
    let error = match taken.await {
        Ok(Ok(pack)) => {
            let (pack, version) = (pack.name, pack.version);
            return tracing::info!(file = name, pack, version, "configuration reloaded");
        }
        Ok(Err(error)) => error,
        Err(error) => error.into(),
    };
    tracing::error!(
        file = name,
        %error,
        "configuration not reloaded: the one before stays in force"
    );
}
