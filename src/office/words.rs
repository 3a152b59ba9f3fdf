//! How the office file, the API and the page spell the nouns' choices: one table for reading and for writing.

use super::{
    BackupKind, CallerIdIn, ElementKind, Language, LdapSecurity, Listening, MailSecurity, NoticeLanguage, NumberFormat,
    Out, PhoneKey, PhoneTransport, RecordingFormat, RingOrder, Role, Srtp, Strategy, SyslogTransport, WebhookEvent,
    WebhookFormat,
};
use crate::sip::Transport;

/// A choice between a few words.
pub trait Word: Copy + PartialEq + Sized + 'static {
    /// Every word with what it means.
    const WORDS: &'static [(&'static str, Self)];

    /// As spelled in the office file.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, meaning)| *meaning == self).map_or("", |(word, _)| word)
    }

    /// What `word` means; `None` when it is no word of this choice.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
    }
}

impl Word for Language {
    const WORDS: &'static [(&'static str, Self)] = &[("ru", Self::Ru), ("en", Self::En)];
}

impl Word for Transport {
    const WORDS: &'static [(&'static str, Self)] = &[("udp", Self::Udp), ("tcp", Self::Tcp), ("tls", Self::Tls)];
}

impl Word for Srtp {
    const WORDS: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("optional", Self::Optional), ("required", Self::Required)];
}

impl Word for Listening {
    const WORDS: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("told", Self::Told), ("silent", Self::Silent)];
}

impl Word for RecordingFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("opus", Self::Opus), ("wav", Self::Wav)];
}

impl Word for NoticeLanguage {
    const WORDS: &'static [(&'static str, Self)] = &[("", Self::Office), ("ru", Self::Ru), ("en", Self::En)];
}

impl Word for BackupKind {
    const WORDS: &'static [(&'static str, Self)] =
        &[("sftp", Self::Sftp), ("s3", Self::S3), ("smb", Self::Smb), ("nfs", Self::Nfs), ("stick", Self::Stick)];
}

impl Word for WebhookFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("generic", Self::Generic), ("telegram", Self::Telegram)];
}

impl Word for WebhookEvent {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("call_started", Self::CallStarted),
        ("call_answered", Self::CallAnswered),
        ("call_ended", Self::CallEnded),
        ("missed_call", Self::MissedCall),
        ("recording", Self::Recording),
        ("voicemail", Self::Voicemail),
        ("registration", Self::Registration),
        ("trunk", Self::Trunk),
        ("alarm", Self::Alarm),
        ("settings", Self::Settings),
    ];
}

impl Word for SyslogTransport {
    const WORDS: &'static [(&'static str, Self)] = &[("udp", Self::Udp), ("tcp", Self::Tcp)];
}

impl Word for MailSecurity {
    const WORDS: &'static [(&'static str, Self)] =
        &[("starttls", Self::Starttls), ("tls", Self::Tls), ("none", Self::None)];
}

impl Word for LdapSecurity {
    const WORDS: &'static [(&'static str, Self)] =
        &[("tls", Self::Tls), ("starttls", Self::Starttls), ("none", Self::None)];
}

impl Word for NumberFormat {
    const WORDS: &'static [(&'static str, Self)] =
        &[("e164", Self::E164), ("plus", Self::Plus), ("national", Self::National)];
}

impl Word for CallerIdIn {
    const WORDS: &'static [(&'static str, Self)] =
        &[("from", Self::From), ("pai", Self::Pai), ("rpid", Self::Rpid), ("ppi", Self::Ppi)];
}

impl Word for RingOrder {
    const WORDS: &'static [(&'static str, Self)] = &[("parallel", Self::Parallel), ("sequential", Self::Sequential)];
}

impl Word for Strategy {
    const WORDS: &'static [(&'static str, Self)] =
        &[("ring_all", Self::RingAll), ("round_robin", Self::RoundRobin), ("first_to_last", Self::FirstToLast)];
}

impl Word for PhoneKey {
    const WORDS: &'static [(&'static str, Self)] = &[("pickup", Self::Pickup), ("parking", Self::Parking)];
}

