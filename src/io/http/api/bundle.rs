//! `system/bundle`: one file for whoever helps from afar: what is set, how everything stands, what was logged and signalled, and no
//! secret. It is made while it is sent. Secrets are left out where each part is made; besides, whatever a password of the settings
//! would be read in by chance is covered.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::super::House;
use super::super::reply::{Problem, Reply};
use super::super::words::Words;
use super::super::workers::EXPORT;
use super::history_export::Sink;
use super::{Export, Visit, alarms, extensions, journal, metrics, rfc3339, system, trunks};
use crate::io::board::sip_logins;
use crate::io::store::{AlarmFilter, HistoryFilter, HistoryRow};
use crate::io::{clock, doctor};
use crate::office::document::secrets;
use crate::office::{Device, Language, Office, file};

/// What the handler tells the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::io::http) struct Order {
    pub(super) language: Language,
}

pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let day = visit.time(clock::wall()).chars().take(10).collect::<String>();
    let order = Export::Bundle(Order { language: visit.language() });
    Ok(Reply::text("application/gzip", Vec::new())
        .with(EXPORT, order.write())
        .named(format!("attachment; filename=\"dozvon-{day}.tar.gz\"")))
}

impl Order {
    /// Makes the file. Blocks: on the disk, on name servers, and on a client that is slow to take it.
    ///
    /// # Errors
    /// The database, or the sink.
    pub(super) fn run(self, house: &House, sink: Sink<'_>) -> io::Result<()> {
        let office = house.exchange.office();
        let maker = Maker { house, office: &office, language: self.language, secrets: secrets(&office) };
        let pieces = Pieces { sink, piece: Vec::new() };
        let mut bundle = tar::Builder::new(GzEncoder::new(pieces, Compression::default()));
        maker.fill(&mut bundle)?;
        bundle.into_inner()?.finish()?.end()
    }
}

struct Maker<'a> {
    house: &'a House,
    office: &'a Office,
    language: Language,
    secrets: Vec<String>,
}

