//! A dialog as text that outlives the process: a field a line, its name first. Connections die with the process, so the flow
//! comes back as "any connection to this peer".

use std::fmt::Write as _;

use super::{Dialog, HIGHEST_SEQ};
use crate::sip::wire::NameAddr;
use crate::sip::{Flow, Transport};

impl Dialog {
    /// What [`of_stored`](Self::of_stored) reads.
    pub(crate) fn to_stored(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            let value = value.replace(['\r', '\n'], " ");
            let _ = writeln!(text, "{name} {value}");
        };
        line("call-id", &self.call_id);
        line("local", &self.local);
        line("remote", &self.remote);
        line("target", &self.remote_target.to_string());
        line("local-seq", &self.local_seq.to_string());
        if let Some(number) = self.remote_seq {
            line("remote-seq", &number.to_string());
        }
        let Flow { transport, local, peer, .. } = self.flow;
        line("flow", &format!("{} {local} {peer}", transport.param()));
        if self.peer_takes_update {
            line("takes-update", "");
        }
        for route in &self.routes {
            line("route", route);
        }
        text
    }

    /// `None` for what [`to_stored`](Self::to_stored) would not write.
    pub(crate) fn of_stored(text: &str) -> Option<Self> {
        let all = |name: &str| {
            let named = format!("{name} ");
            text.lines().filter_map(move |line| line.strip_prefix(&named)).collect::<Vec<_>>()
        };
        let one = |name: &str| all(name).first().copied();
        let number = |text: &str| text.parse().ok().filter(|number| *number <= HIGHEST_SEQ);
        let remote = one("remote")?;
        one("local")?.parse::<NameAddr>().ok()?;
        Some(Self {
            call_id: one("call-id")?.to_owned(),
            local: one("local")?.to_owned(),
            remote: remote.to_owned(),
            remote_tag: remote.parse::<NameAddr>().ok()?.tag().unwrap_or_default().to_owned(),
            remote_target: one("target")?.parse().ok()?,
            routes: all("route").into_iter().map(str::to_owned).collect(),
            local_seq: number(one("local-seq")?)?,
            remote_seq: one("remote-seq").and_then(number),
            flow: flow(one("flow")?)?,
            peer_takes_update: one("takes-update").is_some(),
        })
    }
}

fn flow(text: &str) -> Option<Flow> {
    let mut words = text.split(' ');
    let transport = words.next()?.parse::<Transport>().ok()?;
    Some(Flow { transport, local: words.next()?.parse().ok()?, peer: words.next()?.parse().ok()?, connection: 0 })
}
