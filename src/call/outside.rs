//! Placing B legs: to the contacts of a phone, and through a trunk to the city. Which trunk, which number is presented, and
//! what follows when a trunk doesn't answer: contract.md, "Outbound failover".

use crate::base::{Duration, SessionId, limits};
use crate::codec::Codec;
use crate::guard;
use crate::guard::limits::Limit;
use crate::number::{Class, Target};
use crate::office::{CallerIdIn, NumberFormat, Trunk};
use crate::registrar::trunks::Route;
use crate::sip::Flow;
use crate::sip::stack::InviteDraft;
use crate::sip::wire::{Headers, Host, Name, NameAddr, Uri};
use crate::trust::Function;

use super::cdr::StepKind;
use super::crossing::Crossing;
use super::leg::{Leg, LegState, Party, SoundError, Wish};
use super::one::Call;
use super::ring::Diversion;
use super::{Around, ring};

/// No response at all by then: the next trunk is tried (contract.md, SIP).
const TRUNK_PATIENCE: Duration = Duration::from_secs(5);

/// A B leg that rings, with what may be tried when it fails.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) leg: Leg,
    outside: Option<Outside>,
    /// Where a phone of ours is.
    contact: Option<(Uri, Flow)>,
    /// Who answers must press 1 to take the call.
    pub(super) confirm: bool,
}

/// A call to the city.
#[derive(Debug, Clone)]
struct Outside {
    number: String,
    extension: String,
    emergency: bool,
    /// It counts against the limits: not a call for help, and not a trial.
    metered: bool,
    diversions: Vec<Diversion>,
    /// Shows the carrier the original caller of a forwarded call.
    shows_caller: bool,
    /// An operator's mailbox may answer.
    confirm: bool,
    /// It is a mobile of the extension's own.
    is_mobile: bool,
    /// How the number is written, when not as the trunk wants it.
    format: Option<NumberFormat>,
    /// Trunks still to be tried, in order.
    further: Vec<String>,
}

/// Why a call to the city could not be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum PlaceError {
    /// 403.
    #[error("the extension may not call this class of numbers")]
    NotAllowed(Class),
    /// 503.
    #[error("no trunk is up")]
    NoTrunk,
    /// 503.
    #[error("every trunk carries as many calls as it may")]
    TrunksFull,
    /// 503.
    #[error("the licence allows no more calls with the city")]
    LicenceFull,
    /// 403.
    #[error("the licence does not cover this extension")]
    NotLicensed,
    /// 403.
    #[error("{0}")]
    Limit(Limit),
    /// 503.
    #[error("no free port")]
    NoPort,
}

impl PlaceError {
    pub(super) fn status(self) -> u16 {
        match self {
            Self::NotAllowed(_) | Self::NotLicensed | Self::Limit(_) => 403,
            Self::NoTrunk | Self::TrunksFull | Self::LicenceFull | Self::NoPort => 503,
        }
    }

    pub(super) fn cause(self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "no_permission",
            Self::NoTrunk => "no_trunk",
            Self::TrunksFull => "trunk_full",
            Self::LicenceFull => "licence_calls",
            Self::NotLicensed => "licence_extensions",
            Self::Limit(limit) => limit.word(),
            Self::NoPort => "no_free_port",
        }
    }
}

impl Call {
    /// What a B leg is offered: the caller's formats in his order, then the rest of ours, so that nothing is transcoded without need.
    fn codecs_for(&self, around: &Around<'_>, allowed: impl Fn(Codec) -> bool) -> Vec<Codec> {
        let mut codecs: Vec<Codec> = Vec::new();
        let may_transcode = around.books.allowance.has(Function::Transcoding) || self.a.codecs().is_empty();
        let others = around.codecs.iter().copied().filter(|_| may_transcode);
        for codec in self.a.codec().into_iter().chain(self.a.codecs().iter().copied()).chain(others) {
            if !codecs.contains(&codec) && around.codecs.contains(&codec) && allowed(codec) {
                codecs.push(codec);
            }
        }
        codecs
    }

    /// Calls every contact of a phone; the sessions that ring, none when it is not registered.
    pub(super) fn place_contacts(
        &mut self,
        around: &mut Around<'_>,
        extension: &str,
        login: &str,
        diversions: &[Diversion],
    ) -> Vec<SessionId> {
        if !around.is_licensed(extension) {
            return Vec::new();
        }
        let contacts: Vec<(Uri, Flow)> =
            around.bindings.contacts(login).iter().map(|binding| (binding.contact.clone(), binding.flow)).collect();
        let mut sessions = Vec::new();
        for (uri, flow) in contacts {
            if self.attempts.len() >= limits::LEGS_PER_CALL {
                break;
            }
            let Some(session) = self.place_contact(around, extension, login, (uri, flow), (diversions, false)) else {
                break;
            };
            sessions.push(session);
        }
        sessions
    }

