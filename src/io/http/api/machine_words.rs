//! What is said of the machine: what is wrong with wanted networks, and why something can't be done here.

use super::super::words::{Said, Words};
use crate::machine::network::{Fault, MOST_NAME_SERVERS, MOST_ROUTES};

pub(super) const NO_STEWARD: Words = Words::new(
    "Это обычный Linux, а не образ Дозвона: сеть, часы, перезагрузку и выключение настраивают средствами самой машины.",
    "This is a plain Linux and not Dozvon's image: network, clock, restart and shutdown are set with the machine's own tools.",
);
pub(super) const NOT_SUPERVISED: Words = Words::new(
    "Станцию никто не запустит снова: она запущена вручную. Остановите и запустите её там же, где запускали.",
    "Nobody would start the exchange again: it was started by hand. Stop and start it where it was started.",
);
pub(super) const NOTHING_TO_CONFIRM: Words = Words::new(
    "Подтверждать нечего: прежняя сеть уже вернулась, или новую уже подтвердили.",
    "There is nothing to confirm: the former network is back already, or the new one has been confirmed.",
);
pub(super) const WRONG_PASSWORD: Words = Words::new("Это не ваш пароль.", "This is not your password.");
pub(super) const GATEWAY: Words = Words::new(
    "Здесь нужен адрес, например 192.168.1.1, или ничего.",
    "This takes an address, such as 192.168.1.1, or nothing.",
);
pub(super) const TIME_SERVER: Words = Words::new(
    "Здесь нужно имя или адрес сервера времени, например ru.pool.ntp.org.",
    "This takes the name or the address of a time server, such as pool.ntp.org.",
);

pub(super) fn host_name(most: usize) -> Said {
    Said::new(
        format!("Имя станции: латинские буквы, цифры и дефис внутри, не больше {most} знаков."),
        format!("The box's name: letters, digits and hyphens inside, at most {most} characters."),
    )
}

pub(super) fn time_servers(most: usize) -> Said {
    Said::new(format!("Серверов времени не больше {most}."), format!("There are at most {most} time servers."))
}

/// What is wrong, and what would be right.
pub(super) fn fault(fault: Fault) -> Said {
    let words = |ru, en| Said::of(Words::new(ru, en));
    match fault {
        Fault::Card(_) => words(
            "Выберите карту из списка; её адрес выглядит как 52:54:00:12:34:56.",
            "Choose a card of the list; its address looks like 52:54:00:12:34:56.",
        ),
        Fault::Vlan(_) => words("Номер VLAN: от 1 до 4094, или пусто.", "A VLAN is 1 to 4094, or nothing."),
        Fault::Address(_) => words(
            "Здесь нужен адрес с длиной сети, например 192.168.1.10/24.",
            "This takes an address with its network's length, such as 192.168.1.10/24.",
        ),
        Fault::NotAHost(_) => words(
            "Такого адреса у машины быть не может: это адрес самой сети, общий для всех или служебный.",
            "No machine can have this address: it is the network's own, that of all, or set aside.",
        ),
        Fault::Gateway(_) => words(
            "Шлюз: адрес другой машины той же сети.",
            "The gateway is the address of another machine of the same network.",
        ),
        Fault::CarrierCard => words(
            "Для кабеля оператора выберите отдельную карту или VLAN.",
            "Choose a card or a VLAN of its own for the carrier's cable.",
        ),
        Fault::SamePort => words(
            "Это тот же порт, что и у офиса. Выберите другую карту или VLAN.",
            "This is the office's port. Choose another card or VLAN.",
        ),
        Fault::SameNetwork => words(
            "Сети офиса и оператора пересекаются: станция не узнает, куда идти.",
            "The networks of office and carrier overlap: the box would not know which way to go.",
        ),
        Fault::Route(_) => words("Здесь нужна сеть, например 10.0.0.0/8.", "This takes a network, such as 10.0.0.0/8."),
        Fault::RouteTooWide(_) => words(
            "Слишком широко: через кабель оператора идут только его сети, не больше /8.",
            "Too wide: only the carrier's own networks go through its cable, /8 at most.",
        ),
        Fault::RouteOfOffice(_) => words(
            "Эта сеть принадлежит офису: телефоны остались бы без связи.",
            "This network is the office's: telephones would lose the box.",
        ),
        Fault::TooManyRoutes => Said::new(
            format!("Сетей оператора не больше {MOST_ROUTES}."),
            format!("There are at most {MOST_ROUTES} networks of the carrier."),
        ),
        Fault::NoGateway => words(
            "Чтобы идти в сети оператора, нужен его шлюз.",
            "The carrier's gateway is needed to reach its networks.",
        ),
        Fault::NameServer(_) => words(
            "Здесь нужен адрес сервера имён, например 192.168.1.1.",
            "This takes the address of a name server, such as 192.168.1.1.",
        ),
        Fault::TooManyNameServers => Said::new(
            format!("Серверов имён не больше {MOST_NAME_SERVERS}."),
            format!("There are at most {MOST_NAME_SERVERS} name servers."),
        ),
    }
}
