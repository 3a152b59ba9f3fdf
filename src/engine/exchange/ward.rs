//! The exchange's side of the ward: whom it knows, what a request without a proof means, and what its sender hears. All strangers hear
//! the same, whatever login they claim and whatever they ask for.

use std::net::IpAddr;

use super::Engine;
use crate::base::{Instant, ServerTxn};
use crate::engine::live::Live;
use crate::engine::{Output, Record};
use crate::guard::{self, Alarm, Answer, Ban, Event, Knock, Moment, Reason};
use crate::office::home_networks;
use crate::sip::Flow;
use crate::sip::auth::Verdict;
use crate::sip::wire::{Headers, Method, Name, Request};

/// Why a request is not taken from its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 401: prove who you are.
    Challenge,
    /// 401 with stale=true: the proof was right but old, or too old to be looked at.
    Stale,
    /// 401: the password was wrong. Unknown logins hear the same as known ones.
    Wrong,
    /// 403: proved, but not from there, or not that.
    Forbidden,
    /// The sender has guessed enough for now.
    Silence,
}

impl Engine {
    pub(super) fn moment(&self, now: Instant) -> Moment {
        Moment { now, wall: self.wall(now) }
    }

    /// Tells the ward who is at home: as the office says it, and carriers.
    pub(super) fn show_home(&mut self) {
        let trusted = &self.office.protection.trusted_networks;
        let home = || home_networks().chain(LINK_LOCAL.parse().ok()).collect();
        self.ward.set_trusted(if trusted.is_empty() { home() } else { trusted.clone() });
        self.ward.set_trunks(self.trunks.addresses());
    }

    /// Tells the ward where telephones are registered.
    pub(super) fn show_phones(&mut self) {
        let bindings = self.bindings.iter().flat_map(|(_, bindings)| bindings);
        self.ward.set_phones(bindings.map(|binding| binding.flow.peer.ip()));
    }

    /// Registrations from before a restart were proved then.
    pub(super) fn remember_bindings(&mut self, now: Instant) {
        self.show_phones();
        for binding in self.bindings.iter().flat_map(|(_, bindings)| bindings) {
            self.ward.on_proved(now, binding.flow.peer.ip(), &binding.aor);
        }
    }

    /// Whether a scanner sent it, to whom nothing is said.
    pub(super) fn is_scanner(&mut self, now: Instant, flow: &Flow, request: &Request) -> bool {
        let from = request.headers.get(&Name::From).unwrap_or_default();
        if !guard::is_scanner(agent_of(request), from) {
            return false;
        }
        let moment = self.moment(now);
        self.ward.on_scanner(moment, &self.knock(flow, request)) == Answer::Silence
    }

    /// The login that the request proves by digest, of a device or not.
    pub(super) fn prove(&mut self, now: Instant, flow: &Flow, request: &Request) -> Result<String, Refusal> {
        let Some(login) = self.challenger.claimed(request) else { return Err(Refusal::Challenge) };
        let is_there = |flow_of: Flow| (flow_of.peer, flow_of.transport) == (flow.peer, flow.transport);
        let is_its_flow = self.bindings.contacts(&login).iter().any(|binding| is_there(binding.flow));
        if !self.ward.may_try(now, flow.peer.ip(), &login, is_its_flow) {
            return Err(Refusal::Silence);
        }
        let office = &self.office;
        let password_of = |login: &str| office.device_by_login(login).map(|(_, device)| device.password.clone());
        match self.challenger.verify(now, flow, request, password_of) {
            Verdict::Proved { username } => {
                let device = self.office.device_by_login(&username);
                if device.is_some_and(|(_, device)| guard::may_use(device, flow.peer.ip())) {
                    self.ward.on_proved(now, flow.peer.ip(), &username);
                }
                Ok(username)
            }
            Verdict::Stale => Err(Refusal::Stale),
            Verdict::Absent => Err(Refusal::Challenge),
            Verdict::Wrong { username } => {
                let moment = self.moment(now);
                let is_known = self.office.device_by_login(&username).is_some();
                let knock = Knock { login: &username, is_known, ..self.knock(flow, request) };
                match self.ward.on_wrong(moment, &knock) {
                    Answer::Say => Err(Refusal::Wrong),
                    Answer::Silence => Err(Refusal::Silence),
                }
            }
        }
    }