    fn place_contact(
        &mut self,
        around: &mut Around<'_>,
        extension: &str,
        login: &str,
        (uri, flow): (Uri, Flow),
        (diversions, secure_only): (&[Diversion], bool),
    ) -> Option<SessionId> {
        let party = Party::of_device(&self.office, login, extension);
        let wish = Wish { codecs: self.codecs_for(around, |_| true), opus: self.a.opus(), secure_only };
        let (mut leg, offer) = Leg::outgoing(around, party, flow, wish).ok()?;
        let mut draft = self.draft_to_phone(around, uri.clone(), flow, offer);
        for Diversion { by, why } in diversions {
            let by = NameAddr::new("", Uri::sip(Some(by), Host::Ip(flow.local.ip()), None));
            draft.headers.push(Name::Diversion, format!("{by};reason={}", reason(why)));
        }
        leg.session = around.invite(draft);
        let session = leg.session;
        self.attempts.push(Attempt { leg, outside: None, contact: Some((uri, flow)), confirm: false });
        Some(session)
    }

    /// A phone that insists on SRTP refuses an offer that leaves the choice (RFC 4568 has no word for both): it is offered SRTP
    /// alone. The session that took the place of the refused one, if any.
    pub(super) fn insist_on_srtp(&mut self, around: &mut Around<'_>, attempt: &Attempt) -> Option<SessionId> {
        let contact = attempt.contact.clone().filter(|_| attempt.leg.offered_both())?;
        let party = &attempt.leg.party;
        self.place_contact(around, &party.who, &party.device, contact, (&[], true))
    }

    fn draft_to_phone(&self, around: &Around<'_>, uri: Uri, flow: Flow, offer: Vec<u8>) -> InviteDraft {
        let ours = Host::Ip(flow.local.ip());
        let caller = &self.a.party;
        let nobody = caller.hidden || caller.who.is_empty();
        let shown = if nobody { "anonymous".to_owned() } else { around.plan.redial(&caller.who) };
        let name = if caller.hidden { "" } else { &caller.name };
        let to = NameAddr::new("", Uri::sip(uri.user.as_deref(), ours.clone(), None));
        InviteDraft {
            flows: vec![flow],
            from: NameAddr::new(name, Uri::sip(Some(&shown), ours, None)),
            to,
            uri,
            contact_user: shown,
            routes: Vec::new(),
            headers: self.to_phone(),
            sdp: Some(offer),
            credentials: None,
            give_up: None,
            session_timer: false,
        }
    }

    /// What a phone of ours is told beside the caller.
    fn to_phone(&self) -> Headers {
        let mut headers = self.passed_on();
        if self.is_page() {
            // in no RFC but the first; between them they are understood by the phones of all vendors
            headers.push(Name::Other("Answer-Mode".into()), "Auto"); // RFC 5373 §3.3
            headers.push(Name::CallInfo, "<sip:dozvon>;answer-after=0");
            headers.push(Name::Alert, "<http://dozvon>;info=alert-autoanswer;delay=0");
        }
        headers
    }

    fn passed_on(&self) -> Headers {
        let mut headers = Headers::new();
        headers.push(Name::MaxForwards, self.max_forwards.to_string());
        headers
    }

    /// Calls a number of the city for `extension`, which presents its «Номер для исходящих».
    pub(super) fn place_outside(
        &mut self,
        around: &mut Around<'_>,
        extension: &str,
        target: &ring::Target,
        diversions: &[Diversion],
    ) -> Result<SessionId, PlaceError> {
        let number = target.name().to_owned();
        let class = around.plan.classify(&number);
        if matches!(target, ring::Target::Outside(_)) {
            let permissions = self.office.extension(extension).map(|e| e.permissions).unwrap_or_default();
            if guard::may_call(permissions, self.office.limits.paid_services, class).is_err() {
                return Err(PlaceError::NotAllowed(class));
            }
        }
        let emergency = matches!(target, ring::Target::Emergency(_));
        let is_mobile = matches!(target, ring::Target::Mobile(_));
        let metered = !emergency && !matches!(target, ring::Target::Trial { .. });
        if metered {
            around.licensed_outside(extension)?;
            self.ask_limits(around, (extension, &number), class, is_mobile)?;
        }
        let (further, format) = match target {
            ring::Target::Trial { trunk, format, .. } => (vec![trunk.clone()], *format),
            _ => (self.trunks_for(around, extension), None),
        };
        let confirm = is_mobile
            && self
                .office
                .extension(extension)
                .is_some_and(|e| e.mobiles().any(|mobile| mobile.number == number && mobile.confirm));
        let shows_caller = !diversions.is_empty();
        let (extension, diversions) = (extension.to_owned(), diversions.to_vec());
        let outside = Outside {
            number,
            extension,
            emergency,
            metered,
            diversions,
            shows_caller,
            confirm,
            is_mobile,
            format,
            further,
        };
        self.try_trunks(around, outside)
    }

