//! What stays with the provider that it was given to.

/// Collections of things that are kept with an account: files, jobs and what
/// else has an id there.
const COLLECTIONS: [&str; 18] = [
    "assistants",
    "batches",
    "containers",
    "conversations",
    "endpoints",
    "evals",
    "evaluation",
    "files",
    "fine-tunes",
    "fine_tuning",
    "hardware",
    "organization",
    "responses",
    "tci",
    "threads",
    "uploads",
    "vector_stores",
    "videos",
];

/// Whether a path is that of something that one account keeps: another target
/// has never heard of it, and a request that makes one makes two when it is
/// sent twice.
pub(crate) fn is_kept(path: &str) -> bool {
    let parts = path.as_bytes().split(|&byte| byte == b'/');
    let mut parts = parts.filter(|part| !part.is_empty());
    let mut first = parts.next();
    if first == Some(b"v1") {
        first = parts.next();
    }
    match first {
        // A response that is asked for is an answer like any other; it is kept
        // once it has an id.
        Some(b"responses") => parts.next().is_some(),
        Some(name) => COLLECTIONS.iter().any(|kept| kept.as_bytes() == name),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_asked_and_files_are_kept() {
        for (path, kept) in [
            ("/v1/chat/completions", false),
            ("/chat/completions", false),
            ("/v1/models", false),
            ("/v1/models/files", false),
            ("/v1/audio/transcriptions", false),
            ("/v1/responses", false),
            ("/v1/responses/resp_1", true),
            ("/v1/files", true),
            ("//v1//files/", true),
            ("/files/file-1/content", true),
            ("/v1/fine_tuning/jobs", true),
            ("/v1/fine-tunes", true),
            ("/v1/filesystem", false),
            ("/", false),
            ("", false),
        ] {
            assert_eq!(is_kept(path), kept, "{path}");
        }
    }
}
