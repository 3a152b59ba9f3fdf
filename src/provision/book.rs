//! The phone book of the office in each vendor's own XML: employees and groups with their numbers, in the order of names.

use serde::Deserialize;

use super::escape::xml;
use super::view::name_of;
use crate::office::Office;

/// Whose XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Format {
    Yealink,
    Grandstream,
    Fanvil,
    Snom,
    Cisco,
    Polycom,
    Htek,
    Gigaset,
}

/// Names with their numbers.
fn entries(office: &Office) -> Vec<(String, &str)> {
    let extensions = office.extensions.iter().map(|extension| extension.number.as_str());
    let groups = office.groups.iter().map(|group| group.number.as_str());
    let mut entries: Vec<(String, &str)> =
        extensions.chain(groups).map(|number| (name_of(office, number), number)).collect();
    entries.sort_by_cached_key(|(name, number)| (name.to_lowercase(), *number));
    entries
}

/// The book.
pub fn write(format: Format, office: &Office) -> String {
    let title = xml(if office.settings.name.is_empty() { "Dozvon" } else { &office.settings.name });
    let each = |one: &dyn Fn(usize, &str, &str) -> String| -> String {
        let all = entries(office);
        all.iter().enumerate().map(|(nth, (name, number))| one(nth + 1, &xml(name), &xml(number))).collect()
    };
    let simple = |root: &str| {
        let entries = each(&|_, name, number| {
            format!("  <DirectoryEntry><Name>{name}</Name><Telephone>{number}</Telephone></DirectoryEntry>\n")
        });
        format!("<{root}>\n  <Title>{title}</Title>\n{entries}</{root}>\n")
    };
    let body = match format {
        Format::Yealink => simple("YealinkIPPhoneDirectory"),
        Format::Fanvil => simple("FanvilIPPhoneDirectory"),
        Format::Htek => simple("HtekIPPhoneDirectory"),
        Format::Snom => simple("SnomIPPhoneDirectory"),
        Format::Cisco => simple("CiscoIPPhoneDirectory"),
        Format::Grandstream => {
            let entries = each(&|nth, name, number| {
                format!(
                    "  <Contact><id>{nth}</id><FirstName>{name}</FirstName><LastName></LastName>\
                     <Phone type=\"Work\"><phonenumber>{number}</phonenumber><accountindex>1</accountindex></Phone></Contact>\n"
                )
            });
            format!("<AddressBook>\n{entries}</AddressBook>\n")
        }
        Format::Polycom => {
            let entries = each(&|nth, name, number| {
                format!("    <item><fn>{name}</fn><ln></ln><ct>{number}</ct><sd>{nth}</sd></item>\n")
            });
            format!("<directory>\n  <item_list>\n{entries}  </item_list>\n</directory>\n")
        }
        Format::Gigaset => {
            let count = office.extensions.len() + office.groups.len();
            let entries =
                each(&|nth, name, number| format!("  <entry id=\"{nth}\"><ln>{name}</ln><hm>{number}</hm></entry>\n"));
            format!(
                "<list response=\"get_list\" type=\"pb\" total=\"{count}\" first=\"1\" last=\"{count}\">\n{entries}</list>\n"
            )
        }
    };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}")
}
