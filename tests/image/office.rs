//! The office in the box: two telephones, a token for the API, and what the box has acknowledged.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::disk::{binary, run, scratch, words};
use crate::qemu::Box;

/// Telephones: number, login, password.
pub(crate) const PHONES: [(&str, &str, &str); 2] =
    [("201", "user201s0", "phone-secret-201"), ("202", "user202s0", "phone-secret-202")];

/// Who signs in as `admin`.
const ADMIN: &str = "image-admin-password";

/// An office that was made on this machine, with the program of the image.
pub(crate) struct Office {
    /// The exchange's directory.
    pub(crate) data: PathBuf,
    token: String,
}

/// What the API said.
#[derive(Debug)]
pub(crate) struct Said {
    /// 0: nothing, there was no answer.
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Office {
    pub(crate) fn new() -> Self {
        let (data, file) = (scratch("office"), scratch("office.toml"));
        let text: String = PHONES
            .iter()
            .map(|(number, login, password)| {
                format!("[[extension]]\nnumber = \"{number}\"\n[[extension.device]]\nkind = \"sip\"\nlogin = \"{login}\"\npassword = \"{password}\"\n")
            })
            .collect();
        fs::write(&file, text).unwrap();
        let (place, file) = (data.to_str().unwrap(), file.to_str().unwrap());
        let apply = Command::new(binary())
            .args(["apply", file, "--data", place])
            .env("DOZVON_ADMIN_PASSWORD", ADMIN)
            .output()
            .unwrap();
        assert!(apply.status.success(), "{}", words(&apply));
        let token = run(binary().to_str().unwrap(), &["token", "create", "test", "--role", "admin", "--data", place]);
        Self { token: String::from_utf8_lossy(&token.stdout).trim().to_owned(), data }
    }

    /// Asks the API, with curl: a client that is not ours. `more` are curl's own words.
    pub(crate) fn ask(&self, here: &Box, path: &str, more: &[&str]) -> Said {
        let bearer = format!("Authorization: Bearer {}", self.token);
        Self::send(here, path, &[&["--header", &bearer], more].concat())
    }

    fn send(here: &Box, path: &str, more: &[&str]) -> Said {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--insecure", "--max-time", "60", "--write-out", "\n%{http_code}"]).args(more);
        let output = curl.arg(format!("https://127.0.0.1:{}{path}", here.https)).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').unwrap_or(("", "0"));
        let body = serde_json::from_str(body).unwrap_or(Value::String(body.to_owned()));
        Said { status: status.parse().unwrap_or(0), body }
    }

    pub(crate) fn get(&self, here: &Box, path: &str) -> Said {
        self.ask(here, path, &["--max-time", "5"])
    }

    pub(crate) fn post(&self, here: &Box, path: &str, body: &Value) -> Said {
        self.ask(here, path, &["--header", "Content-Type: application/json", "--data", &body.to_string()])
    }

    /// What the box tells of itself as a machine.
    pub(crate) fn machine(&self, here: &Box) -> Value {
        self.get(here, "/api/v1/system").body["machine"].clone()
    }

    /// Whether the page and the API are there.
    pub(crate) fn is_up(&self, here: &Box) -> bool {
        self.get(here, "/api/v1/system").status == 200
    }

    /// Orders a factory reset, which only a person may: signed in, and with the password once more.
    pub(crate) fn reset(&self, here: &Box) -> Said {
        let jar = scratch("cookies");
        let (json, jar) = (["--header", "Content-Type: application/json"], jar.to_str().unwrap());
        let sign_in = json!({"login": "admin", "password": ADMIN}).to_string();
        let signed_in =
            Self::send(here, "/api/v1/session", &[&json[..], &["--cookie-jar", jar, "--data", &sign_in]].concat());
        let csrf = format!(
            "X-CSRF-Token: {}",
            signed_in.body["csrf_token"].as_str().unwrap_or_else(|| panic!("{signed_in:?}"))
        );
        let password = json!({"password": ADMIN}).to_string();
        Self::send(
            here,
            "/api/v1/system/reset",
            &[&json[..], &["--cookie", jar, "--header", &csrf, "--data", &password]].concat(),
        )
    }

    /// How the update stands.
    pub(crate) fn update(&self, here: &Box) -> Value {
        self.get(here, "/api/v1/system/update").body
    }

    /// Gives an update file to the box.
    pub(crate) fn upload(&self, here: &Box, file: &Path) -> Said {
        let body = format!("@{}", file.display());
        let more = ["--max-time", "300", "--header", "Content-Type: application/octet-stream", "--data-binary", &body];
        self.ask(here, "/api/v1/system/update", &more)
    }

    /// Makes an extension; whether the box said that it has it now.
    pub(crate) fn add(&self, here: &Box, number: u32) -> bool {
        self.post(here, "/api/v1/extensions", &json!({"number": number.to_string()})).status == 201
    }

    /// The calls that have ended, as the history shows them.
    pub(crate) fn ended_calls(&self, here: &Box) -> BTreeSet<String> {
        let said = self.get(here, "/api/v1/history?limit=100");
        let items = said.body["items"].as_array().cloned().unwrap_or_default();
        let ended = items.iter().filter(|call| !call["ended_at"].is_null());
        ended.map(|call| call["id"].to_string().trim_matches('"').to_owned()).collect()
    }
}

/// What was acknowledged before a cut, and must be there after it.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    pub(crate) extensions: BTreeSet<u32>,
    pub(crate) calls: BTreeSet<String>,
}

impl Promises {
    /// Looks into a directory of an exchange that has no power: SQLite's own check, and each promise.
    pub(crate) fn are_kept_in(&self, data: &Path) {
        let base = rusqlite::Connection::open(data.join("dozvon.db")).unwrap();
        let verdict: String = base.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok", "{}", data.display());
        let mut rows = base.prepare("SELECT id FROM call WHERE ended_at IS NOT NULL").unwrap();
        let calls: BTreeSet<String> =
            rows.query_map([], |row| row.get::<_, i64>(0)).unwrap().map(|id| id.unwrap().to_string()).collect();
        let lost: Vec<_> = self.calls.difference(&calls).collect();
        assert!(lost.is_empty(), "calls {lost:?} are lost in {}", data.display());
        drop(rows);
        drop(base);
        let export = run(binary().to_str().unwrap(), &["export", "--data", data.to_str().unwrap()]);
        let text = String::from_utf8_lossy(&export.stdout).into_owned();
        let lost: Vec<_> =
            self.extensions.iter().filter(|number| !text.contains(&format!("number = \"{number}\""))).collect();
        assert!(lost.is_empty(), "extensions {lost:?} are lost in {}", data.display());
    }
}

/// Waits a little longer where nothing tells of an end.
pub(crate) const SOON: Duration = Duration::from_secs(60);