    /// The trunks in the order to try: that of the outgoing number first, others that are up, then those that seem down.
    fn trunks_for(&self, around: &Around<'_>, extension: &str) -> Vec<String> {
        let outgoing = self.office.extension(extension).map(|e| e.outgoing_number.as_str());
        let own = outgoing.and_then(|number| self.office.trunk_of(number)).or(self.office.trunks.first());
        let Some(own) = own else { return Vec::new() };
        let elsewhere = |trunk: &&Trunk| (&trunk.server, &trunk.login) != (&own.server, &own.login);
        let mut order: Vec<&Trunk> = std::iter::once(own).chain(self.office.trunks.iter().filter(elsewhere)).collect();
        let is_up = |trunk: &Trunk| around.trunks.route(&trunk.name).is_some_and(|route| route.up);
        order.sort_by_key(|trunk| !is_up(trunk)); // stable
        order.into_iter().map(|trunk| trunk.name.clone()).collect()
    }

    /// Tries the trunks that are left.
    fn try_trunks(&mut self, around: &mut Around<'_>, mut outside: Outside) -> Result<SessionId, PlaceError> {
        let mut error = PlaceError::NoTrunk;
        let office = std::sync::Arc::clone(&self.office);
        while !outside.further.is_empty() {
            let name = outside.further.remove(0);
            let Some(trunk) = office.trunk(&name) else { continue };
            let Some(route) = around.trunks.route(&name) else { continue };
            let Some(flow) = route.flows.first().copied() else { continue };
            let full = trunk.max_calls > 0 && around.books.trunk_load(&name) >= trunk.max_calls;
            if full && !outside.emergency {
                error = PlaceError::TrunksFull;
                continue;
            }
            return match self.invite_trunk(around, trunk, route, flow, outside) {
                Ok(session) => Ok(session),
                Err(_) => Err(PlaceError::NoPort),
            };
        }
        Err(error)
    }

    fn invite_trunk(
        &mut self,
        around: &mut Around<'_>,
        trunk: &Trunk,
        route: Route,
        flow: Flow,
        outside: Outside,
    ) -> Result<SessionId, SoundError> {
        let party = Party {
            who: outside.number.clone(),
            device: outside.number.clone(),
            trunk: Some(trunk.name.clone()),
            extension: Some(outside.extension.clone()),
            stands_in: outside.is_mobile,
            ..Party::default()
        };
        let allowed = |codec: Codec| trunk.codecs.iter().any(|name| codec.rtp_name().eq_ignore_ascii_case(name));
        let mut codecs = self.codecs_for(around, allowed);
        if codecs.is_empty() {
            codecs = around.codecs.to_vec(); // the trunk lists only formats that we can't speak yet: G.711 is what every carrier takes
        }
        let wish = Wish { codecs, opus: self.a.opus(), secure_only: false };
        let (mut leg, offer) = Leg::outgoing(around, party, flow, wish)?;
        let draft = self.draft_to_trunk(around, trunk, route, &outside, offer);
        leg.session = around.invite(draft);
        leg.load_trunk(around);
        if outside.metered {
            leg.meter(around, &outside.extension, outside.is_mobile);
        }
        around.step(self.id, StepKind::Trunk { trunk: trunk.name.clone() });
        let session = leg.session;
        let confirm = outside.confirm;
        self.attempts.push(Attempt { leg, outside: Some(outside), contact: None, confirm });
        Ok(session)
    }

