//! What employees do on the telephone, as the admin sets it: feature codes, parking places, conference rooms, mailboxes, mail.

/// What can be dialled or keyed, besides numbers: product.md section 8. Each has a code in [`Codes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feature {
    /// In a call, a number follows: blind transfer.
    Transfer,
    /// In a call, a number follows: attended transfer; again: joins both.
    Attended,
    /// In a call: back from an attended transfer.
    Back,
    /// In a call: parks it.
    Park,
    /// Picks up a call that rings in one's group, or at the number that follows.
    Pickup,
    /// Do not disturb.
    DisturbOff,
    /// May be disturbed again.
    DisturbOn,
    /// A number follows: forwards all calls.
    ForwardAlways,
    /// No longer.
    ForwardAlwaysOff,
    /// A number follows: forwards when busy.
    ForwardBusy,
    /// No longer.
    ForwardBusyOff,
    /// A number follows: forwards when nobody answers.
    ForwardNoAnswer,
    /// No longer.
    ForwardNoAnswerOff,
    /// Calls who called last.
    LastCaller,
    /// Calls back when the busy number called last, or the number that follows, is free.
    CallBack,
    /// A number follows: hides the own number for this call.
    Hide,
    /// One hears oneself.
    Echo,
    /// Says the time and the own number.
    Clock,
    /// Records a media file.
    RecordMessage,
    /// The own mailbox.
    Voicemail,
    /// A group's number follows: speaks from its telephones.
    Page,
}

impl Feature {
    /// All, in the order of the office file.
    pub const ALL: [Self; 21] = [
        Self::Transfer,
        Self::Attended,
        Self::Back,
        Self::Park,
        Self::Pickup,
        Self::DisturbOff,
        Self::DisturbOn,
        Self::ForwardAlways,
        Self::ForwardAlwaysOff,
        Self::ForwardBusy,
        Self::ForwardBusyOff,
        Self::ForwardNoAnswer,
        Self::ForwardNoAnswerOff,
        Self::LastCaller,
        Self::CallBack,
        Self::Hide,
        Self::Echo,
        Self::Clock,
        Self::RecordMessage,
        Self::Voicemail,
        Self::Page,
    ];

    /// Its key in `[codes]`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Attended => "attended_transfer",
            Self::Back => "transfer_back",
            Self::Park => "park",
            Self::Pickup => "pickup",
            Self::DisturbOff => "do_not_disturb_on",
            Self::DisturbOn => "do_not_disturb_off",
            Self::ForwardAlways => "forward_always",
            Self::ForwardAlwaysOff => "forward_always_off",
            Self::ForwardBusy => "forward_busy",
            Self::ForwardBusyOff => "forward_busy_off",
            Self::ForwardNoAnswer => "forward_no_answer",
            Self::ForwardNoAnswerOff => "forward_no_answer_off",
            Self::LastCaller => "last_caller",
            Self::CallBack => "call_back",
            Self::Hide => "hide_number",
            Self::Echo => "echo_test",
            Self::Clock => "clock",
            Self::RecordMessage => "record_message",
            Self::Voicemail => "voicemail",
            Self::Page => "page",
        }
    }

    /// The code of a new box.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Transfer => "##",
            Self::Attended => "*2",
            Self::Back => "*0",
            Self::Park => "*5",
            Self::Pickup => "*8",
            Self::DisturbOff => "*60",
            Self::DisturbOn => "#60",
            Self::ForwardAlways => "*21",
            Self::ForwardAlwaysOff => "#21",
            Self::ForwardBusy => "*67",
            Self::ForwardBusyOff => "#67",
            Self::ForwardNoAnswer => "*61",
            Self::ForwardNoAnswerOff => "#61",
            Self::LastCaller => "*69",
            Self::CallBack => "*66",
            Self::Hide => "*31",
            Self::Echo => "*43",
            Self::Clock => "*65",
            Self::RecordMessage => "*77",
            Self::Voicemail => "*97",
            Self::Page => "*80",
        }
    }

    /// Whether it is keyed while two sides talk, and not dialled.
    pub const fn is_in_call(self) -> bool {
        matches!(self, Self::Transfer | Self::Attended | Self::Back | Self::Park)
    }

    /// Whether a number follows the code: never, or maybe, or always.
    pub const fn number(self) -> Follows {
        match self {
            Self::Transfer
            | Self::Attended
            | Self::ForwardAlways
            | Self::ForwardBusy
            | Self::ForwardNoAnswer
            | Self::Hide
            | Self::Page => Follows::Always,
            Self::Pickup | Self::CallBack => Follows::Maybe,
            _ => Follows::Never,
        }
    }
}

