//! A trunk's settings as SIP wants them: where its packets go, who we are there, and the requests that say so. Domain and
//! server, login and digest name may each differ (MultiFon, Telphin, Beeline), so each has its own place here.

use std::net::IpAddr;

use crate::base::Duration;
use crate::base::limits::MAX_FORWARDS;
use crate::office::Trunk;
use crate::sip::auth::Credentials;
use crate::sip::flow::ServerName;
use crate::sip::stack::RequestDraft;
use crate::sip::wire::{CSeq, Headers, Host, Method, Name, NameAddr, Request, Uri};
use crate::sip::{Flow, Transport};

/// What a carrier knows us by, worked out of the office file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    /// Where packets go: the outbound proxy, else the server.
    pub(super) next_hop: ServerName,
    /// The server itself, when a proxy stands before it: calls may come from there.
    pub(super) behind: Option<ServerName>,
    /// The outbound proxy as a Route.
    pub(super) proxy: Option<NameAddr>,
    /// The Request-URI's host; its port is kept as it is spelled, since some carriers check it in the digest.
    pub(super) domain: Host,
    pub(super) port: Option<u16>,
    /// The user of our AOR.
    pub(super) user: String,
    pub(super) credentials: Option<Credentials>,
    pub(super) transport: Transport,
    pub(super) register: bool,
    /// Seconds that we ask for.
    pub(super) register_every: u32,
}

/// The numbers by which a carrier tells our REGISTERs apart, and the Contact's user by which we know its calls.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// The Contact's user: nobody who hasn't seen our REGISTER can guess it.
    pub(super) token: String,
    pub(super) call_id: String,
    pub(super) from_tag: String,
    pub(super) cseq: u32,
}

impl Account {
    /// `None` when the server's name can't be read; the office file's reader refuses such a one.
    pub(super) fn of(trunk: &Trunk) -> Option<Self> {
        let server = server_name(&trunk.server, trunk.transport)?;
        let proxy = server_name(&trunk.outbound_proxy, trunk.transport);
        // A login pasted whole, `user@domain`: the digest name is all of it, the AOR is its halves.
        let (user, login_domain) = trunk.login.rsplit_once('@').unwrap_or((&trunk.login, ""));
        let domains = [trunk.from_domain.as_str(), login_domain, trunk.server.as_str()];
        let domain = domains.iter().find(|domain| !domain.is_empty())?;
        let domain = server_name(domain, trunk.transport)?;
        let username = if trunk.auth_login.is_empty() { &trunk.login } else { &trunk.auth_login };
        let password = trunk.password.clone();
        let credentials = (!username.is_empty()).then(|| Credentials { username: username.clone(), password });
        Some(Self {
            proxy: proxy.as_ref().map(route_of),
            behind: proxy.as_ref().map(|_| server.clone()),
            next_hop: proxy.unwrap_or(server),
            port: domain.port,
            domain: host(&domain.host),
            user: if user.is_empty() { trunk.number.clone() } else { user.to_owned() },
            credentials,
            transport: trunk.transport,
            register: trunk.register,
            register_every: trunk.register_every,
        })
    }

    /// Our address of record: no port, RFC 3261 §19.1.1 table 1.
    fn aor(&self) -> Uri {
        Uri::sip(Some(&self.user), self.domain.clone(), None)
    }

    fn registrar(&self) -> Uri {
        Uri::sip(None, self.domain.clone(), self.port)
    }

    /// REGISTER, RFC 3261 §10.2, for `expires` seconds; 0 takes it back.
    pub(super) fn register(
        &self,
        identity: &mut Identity,
        flow: Flow,
        expires: u32,
        give_up: Option<Duration>,
    ) -> RequestDraft {
        let mut headers = self.headers(identity, flow, Method::Register, self.aor());
        headers.push(Name::Expires, expires.to_string());
        self.draft(Method::Register, headers, flow, give_up)
    }

