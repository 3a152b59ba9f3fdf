//! A request as the handlers see it: already framed and bounded by the gate.

use std::net::IpAddr;

use serde::de::DeserializeOwned;

use super::reply::{Problem, problems};
use super::words::Words;
use crate::base::WallTime;
use crate::office::Language;

/// How a request has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Our address that it came to.
    pub(super) local: IpAddr,
    /// Over TLS.
    pub(super) secure: bool,
    /// HEAD, which handlers see as GET.
    pub(super) head: bool,
}

/// One request.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) method: String,
    /// Without the query, percent-decoding is the segment's business.
    pub(super) path: String,
    pub(super) query: Query,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// The body was longer than the limit and has been left out.
    pub(super) too_large: bool,
    /// Who asks, as the gate saw it.
    pub(super) peer: IpAddr,
    pub(super) way: Way,
    pub(super) language: Language,
}

impl Ask {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn is_on_loopback(&self) -> bool {
        self.peer.to_canonical().is_loopback()
    }

    /// The body as `T`; JSON only, so that a form of another site can't send it.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if self.too_large {
            return Err(problems::too_large());
        }
        let kind = self.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(problems::not_json());
        }
        serde_json::from_slice(&self.body).map_err(|_| {
            let detail = Words::new(
                "Тело не разобрать: нужен JSON с полями из описания API.",
                "The body can't be read: it must be JSON with the fields of the API's description.",
            );
            Problem::new(400, "bad_body", detail).at("", detail)
        })
    }

    /// The value of a cookie.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.header("cookie")?.split(';').find_map(|pair| {
            let (have, value) = pair.trim().split_once('=')?;
            (have == name).then_some(value)
        })
    }
}

/// The decoded query.
#[derive(Debug, Default, Clone)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `a=b&c=d`; `None` when a percent sign leads nowhere or the text is no UTF-8.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let read = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(&name.replace('+', " "))?, decode(&value.replace('+', " "))?))
        };
        pairs.map(read).collect::<Option<_>>().map(Self)
    }

    /// The first value of `name`; an empty one counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The first value of `name`, also an empty one.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// Refuses names that are not in `known`: a misspelt filter must not find everything.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Problem> {
        let Some((name, _)) = self.0.iter().find(|(name, _)| name != "lang" && !known.contains(&name.as_str())) else {
            return Ok(());
        };
        let detail = Words::new("Такого параметра нет.", "There is no such parameter.");
        Err(Problem::new(400, "bad_query", detail).parameter(name, detail))
    }

    /// A number from `low` to `high`.
    pub(super) fn number(&self, name: &str, low: usize, high: usize, default: usize) -> Result<usize, Problem> {
        let Some(text) = self.get(name) else { return Ok(default) };
        text.parse().ok().filter(|number| (low..=high).contains(number)).ok_or_else(|| bad(name))
    }

    /// RFC 3339 with an offset.
    pub(super) fn time(&self, name: &str) -> Result<Option<WallTime>, Problem> {
        let Some(text) = self.get(name) else { return Ok(None) };
        // A plus that was not percent-encoded has become a space.
        let text = text.replace(' ', "+");
        let at: jiff::Timestamp = text.parse().map_err(|_| bad(name))?;
        Ok(Some(WallTime(at.as_millisecond())))
    }

    /// One of these words.
    pub(super) fn word(&self, name: &str, of: &[&str]) -> Result<Option<String>, Problem> {
        let Some(text) = self.get(name) else { return Ok(None) };
        if of.contains(&text) { Ok(Some(text.to_owned())) } else { Err(bad(name)) }
    }
}

/// A query parameter whose value can't be.
pub(super) fn bad(name: &str) -> Problem {
    let detail = Words::new("Значение параметра не годится.", "The parameter's value does not fit.");
    Problem::new(400, "bad_query", detail).parameter(name, detail)
}

/// Percent-decoding: RFC 3986 §2.1.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = (hex(rest.next()?)?, hex(rest.next()?)?);
            bytes.push(high << 4 | low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// Percent-encoding of a path's segment: all but the unreserved ones of RFC 3986 §2.3.
pub(super) fn encode(segment: &str) -> String {
    segment.bytes().fold(String::new(), |text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text + &char::from(byte).to_string()
        } else {
            text + &format!("%{byte:02X}")
        }
    })
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_and_nonsense_refused() {
        let query = Query::parse("text=%D0%9E%D0%9E%D0%9E+x&number=&limit=5").unwrap();
        assert_eq!(query.get("text"), Some("ООО x"));
        assert_eq!(query.get("number"), None);
        assert_eq!(query.number("limit", 1, 500, 100).unwrap(), 5);
        assert!(query.number("limit", 6, 500, 100).is_err());
        assert!(query.only(&["text", "number"]).is_err());
        assert!(Query::parse("a=%zz").is_none() && Query::parse("a=%f").is_none() && Query::parse("a=%ff").is_none());
    }

    #[test]
    fn a_segment_survives_the_way() {
        for name in ["Основной городской", "a/b?c#d%", "~x-1.2_3", ""] {
            assert_eq!(decode(&encode(name)).as_deref(), Some(name));
        }
        assert_eq!(encode("а/б c"), "%D0%B0%2F%D0%B1%20c");
    }

    #[test]
    fn a_time_is_read_with_its_offset_even_when_the_plus_was_not_encoded() {
        let query = Query::parse("from=2026-11-25T14:20:00+03:00&to=tomorrow").unwrap();
        assert_eq!(query.time("from").unwrap(), Some(WallTime(1_795_605_600_000)));
        assert!(query.time("to").is_err());
    }
}
