//! How a value is written into a file of each format, so that no name, password or address ever breaks it.

use serde::Deserialize;

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Escape {
    /// Lines of `key = value`: a value ends with its line.
    Line,
    /// XML 1.0, text and attributes.
    Xml,
    /// The inside of a JSON string: RFC 8259 §7.
    Json,
    /// Percent-encoding: RFC 3986 §2.
    Url,
}

impl Escape {
    /// Writes a value into this format.
    pub(super) fn text(self, text: &str) -> String {
        match self {
            Self::Line => line(text),
            Self::Xml => xml(text),
            Self::Json => json(text),
            Self::Url => url(text),
        }
    }
}

/// On one line: what would end it becomes a space.
pub(super) fn line(text: &str) -> String {
    let one: String = text.chars().map(|letter| if ends_line(letter) { ' ' } else { letter }).collect();
    one.trim().to_owned()
}

fn ends_line(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

/// XML 1.0 §2.2 and §2.4. All five are escaped, so that the same text does in attributes and elements; what XML has no place for
/// becomes a space.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            letter if ends_line(letter) || matches!(letter, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// All but RFC 3986's unreserved characters.
pub(super) fn url(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_its_own_way_with_awkward_text() {
        let text = "a+&<\"':]]>\nЖ";
        assert_eq!(Escape::Line.text(text), "a+&<\"':]]> Ж");
        assert_eq!(Escape::Xml.text(text), "a+&amp;&lt;&quot;&apos;:]]&gt; Ж");
        assert_eq!(Escape::Json.text(text), "a+&<\\\"':]]>\\nЖ");
        assert_eq!(Escape::Url.text(text), "a%2B%26%3C%22%27%3A%5D%5D%3E%0A%D0%96");
    }

    #[test]
    fn a_value_of_lines_never_begins_another() {
        assert_eq!(line(" a\r\nadmin = 1\u{2028}\u{85}\u{0}"), "a  admin = 1");
    }
}
