use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use crate::call::{CallReader, CallRecord};

/// Lines that may wait to be written, by default.
const QUEUE: usize = 4096;

/// Writes a line of JSON for each call, in a thread of its own.
///
/// A call never waits for it: when more than 4096 lines (or what
/// [`with_queue`](Self::with_queue) says) wait to be written, further ones are
/// dropped and counted, and the next line written says how many were. Dropping
/// the sink writes what waits and ends the thread.
///
/// ```no_run
/// use portcullis::AuditLayer;
/// use portcullis::audit::JsonLinesSink;
///
/// let layer = AuditLayer::new(JsonLinesSink::append("audit.jsonl")?);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct JsonLinesSink {
    lines: Option<SyncSender<Vec<u8>>>,
    stats: Arc<Stats>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Stats {
    dropped: AtomicU64,
    failed: AtomicU64,
}

/// What has become of lines that are not in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkStats {
    /// Lines that found the queue full.
    pub dropped: u64,
    /// Lines that could not be written.
    pub failed: u64,
}

impl JsonLinesSink {
    /// Appends to a file, which is made if need be, for its owner only.
    ///
    /// # Errors
    /// When the file cannot be opened for writing.
    pub fn append(path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Self::to_writer(open(path.as_ref())?))
    }

    /// Like [`append`](Self::append), with room for `queue` lines that wait.
    ///
    /// # Errors
    /// When the file cannot be opened for writing.
    pub fn append_with_queue(path: impl AsRef<Path>, queue: usize) -> io::Result<Self> {
        Ok(Self::with_queue(open(path.as_ref())?, queue))
    }

    /// Writes to `writer`.
    pub fn to_writer(writer: impl Write + Send + 'static) -> Self {
        Self::with_queue(writer, QUEUE)
    }

    /// Writes to `writer`, with room for `queue` lines that wait.
    pub fn with_queue(writer: impl Write + Send + 'static, queue: usize) -> Self {
        let (lines, waiting) = sync_channel(queue);
        let stats = Arc::new(Stats::default());
        let seen = Arc::clone(&stats);
        let thread = std::thread::Builder::new()
            .name("portcullis-audit".to_owned())
            .spawn(move || write_lines(BufWriter::new(writer), &waiting, &seen));
        // Without the thread the channel is closed, and every line counts as
        // dropped, loudly.
        let writer = thread
            .inspect_err(|error| tracing::error!(%error, "no thread to write the audit file"))
            .ok();
        Self {
            lines: Some(lines),
            stats,
            writer,
        }
    }

    /// How many lines have been lost.
    #[must_use]
    pub fn stats(&self) -> SinkStats {
        SinkStats {
            dropped: self.stats.dropped.load(Ordering::Relaxed),
            failed: self.stats.failed.load(Ordering::Relaxed),
        }
    }
}

fn open(path: &Path) -> io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write_lines(mut writer: impl Write, waiting: &Receiver<Vec<u8>>, stats: &Stats) {
    let mut said = 0;
    let mut wait = waiting.recv().ok();
    while let Some(line) = wait {
        let dropped = stats.dropped.load(Ordering::Relaxed);
        let mut write = || -> io::Result<()> {
            writer.write_all(&line)?;
            if dropped > said {
                writeln!(
                    writer,
                    "{{\"audit\":\"lines dropped\",\"count\":{}}}",
                    dropped - said
                )?;
            }
            Ok(())
        };
        if let Err(error) = write() {
            stats.failed.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%error, "an audit line could not be written");
        }
        said = dropped;
        wait = match waiting.try_recv() {
            Ok(line) => Some(line),
            Err(_) => {
                if let Err(error) = writer.flush() {
                    stats.failed.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(%error, "audit lines could not be written");
                }
                waiting.recv().ok()
            }
        };
    }
    let dropped = stats.dropped.load(Ordering::Relaxed);
    if dropped > said {
        let count = dropped - said;
        let _ = writeln!(writer, "{{\"audit\":\"lines dropped\",\"count\":{count}}}");
    }
    let _ = writer.flush();
}

impl CallReader for JsonLinesSink {
    fn call_ended(&self, record: &CallRecord) {
        let mut line = match serde_json::to_vec(record) {
            Ok(line) => line,
            Err(error) => {
                self.stats.failed.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, "a call's record does not serialise");
                return;
            }
        };
        line.push(b'\n');
        let Some(lines) = &self.lines else {
            return;
        };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = lines.try_send(line) {
            let before = self.stats.dropped.fetch_add(1, Ordering::Relaxed);
            if before == 0 {
                tracing::error!("the audit queue is full: lines are being dropped");
            }
        }
    }
}

impl Drop for JsonLinesSink {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the audit writer has panicked");
        }
    }
}

impl fmt::Debug for JsonLinesSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLinesSink")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use super::*;
    use crate::call::Call;

    #[derive(Clone, Default)]
    struct Slow {
        written: Arc<Mutex<Vec<u8>>>,
        open: Arc<(Mutex<bool>, Condvar)>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut open = self.open.0.lock().unwrap();
            while !*open {
                open = self.open.1.wait(open).unwrap();
            }
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_queue_blocks_nobody_and_is_said() {
        let slow = Slow::default();
        let sink = JsonLinesSink::with_queue(slow.clone(), 8);
        let record = Call::new(&http::Request::new(())).snapshot();
        for _ in 0..100 {
            sink.call_ended(&record);
        }
        let dropped = sink.stats().dropped;
        assert!(dropped >= 100 - 8 - 1 - 64, "{dropped}");
        *slow.open.0.lock().unwrap() = true;
        slow.open.1.notify_all();
        drop(sink);
        let written = String::from_utf8(slow.written.lock().unwrap().clone()).unwrap();
        let (mut calls, mut lost) = (0, 0);
        for line in written.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            match line["count"].as_u64() {
                Some(count) => lost += count,
                None => calls += 1,
            }
        }
        assert_eq!((lost, calls + lost), (dropped, 100));
    }
}
