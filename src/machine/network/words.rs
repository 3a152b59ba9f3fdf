//! What is wrong with wanted networks, and what would be right, in both languages.

use super::{Fault, MOST_NAME_SERVERS, MOST_ROUTES};
use crate::machine::{Reason, reason};

impl Fault {
    /// A sentence for the person who set it so.
    pub fn said(self) -> Reason {
        match self {
            Self::Card(_) => reason(
                "Выберите карту из списка; её адрес выглядит как 52:54:00:12:34:56.",
                "Choose a card of the list; its address looks like 52:54:00:12:34:56.",
            ),
            Self::Vlan(_) => reason("Номер VLAN: от 1 до 4094, или пусто.", "A VLAN is 1 to 4094, or nothing."),
            Self::Address(_) => reason(
                "Здесь нужен адрес с длиной сети, например 192.168.1.10/24.",
                "This takes an address with its network's length, such as 192.168.1.10/24.",
            ),
            Self::NotAHost(_) => reason(
                "Такого адреса у машины быть не может: это адрес самой сети, общий для всех или служебный.",
                "No machine can have this address: it is the network's own, that of all, or set aside.",
            ),
            Self::Gateway(_) => reason(
                "Шлюз: адрес другой машины той же сети.",
                "The gateway is the address of another machine of the same network.",
            ),
            Self::CarrierCard => reason(
                "Для кабеля оператора выберите отдельную карту или VLAN.",
                "Choose a card or a VLAN of its own for the carrier's cable.",
            ),
            Self::SamePort => reason(
                "Это тот же порт, что и у офиса. Выберите другую карту или VLAN.",
                "This is the office's port. Choose another card or VLAN.",
            ),
            Self::SameNetwork => reason(
                "Сети офиса и оператора пересекаются: станция не узнает, куда идти.",
                "The networks of office and carrier overlap: the box would not know which way to go.",
            ),
            Self::Route(_) => {
                reason("Здесь нужна сеть, например 10.0.0.0/8.", "This takes a network, such as 10.0.0.0/8.")
            }
            Self::RouteTooWide(_) => reason(
                "Слишком широко: через кабель оператора идут только его сети, не больше /8.",
                "Too wide: only the carrier's own networks go through its cable, /8 at most.",
            ),
            Self::RouteOfOffice(_) => reason(
                "Эта сеть принадлежит офису: телефоны остались бы без связи.",
                "This network is the office's: telephones would lose the box.",
            ),
            Self::TooManyRoutes => reason(
                format!("Сетей оператора не больше {MOST_ROUTES}."),
                format!("There are at most {MOST_ROUTES} networks of the carrier."),
            ),
            Self::NoGateway => reason(
                "Чтобы идти в сети оператора, нужен его шлюз.",
                "The carrier's gateway is needed to reach its networks.",
            ),
            Self::NameServer(_) => reason(
                "Здесь нужен адрес сервера имён, например 192.168.1.1.",
                "This takes the address of a name server, such as 192.168.1.1.",
            ),
            Self::TooManyNameServers => reason(
                format!("Серверов имён не больше {MOST_NAME_SERVERS}."),
                format!("There are at most {MOST_NAME_SERVERS} name servers."),
            ),
        }
    }
}
