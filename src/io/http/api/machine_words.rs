//! What is said of the machine: why something can't be done here. What is wrong with wanted networks says `machine`.

use super::super::words::{Said, Words};
use crate::machine::network::Fault;

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
    let [ru, en] = fault.said();
    Said::new(ru, en)
}
