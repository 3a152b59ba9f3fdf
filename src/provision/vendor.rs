//! Who is this? Vendor, model, firmware and MAC out of what telephones say: User-Agents of HTTP and SIP, the parameters of
//! `Event: ua-profile` (the SIP plug-and-play of Snom, which others follow), and the prefix of the MAC. What the vendors'
//! telephones say is data: `config/phones/vendors.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Mac;

/// What is known of a telephone. Empty texts: not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its network card.
    pub mac: Option<Mac>,
    /// A name of [`Vendor::name`].
    pub vendor: String,
    /// As the telephone spells it.
    pub model: String,
    /// As the telephone spells it.
    pub firmware: String,
}

impl Identity {
    /// This one, with what `other` knows better than nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let text = |mine: String, other: String| if mine.is_empty() { other } else { mine };
        Self {
            mac: self.mac.or(other.mac),
            vendor: text(self.vendor, other.vendor),
            model: text(self.model, other.model),
            firmware: text(self.firmware, other.firmware),
        }
    }
}

/// A vendor of telephones.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// A word: `yealink`.
    pub name: String,
    /// For people: `Yealink`.
    pub title: String,
    /// The template of its telephones.
    pub template: String,
    /// First three bytes of its MACs.
    #[serde(default)]
    prefixes: Vec<String>,
    /// What it calls itself in SIP plug-and-play, in lower case.
    #[serde(default)]
    says: Vec<String>,
    /// User-Agents: `{model}`, `{firmware}`, `{mac}` and `{*}` for anything.
    #[serde(default)]
    agents: Vec<String>,
    /// What it calls itself over DHCP (option 60): as [`agents`](Self::agents).
    #[serde(default)]
    classes: Vec<String>,
    /// Where DHCP's option 43 holds the address of its settings.
    #[serde(default = "first")]
    pub dhcp_blob: u8,
    /// Whether it takes that address from DHCP's option 114.
    #[serde(default)]
    pub dhcp_default_url: bool,
    /// The file that DHCP's option 67 names, with `{model}`; empty: none.
    #[serde(default)]
    pub dhcp_file: String,
    /// Whether it takes NOTIFY check-sync before it is registered.
    #[serde(default)]
    pub wakes: bool,
    /// How a telephone forgets another exchange, in the languages of the page.
    #[serde(default)]
    pub reset: Reset,
}

/// What to do at a telephone that holds another exchange's settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is its own name")]
pub struct Reset {
    pub ru: String,
    pub en: String,
}

const fn first() -> u8 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    vendor: Vec<Vendor>,
}

/// All vendors, in the order of the file.
pub fn all() -> &'static [Vendor] {
    static TABLE: LazyLock<Vec<Vendor>> = LazyLock::new(|| {
        // a test reads it: what is shipped can be read
        toml::from_str::<Table>(include_str!("../../config/phones/vendors.toml"))
            .map_or_else(|_| Vec::new(), |t| t.vendor)
    });
    &TABLE
}

/// A vendor by its word.
pub fn named(name: &str) -> Option<&'static Vendor> {
    all().iter().find(|vendor| vendor.name.eq_ignore_ascii_case(name))
}

/// By the prefix of a MAC.
pub fn of_mac(mac: Mac) -> Identity {
    let [a, b, c] = mac.prefix();
    let prefix = format!("{a:02x}:{b:02x}:{c:02x}");
    let vendor = all().iter().find(|vendor| vendor.prefixes.contains(&prefix));
    let vendor = vendor.map(|vendor| vendor.name.clone()).unwrap_or_default();
    Identity { mac: Some(mac), vendor, ..Identity::default() }
}

/// By what it calls itself over HTTP or SIP.
pub fn of_user_agent(agent: &str) -> Identity {
    let agent: String = agent.chars().take(LONGEST_AGENT).collect();
    let agent = agent.trim().to_owned();
    all().iter().find_map(|vendor| vendor.read(&agent)).unwrap_or_default()
}

/// By what it calls itself over DHCP.
pub fn of_class(class: &str) -> Identity {
    let class = class.trim();
    let read = |vendor: &Vendor| {
        let mut found = vendor.classes.iter().find_map(|pattern| fit(pattern, class))?;
        found.vendor.clone_from(&vendor.name);
        Some(found)
    };
    all().iter().find_map(read).unwrap_or_default()
}

/// By `Event: ua-profile` and the user of its Request-URI: `MAC%3a805ec0123456` or `MAC805ec0123456`, percent-decoded or not.
pub fn of_profile_event(event: &str, user: &str) -> Identity {
    let mut found = Identity { mac: mac_of_user(user), ..Identity::default() };
    for parameter in event.split(';').skip(1).take(20) {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        let value: String = value.trim().trim_matches('"').chars().filter(|c| !c.is_control()).take(60).collect();
        match name.trim().to_ascii_lowercase().as_str() {
            "vendor" => {
                let said = value.to_ascii_lowercase();
                let known = all().iter().find(|vendor| vendor.says.iter().any(|says| said.starts_with(says)));
                found.vendor = known.map(|vendor| vendor.name.clone()).unwrap_or_default();
            }
            "model" => found.model = value,
            "version" => found.firmware = value,
            _ => {}
        }
    }
    found
}

fn mac_of_user(user: &str) -> Option<Mac> {
    let rest = user.get(..3).filter(|start| start.eq_ignore_ascii_case("mac")).and_then(|_| user.get(3..))?;
    let rest = rest.strip_prefix("%3a").or_else(|| rest.strip_prefix("%3A")).or_else(|| rest.strip_prefix(':'));
    Mac::read(rest.unwrap_or_else(|| user.get(3..).unwrap_or_default()))
}

impl Vendor {
    fn read(&self, agent: &str) -> Option<Identity> {
        let mut found = self.agents.iter().find_map(|pattern| fit(pattern, agent))?;
        found.vendor.clone_from(&self.name);
        Some(found)
    }
}

/// What a text says by a pattern; `None` when it is not of its shape.
fn fit(pattern: &str, text: &str) -> Option<Identity> {
    let Some((literal, rest)) = pattern.split_once('{') else {
        return text.eq_ignore_ascii_case(pattern).then(Identity::default);
    };
    let start = text.get(..literal.len()).filter(|start| start.eq_ignore_ascii_case(literal))?;
    let (name, rest) = rest.split_once('}')?;
    let text = text.get(start.len()..)?;
    // the shortest capture after which the rest fits
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let next = rest.split('{').next().unwrap_or_default();
    for end in ends {
        let (captured, after) = text.split_at(end);
        let goes_on = if next.is_empty() { rest.contains('{') || after.is_empty() } else { true };
        if !goes_on || (!next.is_empty() && !starts_with(after, next)) {
            continue;
        }
        let Some(mut found) = fit(rest, after) else { continue };
        match name {
            "*" => {}
            "mac" => match Mac::read(captured) {
                Some(mac) => found.mac = Some(mac),
                None => continue,
            },
            "firmware" if captured.starts_with(|c: char| c.is_ascii_digit()) => {
                captured.clone_into(&mut found.firmware);
            }
            "model" if !captured.is_empty() => captured.clone_into(&mut found.model),
            _ => continue,
        }
        return Some(found);
    }
    None
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|have| have.eq_ignore_ascii_case(start))
}

/// No User-Agent says more. Characters.
const LONGEST_AGENT: usize = 160;

#[cfg(test)]
mod tests;