    fn draft_to_trunk(
        &self,
        around: &Around<'_>,
        trunk: &Trunk,
        route: Route,
        outside: &Outside,
        offer: Vec<u8>,
    ) -> InviteDraft {
        let format = outside.format.unwrap_or(trunk.number_format);
        let called =
            if outside.emergency { outside.number.clone() } else { around.plan.format(&outside.number, format) };
        let written = |number: String| match trunk.number_format {
            NumberFormat::Plus => format!("+{number}"),
            NumberFormat::E164 | NumberFormat::National => number,
        };
        let own = written(self.presented(trunk, &outside.extension));
        let mut headers = self.passed_on();
        for Diversion { why, .. } in &outside.diversions {
            // the city knows our extensions by the number that they present
            headers
                .push(Name::Diversion, format!("{};reason={}", NameAddr::new("", route.identity(&own)), reason(why)));
        }
        let caller = &self.a.party;
        let original =
            Some(&caller.who).filter(|who| outside.shows_caller && caller.inside().is_none() && !who.is_empty());
        let identity = NameAddr::new("", route.identity(&original.map_or(own, |who| written(who.clone()))));
        let from = if caller.hidden {
            headers.push(Name::Privacy, "id"); // RFC 3323 §4.2
            headers.push(Name::PAssertedIdentity, identity.to_string());
            let nobody = Uri::sip(Some("anonymous"), Host::Name("anonymous.invalid".to_owned()), None);
            NameAddr::new("Anonymous", nobody)
        } else {
            match trunk.caller_id_in {
                CallerIdIn::From => identity,
                other => {
                    let name = match other {
                        CallerIdIn::Rpid => Name::RemotePartyId,
                        CallerIdIn::Ppi => Name::PPreferredIdentity,
                        CallerIdIn::From | CallerIdIn::Pai => Name::PAssertedIdentity,
                    };
                    headers.push(name, identity.to_string());
                    NameAddr::new("", route.identity(&route.user))
                }
            }
        };
        InviteDraft {
            to: NameAddr::new("", route.identity(&called)),
            uri: route.uri(&called),
            flows: route.flows,
            from,
            contact_user: route.contact_user,
            routes: route.routes,
            headers,
            sdp: Some(offer),
            credentials: route.credentials,
            give_up: Some(TRUNK_PATIENCE),
            session_timer: true,
        }
    }

    /// The number that the called party sees: «Номер для исходящих» where it lives on this trunk, else the trunk's own.
    fn presented(&self, trunk: &Trunk, extension: &str) -> String {
        let wanted = self.office.extension(extension).map(|e| e.outgoing_number.as_str());
        let lives_here = |number: &&str| trunk.number == **number || trunk.numbers.iter().any(|n| n == number);
        wanted.filter(lives_here).unwrap_or(&trunk.number).to_owned()
    }

    /// A leg failed before anybody rang: another trunk may take the call. The session that took its place, if any.
    pub(super) fn fail_over(&mut self, around: &mut Around<'_>, attempt: &mut Attempt) -> Option<SessionId> {
        let outside = attempt.outside.clone()?;
        self.try_trunks(around, outside).ok()
    }

    /// Not every carrier lets a forwarded call show who called at first: refused before anybody rang, it goes out once more
    /// with our own number.
    pub(super) fn show_own_number(
        &mut self,
        around: &mut Around<'_>,
        attempt: &mut Attempt,
        status: u16,
    ) -> Option<SessionId> {
        let trunk = attempt.leg.party.trunk.clone()?;
        let rang = attempt.leg.state != LegState::Calling;
        let outside = attempt.outside.as_mut()?;
        let goes_again = outside.emergency || outside.shows_caller && !matches!(status, 404 | 484 | 486 | 600 | 604);
        if rang || !goes_again {
            return None;
        }
        if !outside.emergency {
            outside.shows_caller = false;
            outside.further.insert(0, trunk);
        }
        self.fail_over(around, attempt)
    }

    /// An emergency call that a trunk refused: its youngest other call gives way, and it goes out again. False when there is none.
    pub(super) fn make_room(&self, around: &mut Around<'_>, attempt: &Attempt) -> bool {
        let Some(outside) = attempt.outside.as_ref().filter(|outside| outside.emergency) else { return false };
        let trunks = around.office.trunks.iter().map(|trunk| &trunk.name);
        let Some(trunk) = trunks.into_iter().find(|name| around.books.trunk_load(name) > 0).cloned() else {
            return false;
        };
        let (number, extension) = (outside.number.clone(), outside.extension.clone());
        around.books.crossings.push_back(Crossing::GiveWay { trunk, to: self.id, number, extension });
        true
    }

    /// What a forwarding target of the office means: an extension, a group (not followed from here), or a number of the city.
    pub(super) fn target_of(&self, around: &Around<'_>, to: &str) -> Target {
        around.plan.resolve(&self.office, to)
    }
}

/// RFC 5806 §4: the reason of a diversion.
fn reason(why: &str) -> &'static str {
    match why {
        "always" => "unconditional",
        "busy" => "user-busy",
        "no_answer" => "no-answer",
        "redirected" => "deflection",
        _ => "unknown",
    }
}