impl Maker<'_> {
    fn fill<W: Write>(&self, bundle: &mut tar::Builder<W>) -> io::Result<()> {
        let zone = &self.office.settings.timezone;
        self.add(bundle, "README.txt", README.say(self.language).to_owned())?;
        let shown = system::shown(self.house, self.office, self.language);
        self.add(bundle, "system.json", pretty(&shown))?;
        self.add(bundle, "settings.toml", file::write(self.office, false))?;
        let findings = doctor::examine(&self.house.ground.config);
        let findings: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
        self.add(bundle, "doctor.txt", findings)?;
        self.add(bundle, "telephones.json", pretty(&self.telephones()))?;
        self.add(bundle, "trunks.json", pretty(&self.trunks()))?;
        self.add(bundle, "alarms.json", pretty(&self.alarms()?))?;
        self.add(bundle, "metrics.txt", metrics::page(self.house, self.office))?;
        self.add(bundle, "log.txt", journal::written(self.house, zone))?;
        if let Some(said) = self.house.ground.machine.kernel_log() {
            self.add(bundle, "kernel.txt", said.text.to_string())?;
        }
        let last = self.house.exchange.history(&HistoryFilter::default(), LADDERS, None).map_err(io::Error::other)?;
        for row in &last.rows {
            self.ladder(bundle, row)?;
        }
        Ok(())
    }

    fn add<W: Write>(&self, bundle: &mut tar::Builder<W>, name: &str, mut text: String) -> io::Result<()> {
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), "********");
            }
        }
        let mut head = tar::Header::new_gnu();
        head.set_size(text.len() as u64);
        head.set_mode(0o600);
        head.set_mtime(u64::try_from(clock::wall().millis() / 1_000).unwrap_or(0));
        bundle.append_data(&mut head, format!("dozvon/{name}"), text.as_bytes())
    }

    fn telephones(&self) -> Value {
        let zone = &self.office.settings.timezone;
        let live = self.house.board.registrations();
        let mut telephones: Vec<Value> = Vec::new();
        for extension in &self.office.extensions {
            for device in &extension.devices {
                let Device::Sip(sip) = device else { continue };
                let mut told = extensions::registration(live.get(&sip.login), zone);
                told["extension"] = extension.number.as_str().into();
                told["login"] = sip.login.as_str().into();
                told["mac"] = sip.mac.as_str().into();
                telephones.push(told);
            }
        }
        debug_assert_eq!(telephones.len(), sip_logins(self.office).count());
        telephones.into()
    }

    fn trunks(&self) -> Value {
        let zone = &self.office.settings.timezone;
        let live = self.house.board.trunks();
        let told = |name: &String| live.get(name).map(|view| trunks::state(view, self.language, zone));
        let all = self.office.trunks.iter();
        all.map(|trunk| json!({ "name": trunk.name, "server": trunk.server, "state": told(&trunk.name) })).collect()
    }

    fn alarms(&self) -> io::Result<Value> {
        let rows = self.house.exchange.alarms(&AlarmFilter::default(), ALARMS, None).map_err(io::Error::other)?;
        let zone = &self.office.settings.timezone;
        Ok(rows.iter().map(|row| alarms::shown(row, self.language, zone)).collect())
    }

    /// What was signalled for a call; nothing when it is too old. Its secrets were covered before it was kept.
    fn ladder<W: Write>(&self, bundle: &mut tar::Builder<W>, row: &HistoryRow) -> io::Result<()> {
        let messages = self.house.exchange.signalling(row.call).map_err(io::Error::other)?;
        if messages.is_empty() {
            return Ok(());
        }
        let zone = &self.office.settings.timezone;
        let mut text = String::new();
        for message in &messages {
            let way = if message.sent { "->" } else { "<-" };
            let at = rfc3339(message.at, zone);
            let (by, local, peer) = (&message.transport, message.local, message.peer);
            text.push_str(&format!("=== {at} {by} {local} {way} {peer}\n{}\n", message.text));
        }
        self.add(bundle, &format!("ladders/{}.txt", row.call), text)
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Gathers small writes to pieces that are worth sending.
struct Pieces<'a> {
    sink: Sink<'a>,
    piece: Vec<u8>,
}

impl Pieces<'_> {
    fn end(mut self) -> io::Result<()> {
        (self.sink)(std::mem::take(&mut self.piece))
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            (self.sink)(std::mem::take(&mut self.piece))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is inside.
const README: Words = Words::new(
    "Диагностика Дозвона: для того, кто помогает издалека.

system.json      станция и машина
settings.toml    настройки
doctor.txt       что нашёл `dozvon doctor`
telephones.json  телефоны и их подключение
trunks.json      внешние номера и их состояние
alarms.json      последние тревоги
metrics.txt      счётчики
log.txt          журнал, вместе с сообщениями ядра
kernel.txt       сообщения ядра (только на образе)
ladders/         сигнализация последних 50 звонков

Секретов здесь нет: пароли, ключи, ПИН-коды, хеши паролей, ключи доступа и секреты получателей событий не попадают в файл, а в
сигнализации закрыты звёздочками. Номера телефонов, имена сотрудников и адреса в сети в нём есть: передавайте его только тому, кому доверяете.
",
    "Dozvon's diagnostics: for whoever helps from afar.

system.json      the exchange and the machine
settings.toml    the settings
doctor.txt       what `dozvon doctor` found
telephones.json  telephones and their registrations
trunks.json      outside numbers and their state
alarms.json      the last alarms
metrics.txt      counters
log.txt          the log, with what the kernel says
kernel.txt       what the kernel says (on the image only)
ladders/         signalling of the last 50 calls

There are no secrets in it: passwords, keys, PINs, hashes of passwords, tokens and the secrets of receivers of events never come into this
file, and are covered with stars where they were signalled. Telephone numbers, names of employees and addresses are in it: give it to those alone whom you trust.
",
);

/// Calls whose signalling is told.
const LADDERS: usize = 50;
/// Alarms that are told.
const ALARMS: usize = 200;
/// Bytes that are sent at a time.
const PIECE: usize = 64 * 1024;
