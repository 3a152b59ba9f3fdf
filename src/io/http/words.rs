//! What the API says to people, in their language. The page has its own words; these are the details of problems and the
//! states that a list carries. Pattern: what happened, then what to do.

use std::borrow::Cow;

use crate::office::Language;

/// A sentence or a state in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Words {
    ru: &'static str,
    en: &'static str,
}

impl Words {
    pub(super) const fn new(ru: &'static str, en: &'static str) -> Self {
        Self { ru, en }
    }

    /// In this language.
    pub(super) const fn say(self, language: Language) -> &'static str {
        match language {
            Language::Ru => self.ru,
            Language::En => self.en,
        }
    }
}

/// The same with what only this case knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    ru: Cow<'static, str>,
    en: Cow<'static, str>,
}

impl Said {
    pub(super) const fn of(words: Words) -> Self {
        Self { ru: Cow::Borrowed(words.ru), en: Cow::Borrowed(words.en) }
    }

    pub(super) const fn new(ru: String, en: String) -> Self {
        Self { ru: Cow::Owned(ru), en: Cow::Owned(en) }
    }

    /// In this language.
    pub(super) fn say(&self, language: Language) -> &str {
        match language {
            Language::Ru => &self.ru,
            Language::En => &self.en,
        }
    }
}

impl From<Words> for Said {
    fn from(words: Words) -> Self {
        Self::of(words)
    }
}

/// The language that a caller wants: `lang` of the query, then Accept-Language (RFC 9110 §12.5.4), then the office's.
pub(super) fn choose(asked: Option<&str>, accept: Option<&str>, office: Language) -> Language {
    asked.and_then(known).or_else(|| accept.and_then(accepted)).unwrap_or(office)
}

fn accepted(accept: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for range in accept.split(',').take(16) {
        let (tag, quality) = range.split_once(';').unwrap_or((range, ""));
        let weight = quality.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).unwrap_or(1.0);
        let Some(language) = known(tag.trim()) else { continue };
        if weight > 0.0 && best.is_none_or(|(than, _)| weight > than) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

fn known(tag: &str) -> Option<Language> {
    let primary = tag.split('-').next().unwrap_or(tag);
    if primary.eq_ignore_ascii_case("ru") {
        Some(Language::Ru)
    } else if primary.eq_ignore_ascii_case("en") {
        Some(Language::En)
    } else {
        None
    }
}

/// Which way a call went.
pub(super) fn direction(direction: &str) -> Words {
    match direction {
        "inbound" => Words::new("входящий", "incoming"),
        "outbound" => Words::new("исходящий", "outgoing"),
        _ => Words::new("внутренний", "internal"),
    }
}

/// How a call ended.
pub(super) fn outcome(outcome: &str) -> Words {
    match outcome {
        "answered" => Words::new("поговорили", "answered"),
        "no_answer" => Words::new("не ответили", "no answer"),
        "busy" => Words::new("занято", "busy"),
        "abandoned" => Words::new("не дождался ответа", "gave up waiting"),
        "refused" => Words::new("отказано", "refused"),
        "failed" => Words::new("не соединилось", "could not connect"),
        "interrupted" => Words::new("прервано остановкой станции", "cut off when the box stopped"),
        _ => Words::new("неизвестно", "unknown"),
    }
}

/// Where a call is.
pub(super) fn call_state(state: &str) -> Words {
    match state {
        "prompt" => Words::new("слушает сообщение", "hearing a message"),
        "ringing" => Words::new("звонит", "ringing"),
        "talking" => Words::new("разговор", "talking"),
        "held" => Words::new("на удержании", "on hold"),
        "parked" => Words::new("на парковке", "parked"),
        "listening" => Words::new("слушает разговор", "listening in"),
        _ => Words::new("завершается", "ending"),
    }
}

/// What a member of a group does.
pub(super) fn member_state(state: &str) -> Words {
    match state {
        "talking" => Words::new("разговаривает", "talking"),
        "ringing" => Words::new("звонит", "ringing"),
        "do_not_disturb" => Words::new("не беспокоить", "do not disturb"),
        "resting" => Words::new("отдыхает после звонка", "resting after a call"),
        "free" => Words::new("свободен", "free"),
        _ => Words::new("не на связи", "offline"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_wins_over_the_browser_and_the_browser_over_the_office() {
        assert_eq!(choose(Some("en"), Some("ru"), Language::Ru), Language::En);
        assert_eq!(choose(Some("xx"), Some("ru-RU,en;q=0.8"), Language::En), Language::Ru);
        assert_eq!(choose(None, Some("de, en-GB;q=0.7, ru;q=0.2"), Language::Ru), Language::En);
        assert_eq!(choose(None, Some("de"), Language::Ru), Language::Ru);
        assert_eq!(choose(None, Some("ru;q=0, en;q=0.1"), Language::Ru), Language::En);
    }
}
