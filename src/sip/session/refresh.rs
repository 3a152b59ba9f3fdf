//! The session timer: RFC 4028. An interval, who refreshes, and what is done when nobody does.

use super::{Context, Deal, Method, Ours, Purpose, Session, Timer, Timers};
use crate::base::{Duration, Instant};
use crate::sip::wire::{Headers, Name};

use super::outgoing::{holds, put_description};

/// What was agreed.
#[derive(Debug, Clone, Default)]
pub(super) struct Refresh {
    /// The session's interval in seconds; 0: no timer.
    seconds: u32,
    /// It is for us to refresh.
    is_ours: bool,
    /// The least interval that the peer, or a proxy between, lets pass. Seconds.
    least: u32,
}

/// Whether a request asks for less than we let pass and its sender understands 422: RFC 4028 §9.
pub(crate) fn is_too_short(headers: &Headers) -> bool {
    let asked = headers.number(&Name::SessionExpires);
    asked.is_some_and(|seconds| seconds < LEAST_SECONDS) && holds(headers, &Name::Supported, "timer")
}

impl Refresh {
    /// As the called side of a request: the interval is taken, and what the 2xx says about it is returned (RFC 4028 §9). In
    /// a session that stands, whoever refreshed goes on doing so unless the peer says otherwise.
    pub(super) fn answer(&mut self, request: &Headers, stands: bool) -> Headers {
        let mut headers = Headers::new();
        let Some(seconds) = request.number(&Name::SessionExpires) else {
            self.seconds = 0;
            return headers;
        };
        let goes_on = stands && self.seconds > 0 && self.is_ours;
        let takes_timer = holds(request, &Name::Supported, "timer");
        self.is_ours = match refresher(request).as_deref() {
            Some("uas") => true,
            Some("uac") => false,
            _ => goes_on || !takes_timer,
        };
        self.seconds = seconds.max(self.least).max(MINIMUM_SECONDS);
        let who = if self.is_ours { "uas" } else { "uac" };
        headers.push(Name::SessionExpires, format!("{};refresher={who}", self.seconds));
        if !self.is_ours {
            headers.push(Name::Require, "timer");
        }
        headers
    }

    /// As the calling side: what the 2xx says (RFC 4028 §7.2).
    fn take(&mut self, response: &Headers) {
        self.seconds = response.number(&Name::SessionExpires).map_or(0, |seconds| seconds.max(MINIMUM_SECONDS));
        self.is_ours = refresher(response).as_deref() != Some("uas");
    }

    /// A 422 says what is long enough.
    pub(super) fn raise(&mut self, response: &Headers) {
        let asked = response.number(&Name::MinSe).unwrap_or(LEAST_SECONDS);
        self.least = self.least.max(asked).max(LEAST_SECONDS);
        if self.seconds > 0 {
            self.seconds = self.seconds.max(self.least);
        }
    }

    /// Puts the timer into a request of ours. `refresher`: who is to go on refreshing, where that is agreed.
    pub(super) fn put(&self, headers: &mut Headers, refresher: Option<&str>) {
        let seconds = if self.seconds > 0 { self.seconds } else { OUR_SECONDS.max(self.least) };
        let who = refresher.map(|who| format!(";refresher={who}")).unwrap_or_default();
        headers.set(Name::SessionExpires, format!("{seconds}{who}"));
        if self.least > 0 {
            headers.set(Name::MinSe, self.least.to_string());
        }
    }

    /// The timers of an interval that begins now.
    pub(super) fn start<const N: usize>(&self, now: Instant, timers: &mut Timers<Timer, N>) {
        timers.cancel(Timer::Refresh);
        timers.cancel(Timer::Expire);
        if self.seconds == 0 {
            return;
        }
        if self.is_ours {
            timers.arm(Timer::Refresh, now + Duration::from_secs(u64::from(self.seconds / 2)));
        }
        let early = 32.min(self.seconds / 3); // the BYE goes out before proxies between forget the session: §10
        timers.arm(Timer::Expire, now + Duration::from_secs(u64::from(self.seconds - early)));
    }
}

impl Session {
    /// A 2xx to a request of ours that refreshes the session.
    pub(super) fn take_interval(&mut self, now: Instant, response: &Headers) {
        self.refresh.take(response);
        self.refresh.start(now, &mut self.timers);
    }

    /// Refreshes: by UPDATE if the peer takes it, else by a re-INVITE that repeats our description.
    pub(super) fn send_refresh(&mut self, cx: &mut Context<'_>) {
        if !matches!(self.deal, Deal::Idle) || self.unacked.is_some() {
            self.timers.arm(Timer::Refresh, cx.now + BUSY); // the offer that is open may refresh it as well
            return;
        }
        let by_update =
            self.dialog.as_deref().is_some_and(|dialog| dialog.peer_takes_update) || self.offers.local.is_none();
        let method = if by_update { Method::Update } else { Method::Invite };
        let sdp = if by_update { None } else { self.offers.local.clone() };
        self.send_renewal(cx, method, Purpose::Refresh, sdp.as_deref());
    }

    /// Sends a re-INVITE or UPDATE.
    pub(super) fn send_renewal(&mut self, cx: &mut Context<'_>, method: Method, purpose: Purpose, sdp: Option<&[u8]>) {
        let refresh = self.refresh.clone();
        let Some(dialog) = self.active_dialog() else { return };
        let mut request = dialog.request(method);
        let flow = dialog.flow;
        request.headers.push(Name::Contact, self.contact(&flow));
        if refresh.seconds > 0 {
            refresh.put(&mut request.headers, Some(if refresh.is_ours { "uac" } else { "uas" }));
        }
        request.headers.extend(self.offers.identity.clone());
        put_description(&mut request, sdp);
        let is_invite = request.method == Method::Invite;
        let exchange = self.send(cx, self.owner(purpose), flow, request);
        if let Some(exchange) = exchange.filter(|_| sdp.is_some()) {
            self.deal = Deal::Ours(Ours::Renewal(exchange));
        }
        if is_invite {
            self.timers.arm(Timer::NoAnswer, cx.now + PATIENCE);
        }
    }

    /// A refresh failed in a way that leaves the session alive: once more, well before its end.
    pub(super) fn refresh_later(&mut self, cx: &Context<'_>, pause: Option<Duration>) {
        let pause = pause.unwrap_or(Duration::from_secs(u64::from(self.refresh.seconds / 8)));
        self.timers.arm(Timer::Refresh, cx.now + pause.max(BUSY));
    }
}

fn refresher(headers: &Headers) -> Option<String> {
    let (_, params) = headers.value(&Name::SessionExpires)?;
    params.get("refresher").map(str::to_ascii_lowercase)
}

/// The least interval that we let a caller ask for: RFC 4028 §5.
pub(crate) const LEAST_SECONDS: u32 = 90;
/// Below that even a peer that doesn't know 422 isn't followed: refreshes would follow each other without a pause.
const MINIMUM_SECONDS: u32 = 30;
/// What we ask for: RFC 4028 §4 recommends it.
const OUR_SECONDS: u32 = 1800;
/// A re-INVITE that met a provisional response has no end of its own (§17.1.1.2); a person may have to agree to it.
const PATIENCE: Duration = Duration::from_secs(64);
const BUSY: Duration = Duration::from_secs(2);
