use std::path::{Path, PathBuf};

use super::super::Config;
use super::{SAMPLE, accept};

/// A file that is gone again when the test ends.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, content: &[u8]) -> Self {
        let name = format!("policy-config-{}-{name}.yaml", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn message(&self) -> String {
        let error = Config::from_path(&self.0).unwrap_err().to_string();
        let name = self.0.display().to_string();
        error.strip_prefix(&name).unwrap().to_owned()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_file_is_read() {
    let file = Temporary::new("good", SAMPLE.as_bytes());
    assert_eq!(Config::from_path(&file.0).unwrap(), accept(SAMPLE));
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::from_path(Path::new("no/such/policy-config.yaml")).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("no/such/policy-config.yaml: cannot be read: "),
        "{text}"
    );
    assert_eq!(error.problems()[0].line, 0);
    assert_eq!(error.name(), "no/such/policy-config.yaml");
}

#[test]
fn a_folder_is_no_file() {
    let error = Config::from_path(&std::env::temp_dir()).unwrap_err();
    assert!(error.to_string().contains(": cannot be read: "), "{error}");
}

#[test]
fn bytes_that_are_not_text_are_pointed_at() {
    let file = Temporary::new("latin", b"pack:\n  name: \xc3\xa9caf\xe9\n");
    assert_eq!(
        file.message(),
        ":2:13: not UTF-8 text; save the file in that encoding"
    );
}

#[test]
fn a_huge_file_is_not_read_whole() {
    let limit = 1024 * 1024;
    let mut text = vec![b'#'; limit];
    let fits = Temporary::new("fits", &text);
    assert_eq!(Config::from_path(&fits.0).unwrap(), Config::default());
    text.push(b'#');
    let long = Temporary::new("long", &text);
    let expected = ":1:1: the file is longer than 1048576 bytes; is it the right file?";
    assert_eq!(long.message(), expected);
    let error = Config::parse("x", std::str::from_utf8(&text).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), format!("x{expected}"));
}
