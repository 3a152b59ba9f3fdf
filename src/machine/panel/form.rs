//! The network, asked one line after the other. What is there already is proposed, and taken by Enter.

use std::net::{IpAddr, Ipv4Addr};

use super::super::network::{Addressing, Network, Port};
use super::super::order::Card;
use super::Key;

/// The form, at one of its questions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Form {
    /// As it was and, behind the question, as it shall be.
    pub(super) wanted: Network,
    pub(super) cards: Vec<Card>,
    pub(super) question: Question,
    /// What is typed.
    pub(super) text: String,
    /// Why the last line was not taken.
    pub(super) mistake: Option<Mistake>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Card,
    Mode,
    Address,
    Gateway,
    Dns,
    Vlan,
    Sure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    Digit,
    Address,
    Gateway,
    Dns,
    Vlan,
}

/// What a key comes to.
pub(super) enum Step {
    Left,
    Ask(Form),
    Take(Network),
}

impl Form {
    pub(super) fn new(network: &Network, cards: &[Card]) -> Self {
        let question = if cards.len() > 1 { Question::Card } else { Question::Mode };
        let (wanted, cards) = (network.clone(), cards.to_vec());
        Self { wanted, cards, question, text: String::new(), mistake: None }.at(question)
    }

    pub(super) fn press(mut self, key: Key) -> Step {
        self.mistake = None;
        let is_choice = matches!(self.question, Question::Card | Question::Mode | Question::Sure);
        match (is_choice, key) {
            (_, Key::Back) => Step::Left,
            (true, Key::Char('0')) => match self.question {
                Question::Card => {
                    self.wanted.office.card = String::new();
                    Step::Ask(self.at(Question::Mode))
                }
                _ => Step::Left,
            },
            (true, Key::Char(digit)) => self.choose(digit),
            (false, Key::Enter) => self.take(),
            _ => {
                if let super::Typed::More(text) = super::typed(std::mem::take(&mut self.text), key) {
                    self.text = text;
                }
                Step::Ask(self)
            }
        }
    }

    fn choose(mut self, digit: char) -> Step {
        match (self.question, digit) {
            (Question::Card, digit) => {
                let at = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()?.checked_sub(1));
                let Some(card) = at.and_then(|at| self.cards.get(at)) else { return self.wrong(Mistake::Digit) };
                self.wanted.office.card.clone_from(&card.mac);
                Step::Ask(self.at(Question::Mode))
            }
            (Question::Mode, '1') => {
                self.wanted.office.address = Addressing::Dhcp;
                Step::Ask(self.at(Question::Dns))
            }
            (Question::Mode, '2') => Step::Ask(self.at(Question::Address)),
            (Question::Sure, '1') => Step::Take(self.wanted),
            _ => self.wrong(Mistake::Digit),
        }
    }

    /// The line is whole.
    fn take(mut self) -> Step {
        let text = self.text.trim().to_owned();
        match self.question {
            Question::Address => {
                let Some((address, prefix)) = read_address(&text) else { return self.wrong(Mistake::Address) };
                let before = self.gateway().filter(|gateway| is_beside(*gateway, address, prefix));
                self.wanted.office.address =
                    Addressing::Fixed { address: format!("{address}/{prefix}"), gateway: before };
                Step::Ask(self.at(Question::Gateway))
            }
            Question::Gateway => {
                let Addressing::Fixed { address, gateway } = &mut self.wanted.office.address else { return Step::Left };
                let own = read_address(address);
                let given: Option<Ipv4Addr> = text.parse().ok();
                let fits =
                    given.zip(own).is_some_and(|(given, (own, prefix))| given != own && is_beside(given, own, prefix));
                if !text.is_empty() && !fits {
                    return self.wrong(Mistake::Gateway);
                }
                *gateway = given;
                Step::Ask(self.at(Question::Dns))
            }
            Question::Dns => {
                let given: Result<Vec<IpAddr>, _> =
                    text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::parse).collect();
                let Some(given) = given.ok().filter(|given| given.len() <= MOST_DNS) else {
                    return self.wrong(Mistake::Dns);
                };
                self.wanted.dns = given;
                Step::Ask(self.at(Question::Vlan))
            }
            Question::Vlan => {
                let given = text.parse::<u16>().ok().filter(|vlan| (1..=4094).contains(vlan));
                if !text.is_empty() && given.is_none() {
                    return self.wrong(Mistake::Vlan);
                }
                self.wanted.office.vlan = given;
                Step::Ask(self.at(Question::Sure))
            }
            Question::Card | Question::Mode | Question::Sure => Step::Ask(self),
        }
    }

    /// The next question, with what is there already as its answer.
    fn at(mut self, question: Question) -> Self {
        let Port { vlan, address, .. } = &self.wanted.office;
        let proposed = match (question, address) {
            (Question::Address, Addressing::Fixed { address, .. }) => address.clone(),
            (Question::Address, Addressing::Dhcp) => self.present().unwrap_or_default(),
            (Question::Gateway, _) => self.gateway().map(|gateway| gateway.to_string()).unwrap_or_default(),
            (Question::Dns, _) => self.wanted.dns.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(" "),
            (Question::Vlan, _) => vlan.map(|vlan| vlan.to_string()).unwrap_or_default(),
            _ => String::new(),
        };
        (self.question, self.text) = (question, proposed);
        self
    }

    fn wrong(mut self, mistake: Mistake) -> Step {
        self.mistake = Some(mistake);
        Step::Ask(self)
    }

    fn gateway(&self) -> Option<Ipv4Addr> {
        match self.wanted.office.address {
            Addressing::Fixed { gateway, .. } => gateway,
            Addressing::Dhcp => None,
        }
    }

    /// The address that the card has now: who fixes one mostly fixes that.
    fn present(&self) -> Option<String> {
        let wanted = &self.wanted.office.card;
        let card = self.cards.iter().find(|card| if wanted.is_empty() { card.link } else { card.mac == *wanted })?;
        card.addresses.iter().find(|address| read_address(address).is_some_and(|(ip, _)| !ip.is_link_local())).cloned()
    }
}

/// `192.168.1.10/24`.
fn read_address(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (address, prefix) = text.split_once('/')?;
    let (address, prefix): (Ipv4Addr, u8) = (address.trim().parse().ok()?, prefix.trim().parse().ok()?);
    let hosts = u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
    let own = u32::from(address) & hosts;
    let is_host =
        own != 0 && own != hosts && !address.is_loopback() && !address.is_multicast() && !address.is_unspecified();
    ((8..=30).contains(&prefix) && is_host).then_some((address, prefix))
}

fn is_beside(other: Ipv4Addr, own: Ipv4Addr, prefix: u8) -> bool {
    let hosts = u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
    (u32::from(other) ^ u32::from(own)) & !hosts == 0
}

/// What a resolver looks at (resolv.conf(5), MAXNS).
const MOST_DNS: usize = 3;