impl Word for PhoneTransport {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("udp", Self::Udp), ("tcp", Self::Tcp), ("tls", Self::Tls)];
}

impl Word for Role {
    const WORDS: &'static [(&'static str, Self)] = &[("admin", Self::Admin), ("viewer", Self::Viewer)];
}

impl Word for Out {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("next", Self::Next),
        ("yes", Self::Yes),
        ("no", Self::No),
        ("0", Self::Key('0')),
        ("1", Self::Key('1')),
        ("2", Self::Key('2')),
        ("3", Self::Key('3')),
        ("4", Self::Key('4')),
        ("5", Self::Key('5')),
        ("6", Self::Key('6')),
        ("7", Self::Key('7')),
        ("8", Self::Key('8')),
        ("9", Self::Key('9')),
        ("*", Self::Key('*')),
        ("#", Self::Key('#')),
        ("timeout", Self::Timeout),
        ("reserve", Self::Reserve),
    ];
}

/// The words of `kind` in `[[element]]`.
pub const ELEMENT_KINDS: [&str; 8] =
    ["incoming", "extension", "group", "voice_message", "voice_menu", "schedule", "dial_extension", "hang_up"];

impl ElementKind {
    /// `kind` as spelled in the office file.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Incoming { .. } => "incoming",
            Self::Extension { .. } => "extension",
            Self::Group { .. } => "group",
            Self::VoiceMessage { .. } => "voice_message",
            Self::VoiceMenu { .. } => "voice_menu",
            Self::Schedule { .. } => "schedule",
            Self::DialExtension { .. } => "dial_extension",
            Self::HangUp => "hang_up",
        }
    }

    /// Whether elements of this kind have the output `out`.
    pub const fn has(&self, out: Out) -> bool {
        match self {
            Self::Incoming { .. } | Self::VoiceMessage { .. } => matches!(out, Out::Next),
            Self::Schedule { .. } => matches!(out, Out::Yes | Out::No),
            Self::VoiceMenu { .. } => matches!(out, Out::Key(_) | Out::Timeout),
            Self::Group { .. } | Self::DialExtension { .. } => matches!(out, Out::Reserve),
            Self::Extension { .. } | Self::HangUp => false,
        }
    }

    /// Every output of this kind, in the order of the page.
    pub fn outs(&self) -> impl Iterator<Item = Out> {
        Out::WORDS.iter().map(|(_, out)| *out).filter(|out| self.has(*out))
    }
}

impl Language {
    /// A name in this language's quotation marks.
    pub fn quoted(self, name: &str) -> String {
        match self {
            Self::Ru => format!("«{name}»"),
            Self::En => format!("“{name}”"),
        }
    }
}

impl ElementKind {
    /// How people know such an element.
    pub fn label(&self, language: Language) -> String {
        let say = |ru: &str, en: &str| if language == Language::Ru { ru.to_owned() } else { en.to_owned() };
        match self {
            Self::Incoming { .. } => say("входящий звонок", "incoming call"),
            Self::Extension { extension } => format!("{} {extension}", say("номер", "extension")),
            Self::Group { group } => format!("{} {group}", say("группа", "group")),
            Self::VoiceMessage { voice_message } => {
                format!("{} {}", say("сообщение", "voice message"), language.quoted(voice_message))
            }
            Self::VoiceMenu { voice_menu } => format!("{} {}", say("меню", "voice menu"), language.quoted(voice_menu)),
            Self::Schedule { schedule } => format!("{} {}", say("график", "schedule"), language.quoted(schedule)),
            Self::DialExtension { .. } => say("донабор номера", "dial extension"),
            Self::HangUp => say("положить трубку", "hang up"),
        }
    }
}

impl Out {
    /// How people know it; in English as in the office file.
    pub fn label(self, language: Language) -> String {
        let russian = match self {
            Self::Next => "дальше",
            Self::Yes => "да",
            Self::No => "нет",
            Self::Timeout => "нет ответа",
            Self::Reserve => "запасной",
            Self::Key(_) => self.word(),
        };
        if language == Language::Ru { russian.to_owned() } else { self.word().to_owned() }
    }
}

impl std::fmt::Display for Out {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}
