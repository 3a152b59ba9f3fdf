//! A box with its real settings and database behind the web; only calls are missing.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Receiver;

use dozvon::guard::Alarm;
use dozvon::io::certificate::{CA_FILE, Certificate};
use dozvon::io::handle::{Beginning, Handle, HandleError};
use dozvon::io::http::{Ground, SipAddress, WebAddresses, WebConfig, serve};
use dozvon::io::journal::Journal;
use dozvon::office::Office;

use crate::client::{Answer, Caller};
use crate::world::{PASSWORD, START, Served, TESTS, ground, names, user};

pub(crate) struct RealWorld {
    pub(crate) handle: Handle,
    /// What is raised, for whoever takes it.
    pub(crate) alarms: Option<Receiver<Alarm>>,
    /// The log of this box.
    pub(crate) journal: Journal,
    at: WebAddresses,
    pub(crate) data: PathBuf,
}

impl RealWorld {
    /// A new box whose admin has the password of all tests.
    pub(crate) fn new() -> Self {
        Self::on(ground())
    }

    /// The same on this ground.
    pub(crate) fn on(ground: Ground) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("dozvon-real-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&data);
        let world = Self::open_on(data, ground);
        world.change(|office| office.users = vec![user("admin", dozvon::office::Role::Admin, false)]);
        world
    }

    /// Starts the box again.
    pub(crate) fn open(data: PathBuf) -> Self {
        Self::open_on(data, ground())
    }

    /// The same on this ground.
    pub(crate) fn open_on(data: PathBuf, ground: Ground) -> Self {
        let Beginning { handle, alarms, .. } = Handle::open(&data).unwrap();
        let free = "127.0.0.1:0".parse().unwrap();
        let sip = SipAddress { host: None, udp: 5060, tcp: 5062, tls: 5061 };
        let certificate = Certificate::open(data.join("tls"), &[], dozvon::io::clock::wall).unwrap();
        let (http, https, names) = (free, free, names());
        let journal = ground.journal.clone();
        let config = WebConfig { http, https, started_at: START, names, outgoing: TESTS, sip, certificate, ground };
        let at = serve(config, Arc::new(handle.clone()), handle.board().clone(), data.clone()).unwrap();
        Self { handle, alarms, journal, at, data }
    }

    /// Changes the office from the console.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Office)) {
        let edit = |office: &Office| {
            let mut office = office.clone();
            change(&mut office);
            Ok::<_, HandleError>(Some(office))
        };
        self.handle.change("console", "test", edit).unwrap();
    }

    pub(crate) fn admin(&self) -> Caller<'_> {
        Caller::signed_in(self, "admin", PASSWORD).with("Accept-Language", "ru")
    }
}

impl Served for RealWorld {
    fn at(&self) -> WebAddresses {
        self.at
    }

    fn ca(&self) -> PathBuf {
        self.data.join("tls").join(CA_FILE)
    }
}

impl Drop for RealWorld {
    fn drop(&mut self) {
        self.handle.store().close();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// The last part of a problem's type.
pub(crate) fn kind(answer: &Answer) -> String {
    let kind = answer.json()["type"].as_str().unwrap_or_default().to_owned();
    kind.rsplit(':').next().unwrap_or_default().to_owned()
}