    /// OPTIONS: is anybody there? RFC 3261 §11.
    pub(super) fn options(&self, identity: &mut Identity, flow: Flow, give_up: Option<Duration>) -> RequestDraft {
        let mut headers = self.headers(identity, flow, Method::Options, self.registrar());
        headers.push(Name::Accept, "application/sdp");
        self.draft(Method::Options, headers, flow, give_up)
    }

    fn headers(&self, identity: &mut Identity, flow: Flow, method: Method, to: Uri) -> Headers {
        // Each challenge that the stack answers takes a number more; ours must be above all of them.
        identity.cseq += CSEQ_STEP;
        let mut headers = Headers::new();
        if let Some(proxy) = &self.proxy {
            headers.push(Name::Route, proxy.to_string());
        }
        headers.push(Name::MaxForwards, MAX_FORWARDS.to_string());
        headers.push(Name::From, NameAddr::new("", self.aor()).with_tag(&identity.from_tag).to_string());
        headers.push(Name::To, NameAddr::new("", to).to_string());
        headers.push(Name::CallId, identity.call_id.as_str());
        headers.push(Name::CSeq, CSeq { number: identity.cseq, method }.to_string());
        headers.push(Name::Contact, NameAddr::new("", contact(&identity.token, flow)).to_string());
        headers
    }

    fn draft(&self, method: Method, headers: Headers, flow: Flow, give_up: Option<Duration>) -> RequestDraft {
        let request = Request { headers, ..Request::new(method, self.registrar()) };
        RequestDraft { flows: vec![flow], request, credentials: self.credentials.clone(), give_up }
    }
}

/// Our Contact on `flow`, as the peer sees us.
fn contact(token: &str, flow: Flow) -> Uri {
    let uri = Uri::sip(Some(token), Host::Ip(flow.local.ip()), Some(flow.local.port()));
    match flow.transport {
        Transport::Udp => uri,
        other => uri.with_param("transport", Some(other.param())),
    }
}

fn route_of(proxy: &ServerName) -> NameAddr {
    let uri = Uri::sip(None, host(&proxy.host), proxy.port).with_param("lr", None);
    let transport = proxy.transport.filter(|transport| *transport != Transport::Udp);
    let uri = match transport {
        Some(transport) => uri.with_param("transport", Some(transport.param())),
        None => uri,
    };
    NameAddr::new("", uri)
}

fn host(text: &str) -> Host {
    text.parse::<IpAddr>().map_or_else(|_| Host::Name(text.to_lowercase()), Host::Ip)
}

/// `host`, `host:port`, `1.2.3.4:5060`, `[2001:db8::1]:5060`; what follows a semicolon is cut off. `None` when it is empty or
/// its port is none.
fn server_name(text: &str, transport: Transport) -> Option<ServerName> {
    let text = text.split(';').next()?.trim();
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port.parse().ok()?)),
        _ => (text, None),
    };
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    (!name.is_empty()).then(|| ServerName { host: name.to_owned(), port, transport: Some(transport) })
}

/// More than the challenges that one request can meet.
const CSEQ_STEP: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Option<(String, Option<u16>)> {
        server_name(text, Transport::Udp).map(|name| (name.host, name.port))
    }

    #[test]
    fn servers_are_read_with_and_without_a_port() {
        let is = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(named("sip.example.org"), is("sip.example.org", None));
        assert_eq!(named("sip.example.org:9060"), is("sip.example.org", Some(9060)));
        assert_eq!(named("203.0.113.7:5080"), is("203.0.113.7", Some(5080)));
        assert_eq!(named("[2001:db8::1]:5080"), is("2001:db8::1", Some(5080)));
        assert_eq!(named("2001:db8::1"), is("2001:db8::1", None));
        assert_eq!(named("ip.beeline.ru;lr"), is("ip.beeline.ru", None));
        for nothing in ["", ":5060", "host:port", "host:99999", ";lr"] {
            assert_eq!(named(nothing), None, "{nothing}");
        }
    }
}