/// Whether a number follows a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Follows {
    Never,
    Maybe,
    Always,
}

/// `[codes]`: the code of each feature; one that is empty is switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes([String; Feature::ALL.len()]);

impl Default for Codes {
    fn default() -> Self {
        Self(Feature::ALL.map(|feature| feature.code().to_owned()))
    }
}

impl Codes {
    /// The code of a feature; empty: switched off.
    pub fn get(&self, feature: Feature) -> &str {
        Feature::ALL.iter().position(|one| *one == feature).and_then(|at| self.0.get(at)).map_or("", String::as_str)
    }

    /// Moves a feature to another code; an empty one switches it off.
    pub fn set(&mut self, feature: Feature, code: &str) {
        if let Some(place) = Feature::ALL.iter().position(|one| *one == feature).and_then(|at| self.0.get_mut(at)) {
            code.clone_into(place);
        }
    }
}

/// `[parking]`: where calls wait for whoever dials their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parking {
    /// The first place, three to five digits.
    pub first: u32,
    /// The last place, at most [`Parking::MOST`] in all. Smaller than `first`: there is no parking; the office file says 0.
    pub last: u32,
    /// Then the call returns to who parked it. Seconds.
    pub timeout_seconds: u32,
}

impl Default for Parking {
    fn default() -> Self {
        Self { first: 701, last: 709, timeout_seconds: 120 }
    }
}

impl Parking {
    /// Places.
    pub const MOST: u32 = 50;

    /// The places, in order.
    pub fn places(&self) -> impl Iterator<Item = String> + use<> {
        (self.first..=self.last).map(|place| place.to_string())
    }

    /// Whether this is a parking place.
    pub fn holds(&self, number: &str) -> bool {
        let place = number.parse::<u32>().ok().filter(|place| (self.first..=self.last).contains(place));
        place.is_some_and(|place| place.to_string() == number)
    }
}

/// `[[conference]]`: a room that is dialled and asks for its PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conference {
    /// As an extension's number; usually 800 to 809.
    pub number: String,
    /// For people.
    pub name: String,
    /// 4 to 10 digits; empty: everybody inside may enter.
    pub pin: String,
}

/// `[voicemail]`: what holds for all mailboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoicemailSettings {
    /// The longest message. Seconds.
    pub max_seconds: u32,
    /// Older messages are deleted; 0: never for their age. Days.
    pub keep_days: u32,
    /// A media name, for mailboxes without a greeting of their own; empty: the built-in one.
    pub greeting: String,
}

impl Default for VoicemailSettings {
    fn default() -> Self {
        Self { max_seconds: 180, keep_days: 90, greeting: String::new() }
    }
}

/// `[mail]`: how mail leaves the box. An empty `server` sends none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Host.
    pub server: String,
    /// 0: that of the security's kind (RFC 8314 §7: 465, 587; 25).
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// Whether the server's certificate is not looked at: whoever stands in between may read the password.
    pub trust_any_certificate: bool,
    /// Empty: without signing in.
    pub login: String,
    /// For the login.
    pub password: String,
    /// Address of the sender.
    pub from: String,
    /// Whether an extension's e-mail is told of calls that nobody of it took.
    pub missed_calls: bool,
    /// Whoever looks after the box: told of emergency calls. An address; empty: nobody.
    pub admin: String,
}

/// `security` of `[mail]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MailSecurity {
    /// RFC 3207.
    #[default]
    Starttls,
    /// RFC 8314 §3.3: from the first byte.
    Tls,
    /// Unprotected: only at home.
    None,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            server: String::new(),
            port: 0,
            security: MailSecurity::Starttls,
            trust_any_certificate: false,
            login: String::new(),
            password: String::new(),
            from: String::new(),
            missed_calls: false,
            admin: String::new(),
        }
    }
}
