//! What runs beside the loop, put together at the start: each with the way by which it tells.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc;

use super::ServeError;
use crate::base::{Rng, WallTime};
use crate::engine::live::Live;
use crate::guard::Alarm;
use crate::io::board::Event;
use crate::io::certificate::Certificate;
use crate::io::clock::{self, Clock};
use crate::io::config::Config;
use crate::io::handle::{Handle, Order};
use crate::io::mail::{self, MailHandle};
use crate::io::net::{Listens, Net, NetError};
use crate::io::out::Outgoing;
use crate::io::recordings::{self, MessageEvent, RecorderHandle, Told};
use crate::io::rtp::{self, MediaHandle, RtpConfig};
use crate::io::steward::client;
use crate::io::store::StoreError;
use crate::io::voicemail::{self, VoicemailHandle};
use crate::io::webhooks::Happening;
use crate::io::{http, phones};
use crate::machine::{Answer, Order as Asking};
use crate::media;
use crate::office::{Office, RecordingFormat};
use crate::provision::Mac;

pub(super) fn media_plane(
    config: &Config,
    clock: Clock,
    rng: Rng,
    events: mpsc::UnboundedSender<media::Event>,
    recorder: Arc<OnceLock<RecorderHandle>>,
) -> Result<MediaHandle, ServeError> {
    let ports = config.rtp.ports;
    let rtp = RtpConfig { ports: ports.first..=ports.last, clock, rng };
    // The loop outlives the media thread, but for its last moments.
    let told = move |event| drop(events.send(event));
    let taped = move |block| {
        if let Some(recorder) = recorder.get() {
            recorder.block(block);
        }
    };
    rtp::start(rtp, told, taped).map_err(|why| ServeError::Rtp { ports: ports.to_string(), why })
}

/// The mailboxes: who has a message is told by mail.
pub(super) fn mailboxes(handle: &Handle, mail: MailHandle) -> Result<VoicemailHandle, StoreError> {
    let to = handle.clone();
    let told = move |event| match event {
        voicemail::Event::Arrived { message, path } => {
            to.happened(|| Happening::Voicemail(message.clone()));
            mail.voicemail(message, path);
        }
        voicemail::Event::Mailbox { extension, messages } => to.tell(Order::Mailbox(extension, messages)),
        voicemail::Event::MediaKept { name, .. } => tracing::info!(name, "recorded by telephone"),
        voicemail::Event::MediaLost { why, .. } => tracing::warn!(why, "what was recorded by telephone is not kept"),
    };
    let voicemail = voicemail::start(handle, told)?;
    handle.set_voicemail(voicemail.clone());
    handle.office().extensions.iter().for_each(|extension| voicemail.list(extension.number.clone()));
    Ok(voicemail)
}

/// Telephones that configure themselves: where they find us, and how they hear of changes.
pub(super) fn telephones(config: &Config, net: &Net, handle: &Handle) -> io::Result<()> {
    let Listens { udp, tcp, tls } = net.listens();
    handle.phones().set_sip(udp, tcp.port(), Some(tls.port()), config.sip.advertise);
    let (office, telling) = (handle.downgrade(), handle.downgrade());
    let tell = move |login: &str, event: &str| {
        if let Some(handle) = telling.upgrade() {
            handle.tell(Order::Notify { login: login.to_owned(), event: event.to_owned() });
        }
    };
    let board = handle.board().clone();
    let changed = move |mac: Mac| board.tell(Event::Phone { mac: mac.to_string() });
    handle.phones().start_sync(move || Some(office.upgrade()?.office()), tell, changed)?;
    if !client::is_there() {
        return Ok(());
    }
    let phones = handle.phones().clone();
    let ask = move || match client::ask(&Asking::State, &mut |_| {}) {
        Ok(Answer::State(state)) => phones.set_tells_time(state.time_served),
        other => tracing::warn!(?other, "the steward does not say whether telephones are told the time"),
    };
    std::thread::Builder::new().name("ask-for-time".to_owned()).spawn(ask).map(drop)
}

/// The certificate of the page and of SIP under TLS, in the data directory's `tls/`, made at the first start.
pub(super) fn certificate(config: &Config, handle: &Handle) -> Result<Arc<Certificate>, ServeError> {
    let advertised: Vec<String> = config.sip.advertise.iter().map(IpAddr::to_string).collect();
    Ok(Certificate::open(handle.data().join("tls"), &advertised, clock::wall)?)
}

