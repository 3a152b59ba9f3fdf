//! What the office file's reader finds wrong, in the caller's language.

use super::super::words::{Said, Words};
use crate::guard::ForwardRefused;
use crate::number::Class;
use crate::office::Feature;
use crate::office::file::{Fault, Problem};

/// What is said of a problem. One whose facts nobody has needed so far is told in the file's own English.
pub(super) fn said(problem: &Problem) -> Said {
    problem
        .fault
        .as_ref()
        .map_or_else(|| Said::new(format!("Не подходит: {}.", problem.what), format!("{}.", problem.what)), of_fault)
}

pub(super) fn of_fault(fault: &Fault) -> Said {
    let words = Words::new;
    match fault {
        Fault::Missing => words("Заполните это поле.", "Fill this field in.").into(),
        Fault::Range { from, to } => {
            Said::new(format!("Число от {from} до {to}."), format!("A number from {from} to {to}."))
        }
        Fault::TooLong { most } => {
            Said::new(format!("Не длиннее {most} знаков."), format!("At most {most} characters."))
        }
        Fault::Control => {
            words("Здесь есть невидимый знак, уберите его.", "There is an invisible character in it.").into()
        }
        Fault::CodeShape => words(
            "Код начинается с * или #, в нём от 2 до 6 знаков: цифры, * и #.",
            "A code begins with * or #, and has 2 to 6 signs: digits, * and #.",
        )
        .into(),
        Fault::SameCode(other) => {
            let (ru, en) = feature(*other);
            Said::new(format!("Этот код уже занят: {ru}."), format!("This code is taken already: {en}."))
        }
        Fault::CodeBegins(other) => {
            let (ru, en) = feature(*other);
            Said::new(
                format!("Так начинается другой код с номером после него: {ru}. Станция не отличит одно от другого."),
                format!(
                    "Another code with a number after it begins like this: {en}. The box could not tell them apart."
                ),
            )
        }
        Fault::InsideNumber => {
            words("Номер из 3–5 цифр, первая от 2 до 9.", "A number of 3 to 5 digits, the first one 2 to 9.").into()
        }
        Fault::NumberTaken { by, number } => {
            let (ru, en) = owner(by);
            Said::new(format!("Номер {number} уже занят: {ru}."), format!("{number} is taken already: {en}."))
        }
        Fault::ParkingPlace { by, number } => {
            let (ru, en) = owner(by);
            Said::new(
                format!("На номере {number} и место парковки, и {ru}. Выберите другие номера."),
                format!("{number} would be a parking place and {en} at once. Choose other numbers."),
            )
        }
        Fault::ParkingOrder => words(
            "Последнее место не раньше первого, и цифр в нём столько же.",
            "The last place is not before the first, and has as many digits.",
        )
        .into(),
        Fault::ParkingSize { most } => {
            Said::new(format!("Мест не больше {most}."), format!("There are at most {most} places."))
        }
        Fault::Pin => words("ПИН из 4–10 цифр, или пусто.", "A PIN of 4 to 10 digits, or nothing.").into(),
        Fault::Host => words(
            "Имя сервера или адрес, без порта: smtp.example.org.",
            "The server's name or address, without a port: smtp.example.org.",
        )
        .into(),
        Fault::Address => words("Это не адрес почты.", "This is no mail address.").into(),
        Fault::NoMedia(name) => {
            Said::new(format!("Медиафайла «{name}» нет."), format!("There is no media file “{name}”."))
        }
        Fault::ForwardTarget => forward(ForwardRefused::NoNumber).into(),
    }
}

fn owner(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "extension" => ("внутренний номер", "an extension"),
        "group" => ("группа", "a group"),
        _ => ("комната конференции", "a conference room"),
    }
}

const fn feature(feature: Feature) -> (&'static str, &'static str) {
    match feature {
        Feature::Transfer => ("перевод сразу", "transfer"),
        Feature::Attended => ("перевод с вопросом", "transfer after asking"),
        Feature::Back => ("вернуться к собеседнику", "back to the caller"),
        Feature::Park => ("парковка", "parking"),
        Feature::Pickup => ("перехват", "pickup"),
        Feature::DisturbOff => ("не беспокоить", "do not disturb"),
        Feature::DisturbOn => ("снова беспокоить", "may be disturbed again"),
        Feature::ForwardAlways => ("переадресация всегда", "forward all calls"),
        Feature::ForwardAlwaysOff => ("без переадресации всегда", "stop forwarding all calls"),
        Feature::ForwardBusy => ("переадресация, когда занято", "forward when busy"),
        Feature::ForwardBusyOff => ("без переадресации, когда занято", "stop forwarding when busy"),
        Feature::ForwardNoAnswer => ("переадресация, когда не ответили", "forward when nobody answers"),
        Feature::ForwardNoAnswerOff => ("без переадресации, когда не ответили", "stop forwarding when nobody answers"),
        Feature::LastCaller => ("перезвонить последнему", "call the last caller"),
        Feature::CallBack => ("соединить, когда освободится", "call back when free"),
        Feature::Hide => ("скрыть номер", "hide the number"),
        Feature::Echo => ("проверка эхом", "echo test"),
        Feature::Clock => ("время и свой номер", "time and own number"),
        Feature::RecordMessage => ("записать сообщение", "record a message"),
        Feature::Voicemail => ("голосовая почта", "voicemail"),
        Feature::Page => ("объявление группе", "page a group"),
    }
}

/// Why an extension may not forward there.
pub(super) const fn forward(refused: ForwardRefused) -> Words {
    match refused {
        ForwardRefused::NoNumber => Words::new(
            "Такого номера нет: ни внутреннего, ни группы, ни городского, ни мобильного.",
            "There is no such number: no extension, no group, no number outside.",
        ),
        ForwardRefused::Itself => Words::new(
            "Это тот же номер: звонок вернулся бы сюда.",
            "This is the same number: the call would come back here.",
        ),
        ForwardRefused::Emergency => {
            Words::new("На экстренные номера звонки не переадресуют.", "Calls are not forwarded to emergency numbers.")
        }
        ForwardRefused::Right(class) => right(class),
    }
}

const fn right(class: Class) -> Words {
    match class {
        Class::Emergency | Class::City => Words::new(
            "Это городской номер, а этому внутреннему туда звонить нельзя: переадресация не сработает.",
            "This is a city number and the extension may not call there, so forwarding would fail.",
        ),
        Class::MobileRegion => Words::new(
            "Это мобильный вашего региона, а этому внутреннему туда звонить нельзя: переадресация не сработает.",
            "This is a mobile of your region and the extension may not call there, so forwarding would fail.",
        ),
        Class::MobileNational => Words::new(
            "Это мобильный другого региона, а этому внутреннему туда звонить нельзя: переадресация не сработает.",
            "This is a mobile of another region and the extension may not call there, so forwarding would fail.",
        ),
        Class::LongDistance => Words::new(
            "Это междугородный номер, а этому внутреннему туда звонить нельзя: переадресация не сработает.",
            "This is a long distance number and the extension may not call there, so forwarding would fail.",
        ),
        Class::International => Words::new(
            "Это номер за границей, а этому внутреннему туда звонить нельзя: переадресация не сработает.",
            "This is a number abroad and the extension may not call there, so forwarding would fail.",
        ),
        Class::Premium => Words::new(
            "Это платный номер, туда звонки не переадресуют.",
            "This is a paid service; calls are not forwarded there.",
        ),
    }
}