    pub(super) fn refuse(&mut self, now: Instant, txn: ServerTxn, flow: &Flow, request: &Request, refusal: Refusal) {
        let moment = self.moment(now);
        let is_heard = match refusal {
            Refusal::Silence => false,
            Refusal::Challenge | Refusal::Stale => {
                self.ward.on_knock(moment, &self.knock(flow, request)) == Answer::Say
            }
            Refusal::Wrong | Refusal::Forbidden => true,
        };
        if !is_heard {
            return self.stack.ignore(txn);
        }
        if refusal == Refusal::Forbidden {
            return self.stack.respond(now, txn, 403, Headers::new(), Vec::new());
        }
        let mut headers = Headers::new();
        for value in self.challenger.challenge(now, flow, request, refusal == Refusal::Stale) {
            headers.push(Name::WwwAuthenticate, value);
        }
        self.answer_briefly(now, txn, *flow, request, 401, headers);
    }

    /// Answers what nobody has proved: a stranger's request is forgotten with its answer.
    pub(super) fn answer_briefly(
        &mut self,
        now: Instant,
        txn: ServerTxn,
        flow: Flow,
        request: &Request,
        status: u16,
        headers: Headers,
    ) {
        if self.ward.knows(flow.peer.ip()) {
            self.stack.respond(now, txn, status, headers, Vec::new());
        } else {
            self.stack.answer(txn, flow, request, status, headers);
        }
    }

    pub(super) fn on_ward(&mut self, event: Event) {
        let (what, text) = match event {
            Event::Banned { ban, is_loud } => {
                self.outputs.push_back(Output::Store(Record::Ban(ban.clone())));
                if !is_loud {
                    return;
                }
                let text = format!("{} is banned: {}", ban.address, ban.reason.word());
                if ban.reason == Reason::WrongPasswords {
                    let Ban { address, logins, user_agent, until, .. } = ban;
                    let alarm = Alarm::AddressBanned { address, logins, user_agent, until: Some(until) };
                    self.outputs.push_back(Output::Alarm(alarm));
                }
                ("address_banned", text)
            }
            Event::Gone { id } => {
                return self.outputs.push_back(Output::Store(Record::BanGone { id }));
            }
            Event::OldPassword { login, address, user_agent } => {
                let Some((extension, _)) = self.office.device_by_login(&login) else { return };
                let extension = extension.number.clone();
                let alarm = Alarm::OldPassword { login, extension, address, user_agent };
                return self.outputs.push_back(Output::Alarm(alarm));
            }
            Event::Guessed { login } => ("login_guessed", format!("{login} is guessed at from many addresses")),
        };
        self.outputs.push_back(Output::Live(Live::Notice { what, text }));
    }

    fn knock<'a>(&self, flow: &Flow, request: &'a Request) -> Knock<'a> {
        let (address, user_agent): (IpAddr, &str) = (flow.peer.ip(), agent_of(request));
        Knock { address, user_agent, login: "", is_known: false, dials_out: self.dials_out(request) }
    }

    /// Whether it is a call to a number that is none of ours. A carrier that rings from an address it never told calls ours.
    fn dials_out(&self, request: &Request) -> bool {
        let Some(user) = request.uri.user.as_deref().filter(|_| request.method == Method::Invite) else { return false };
        let digits: String = user.chars().filter(char::is_ascii_digit).collect();
        let is_number = user.chars().all(|letter| letter.is_ascii_digit() || "+-.() ".contains(letter));
        if !is_number || digits.len() < SHORTEST_OUTSIDE {
            return false;
        }
        let tail = digits.get(digits.len().saturating_sub(NATIONAL)..).unwrap_or(&digits);
        !self.office.trunks.iter().flat_map(|trunk| trunk.all_numbers()).any(|own| own.ends_with(tail))
    }
}

fn agent_of(request: &Request) -> &str {
    request.headers.get(&Name::UserAgent).unwrap_or_default()
}

/// At home too where the office names no network: RFC 4291 §2.5.6.
const LINK_LOCAL: &str = "fe80::/10";
/// Digits that an outside number has at least.
const SHORTEST_OUTSIDE: usize = 7;
/// Digits of a number without its country.
const NATIONAL: usize = 10;