/// The ways by which telephones find us; what can't be opened is told and stays closed.
pub(super) fn ways_to_us(
    config: &Config,
    net: &Net,
    handle: &Handle,
    clock: Clock,
    rng: Rng,
) -> Result<(), ServeError> {
    let udp = net.listens().udp;
    let (office, store) = (handle.downgrade(), handle.store().clone());
    let finding = phones::Finding {
        office: Arc::new(move || Some(office.upgrade()?.office())),
        beside: phones::Beside { address: udp, socket: net.share_udp()? },
        tftp: config.phones.tftp,
        ldap: config.phones.ldap,
        clock,
        rng,
        leases: store.leases()?,
        keep_leases: Box::new(move |leases| store.keep_leases(leases)),
    };
    Ok(handle.phones().find(finding)?)
}

pub(super) fn letters(handle: &Handle, outgoing: Outgoing) -> Result<MailHandle, StoreError> {
    let (board, raising) = (handle.board().clone(), handle.clone());
    let told = move |told: mail::Told| {
        let text = told.to_string();
        if let mail::Told::Failing { why } = &told {
            raising.raise(Alarm::MailFailing { why: why.clone() });
        }
        match told.what() {
            Some(what) => {
                tracing::warn!(what, "{text}");
                board.apply(Live::Notice { what, text }, clock::wall());
            }
            None => tracing::info!("{text}"),
        }
    };
    mail::start(handle, outgoing, told)
}

pub(super) fn recorder(handle: &Handle, voicemail: VoicemailHandle) -> Result<RecorderHandle, StoreError> {
    let (board, raising) = (handle.board().clone(), handle.clone());
    let told = move |told: Told| {
        let text = told.to_string();
        tracing::warn!(what = told.what(), "{text}");
        board.apply(Live::Notice { what: told.what(), text }, clock::wall());
        match told {
            Told::DiskLow { free_bytes } => raising.raise(Alarm::DiskFull { free_bytes }),
            Told::Failed { why, .. } => raising.raise(Alarm::RecordingFailed { why }),
            Told::DiskBack { .. } | Told::Lost { .. } => {}
        }
    };
    let to = handle.clone();
    let of_message = move |event| match event {
        MessageEvent::Finished(finished) => voicemail.finished(finished),
        MessageEvent::Silent { call, recording, spoken } => to.tell(Order::Silent(call, recording, spoken)),
        MessageEvent::Recorded { recording, call, duration_ms } => {
            to.happened(|| Happening::Recorded { recording, call, duration_ms });
        }
    };
    let recorder = recordings::start(handle.data(), handle.store().clone(), told, of_message)?;
    recorder.set(recording_settings(&handle.office()));
    Ok(recorder)
}

pub(super) fn recording_settings(office: &Office) -> recordings::Settings {
    let wanted = &office.recordings;
    recordings::Settings {
        format: match wanted.format {
            RecordingFormat::Opus => recordings::RecordingFormat::Opus,
            RecordingFormat::Wav => recordings::RecordingFormat::Wav,
        },
        timezone: office.settings.timezone.clone(),
        keep_days: Some(wanted.keep_days).filter(|days| *days > 0),
        keep_gigabytes: Some(wanted.keep_gigabytes).filter(|gigabytes| *gigabytes > 0),
    }
}

pub(super) fn web(
    ground: http::Ground,
    started_at: WallTime,
    Listens { udp, tcp, tls }: Listens,
    handle: &Handle,
    certificate: Arc<Certificate>,
) -> Result<http::WebAddresses, ServeError> {
    let config = ground.config.clone();
    let names = config.sip.advertise.iter().map(IpAddr::to_string).collect();
    let outgoing = Outgoing::of(config.web.allow_local_outgoing);
    let host = config.sip.advertise.or(Some(udp.ip()).filter(|ip| !ip.is_unspecified()));
    let sip = http::SipAddress { host, udp: udp.port(), tcp: tcp.port(), tls: tls.port() };
    let (http, https) = (config.web.http, config.web.https);
    let web = http::WebConfig { http, https, started_at, names, outgoing, sip, certificate, ground };
    let exchange: Arc<dyn http::Exchange> = Arc::new(handle.clone());
    let data = handle.data().to_owned();
    http::serve(web, exchange, handle.board().clone(), data).map_err(|error| match error {
        http::StartError::Listen { address, source } => {
            let key = if address == config.web.http { "[web] http" } else { "[web] https" };
            NetError::of("TCP port", address, key, source).into()
        }
        other => ServeError::Web(other.to_string()),
    })
}
