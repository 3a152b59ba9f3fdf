//! The box in its place: host file, office, process, API.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::place::{Place, Running, ip, wait_for};

/// The address of the box where the telephones are.
pub(crate) const BOX: &str = "192.168.77.10";

/// A running box. Its place outlives it.
pub(crate) struct Exchange {
    pub(crate) dir: PathBuf,
    pub(crate) place: Arc<Place>,
    process: Option<Running>,
    token: String,
}

fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_dozvon")
}

impl Exchange {
    /// A box with two networks, of which the first is for telephones.
    pub(crate) fn start(name: &str, switch: &Place, office: &str) -> Self {
        let place = Arc::new(Place::new());
        for (bridge, interface, address) in [("br0", "eth0", BOX), ("br1", "eth1", "10.88.0.10")] {
            switch.plug(bridge, &place, interface, None);
            place.run(move || ip(&format!("addr add {address}/24 dev {interface}")));
        }
        let dir = std::env::temp_dir().join(format!("dozvon-discovery-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("host.toml"), "[log]\nlevel = \"debug\"\n[rtp]\nports = \"25000-25100\"\n").unwrap();
        fs::write(dir.join("office.toml"), office).unwrap();
        let mut exchange = Self { dir, place, process: None, token: String::new() };
        exchange.command(&["apply", exchange.dir.join("office.toml").to_str().unwrap()]);
        exchange.token = exchange.command(&["token", "create", "discovery", "--role", "admin"]);
        exchange.token = exchange.token.split_whitespace().max_by_key(|word| word.len()).unwrap().to_owned();
        let (data, config, log) = (exchange.dir.join("data"), exchange.dir.join("host.toml"), exchange.dir.join("log"));
        exchange.process = Some(exchange.place.run(move || {
            let arguments = ["serve", "--config", config.to_str().unwrap(), "--data", data.to_str().unwrap()];
            Running::start(binary(), &arguments, &log)
        }));
        wait_for("the box to be ready", Duration::from_secs(60), || {
            exchange.log().contains("ready sip=").then_some(())
        });
        exchange
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    fn command(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(binary());
        command.env("DOZVON_ADMIN_PASSWORD", "discovery-admin").args(arguments);
        let output = command.arg("--data").arg(self.dir.join("data")).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Asks the API, and gives status, ETag and body.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        etag: Option<&str>,
    ) -> (u16, String, Value) {
        let mut curl: Vec<String> =
            ["curl", "-s", "-k", "-i", "--max-time", "20", "-X", method].map(str::to_owned).into();
        curl.extend(["-H".to_owned(), format!("Authorization: Bearer {}", self.token)]);
        if let Some(body) = body {
            curl.extend([
                "-H".to_owned(),
                "Content-Type: application/json".to_owned(),
                "-d".to_owned(),
                body.to_string(),
            ]);
        }
        if let Some(etag) = etag {
            curl.extend(["-H".to_owned(), format!("If-Match: {etag}")]);
        }
        curl.push(format!("https://127.0.0.1:8443/api/v1/{path}"));
        let output = self.place.run(move || Command::new(&curl[0]).args(&curl[1..]).output().unwrap());
        let text = String::from_utf8(output.stdout).unwrap();
        let (head, body) =
            text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{method} {path}: {text:?}\n{}", self.log()));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let etag = head.lines().find_map(|line| line.strip_prefix("etag: ").or_else(|| line.strip_prefix("ETag: ")));
        (status, etag.unwrap_or_default().to_owned(), serde_json::from_str(body).unwrap_or_default())
    }

    /// Takes a file.
    pub(crate) fn download(&self, path: &str, to: &std::path::Path) {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-k", "-f", "--max-time", "20", "-H", &format!("Authorization: Bearer {}", self.token), "-o"]);
        curl.arg(to).arg(format!("https://127.0.0.1:8443/api/v1/{path}"));
        assert!(self.place.run(move || curl.status().unwrap().success()), "{path}: {}", self.log());
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.ask("GET", path, None, None);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// «Подключить».
    pub(crate) fn connect(&self, body: &Value) -> Value {
        let (status, _, phone) = self.ask("POST", "phones", Some(body), None);
        assert_eq!(status, 201, "{body}: {phone}");
        phone
    }

    /// How a telephone was seen, once it was.
    pub(crate) fn seen(&self, mac: &str) -> Value {
        wait_for(&format!("{mac} to be seen"), Duration::from_secs(60), || {
            let (status, _, phone) = self.ask("GET", &format!("phones/{mac}"), None, None);
            (status == 200 && phone["seen"].is_object()).then(|| phone["seen"].clone())
        })
    }

    pub(crate) fn wait_until_registered(&self, extension: &str) {
        wait_for(&format!("{extension} to be registered\n"), Duration::from_secs(90), || {
            let devices =
                self.get(&format!("extensions/{extension}"))["devices"].as_array().cloned().unwrap_or_default();
            devices.iter().any(|device| device["registration"]["registered"] == true).then_some(())
        });
    }

    /// Waits for a way to have this state; its text.
    pub(crate) fn wait_for_way(&self, way: &str, state: &str) -> String {
        wait_for(&format!("{way} to be {state}"), Duration::from_secs(60), || {
            let found = self.get("phones/setup?lang=en")["ways"][way].clone();
            (found["state"] == state).then(|| found["text"].as_str().unwrap().to_owned())
        })
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("kept for a look: {}", self.dir.display());
        } else {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}
