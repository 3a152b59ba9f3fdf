//! What the doctor's facts mean, in words: a sentence, the next step, what to write to the carrier. Pure: every fault that a carrier
//! can have is a row of a test.

use super::{Doubt, Facts, Names, Port, Trial, TrialEnd};
use crate::engine::live::TrunkState;
use crate::office::{Language, NumberFormat, Trunk, Word as _};
use crate::sip::Transport;

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Good.
    Ok,
    /// It does not work.
    Bad,
    /// It can't be told, or is no fault of the trunk's.
    Unclear,
    /// Not looked at, since what comes before does not work.
    Skipped,
    /// Being looked at.
    Running,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `name`, `server`, `registration`, `call`, `sound`.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// In words.
    pub text: String,
}

/// A change of the trunk's settings that mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// A key of the trunk.
    pub field: &'static str,
    /// Its new value.
    pub value: &'static str,
}

/// What is the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Still being looked at.
    Running,
    /// Nothing: it carries calls both ways.
    Healthy,
    /// No name server answers: the office's internet.
    NoNames,
    /// The server's name is unknown.
    WrongName,
    /// This machine has no way out.
    NoRoute,
    /// Nothing listens there.
    WrongPort,
    /// Silence.
    Silent,
    /// Something listens there that speaks no TLS.
    NoTls,
    /// The server's certificate is not believed.
    Certificate(Doubt),
    /// Login or password.
    WrongPassword,
    /// The carrier refuses the registration.
    RegistrationRefused(u16),
    /// The number must be written otherwise, and then it goes.
    Form(NumberFormat),
    /// The carrier does not let calls out: money, rights, the number shown.
    CallRefused(u16),
    /// Too many calls at once for the carrier, or the own number is busy for itself.
    Busy,
    /// The call left, and did not come in again.
    NotBack,
    /// It came in, and was not answered in time.
    NotAnswered,
    /// Something else answered.
    AnsweredElsewhere,
    /// Nothing was heard of what the carrier sent.
    NoSoundIn,
    /// Nothing of ours came in again.
    NoSoundOut,
    /// No sound at all.
    NoSound,
    /// The box could not place the call.
    NotPlaced,
}

/// All that is said of a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is the matter.
    pub advice: Advice,
    /// It in a sentence.
    pub text: String,
    /// What to do.
    pub next: String,
    /// What the box can do itself.
    pub fix: Option<Fix>,
    /// What was looked at, in order.
    pub findings: Vec<Finding>,
    /// For the carrier; empty: there is nothing to tell it.
    pub letter: String,
}

/// Statuses with which carriers refuse a number that is written in a form that they don't expect.
pub(super) fn may_be_the_form(status: u16) -> bool {
    matches!(status, 400 | 403 | 404 | 414 | 416 | 484 | 488 | 500 | 501 | 503 | 604)
}

/// Words for the facts.
pub fn verdict(trunk: &Trunk, facts: &Facts, language: Language) -> Verdict {
    let advice = advice(trunk, facts);
    let say = Say(language);
    let (text, next) = say.advice(advice);
    let fix = match advice {
        Advice::Form(form) => Some(Fix { field: "number_format", value: form.word() }),
        _ => None,
    };
    Verdict { advice, text, next, fix, findings: say.findings(trunk, facts), letter: say.letter(trunk, facts, advice) }
}

fn advice(trunk: &Trunk, facts: &Facts) -> Advice {
    match &facts.names {
        Some(Names::Silent) => return Advice::NoNames,
        Some(Names::Unknown) => return Advice::WrongName,
        Some(Names::Found(_)) | None => {}
    }
    match (&facts.state, facts.port) {
        (Some(TrunkState::WrongPassword { .. }), _) => return Advice::WrongPassword,
        (Some(TrunkState::Refused { status, .. }), _) => return Advice::RegistrationRefused(*status),
        (Some(TrunkState::NoSuchName), _) => return Advice::WrongName,
        (_, Some(Port::NoRoute)) => return Advice::NoRoute,
        (_, Some(Port::Refused)) => return Advice::WrongPort,
        (_, Some(Port::NoTls)) => return Advice::NoTls,
        (_, Some(Port::Doubtful(doubt))) => return Advice::Certificate(doubt),
        (Some(TrunkState::Silent) | None, Some(_)) => return Advice::Silent,
        _ => {}
    }
    if !facts.done {
        return Advice::Running;
    }
    let Some(first) = facts.trials.first() else { return Advice::NotPlaced };
    let good = facts.trials.iter().find(|trial| !matches!(trial.end, TrialEnd::Refused(_) | TrialEnd::NotPlaced));
    match good {
        Some(trial) if trial.format != trunk.number_format => Advice::Form(trial.format),
        Some(trial) => of_end(trial.end),
        None => of_end(first.end),
    }
}

fn of_end(end: TrialEnd) -> Advice {
    match end {
        TrialEnd::NotPlaced => Advice::NotPlaced,
        TrialEnd::Refused(486 | 600) => Advice::Busy,
        TrialEnd::Refused(status) => Advice::CallRefused(status),
        TrialEnd::NoAnswer { came_back: false } => Advice::NotBack,
        TrialEnd::NoAnswer { came_back: true } => Advice::NotAnswered,
        TrialEnd::Answered { came_back: false, .. } => Advice::AnsweredElsewhere,
        TrialEnd::Answered { heard: true, sent: true, .. } => Advice::Healthy,
        TrialEnd::Answered { heard: false, sent: true, .. } => Advice::NoSoundIn,
        TrialEnd::Answered { heard: true, sent: false, .. } => Advice::NoSoundOut,
        TrialEnd::Answered { heard: false, sent: false, .. } => Advice::NoSound,
    }
}

type Pair = (&'static str, &'static str);

/// What is wrong with a server's certificate, and what to do: Russian, English.
const fn doubtful(doubt: Doubt) -> (Pair, Pair) {
    match doubt {
        Doubt::Unknown => (
            (
                "Сертификат сервера подписан неизвестным центром.",
                "Попросите у оператора сертификат его центра и добавьте в «Свои центры сертификации».",
            ),
            (
                "An unknown authority signed the server's certificate.",
                "Ask the carrier for its authority's certificate, and add it to “Own authorities”.",
            ),
        ),
        Doubt::OtherName => (
            (
                "Сертификат сервера выдан на другое имя: это может быть чужой сервер.",
                "Укажите сервер тем именем, которое оператор дал для TLS: не адресом и не другим именем.",
            ),
            (
                "The server's certificate is for another name: it may be somebody else's server.",
                "Call the server by the name that the carrier gave for TLS, not by an address or another name.",
            ),
        ),
        Doubt::Expired => (
            ("Сертификат сервера истёк.", "Проверьте часы станции. Если они верны, скажите оператору."),
            ("The server's certificate has expired.", "Check the box's clock. If it is right, tell the carrier."),
        ),
        Doubt::NotYet => (
            ("Сертификат сервера ещё не начал действовать.", "Проверьте часы станции: скорее всего, они отстали."),
            ("The server's certificate is not valid yet.", "Check the box's clock: most likely it is behind."),
        ),
        Doubt::Other => (
            ("Сертификат сервера не подходит.", "Спросите оператора, каким сертификатом он подписывает TLS."),
            ("The server's certificate does not fit.", "Ask the carrier about the certificate of its TLS."),
        ),
    }
}

/// Speaks one of the two languages.
#[derive(Clone, Copy)]
struct Say(Language);

impl Say {
    fn of<'a>(self, ru: &'a str, en: &'a str) -> &'a str {
        match self.0 {
            Language::Ru => ru,
            Language::En => en,
        }
    }

    /// What is the matter, and what to do.
    fn advice(self, advice: Advice) -> (String, String) {
        let (ru, en) = match advice {
            Advice::Running => (("Проверяем.", ""), ("Looking.", "")),
            Advice::Healthy => (
                ("Номер работает: пробный звонок ушёл, вернулся, слышно в обе стороны.", ""),
                ("The number works: a trial call went out, came back, and was heard both ways.", ""),
            ),
            Advice::NoNames => (
                (
                    "Нет интернета или не отвечает сервер имён.",
                    "Проверьте кабель к роутеру и открываются ли сайты на другом компьютере.",
                ),
                (
                    "There is no internet, or no name server answers.",
                    "Check the cable to the router, and whether other computers open web sites.",
                ),
            ),
            Advice::WrongName => (
                (
                    "Сервера с таким именем нет.",
                    "Сверьте имя сервера с договором: опечатка в одной букве уже другое имя.",
                ),
                ("There is no server of that name.", "Compare the server's name with your contract, letter by letter."),
            ),
            Advice::NoRoute => (
                (
                    "Из этой сети к оператору нет дороги.",
                    "Проверьте, включён ли интернет и верно ли указан шлюз в настройках сети.",
                ),
                (
                    "There is no way from this network to the carrier.",
                    "Check that the internet is up and the network's gateway is right.",
                ),
            ),
            Advice::WrongPort => (
                (
                    "Сервер есть, но телефонии на этом порту нет.",
                    "Сверьте с договором порт и способ связи (UDP, TCP или TLS).",
                ),
                (
                    "The server is there, but no telephony listens on that port.",
                    "Compare port and transport (UDP, TCP or TLS) with your contract.",
                ),
            ),
            Advice::Silent => (
                (
                    "Сервер оператора молчит.",
                    "Спросите оператора, нет ли у него перебоя и разрешены ли подключения с вашего адреса. Если он отвечает, что всё работает, пакеты теряет ваш роутер.",
                ),
                (
                    "The carrier's server is silent.",
                    "Ask the carrier whether it has an outage and takes connections from your address. If it says that all is well, your router loses the packets.",
                ),
            ),
            Advice::NoTls => (
                ("На этом порту сервер не говорит по TLS.", "Сверьте с договором порт (обычно 5061) и способ связи."),
                (
                    "The server speaks no TLS on that port.",
                    "Compare port (5061 as a rule) and transport with your contract.",
                ),
            ),
            Advice::Certificate(doubt) => doubtful(doubt),
            Advice::WrongPassword => (
                (
                    "Оператор не принял логин или пароль.",
                    "Введите их ещё раз из договора или личного кабинета. Пробел в конце тоже знак.",
                ),
                (
                    "The carrier did not take login or password.",
                    "Type them again from the contract. A space at the end counts too.",
                ),
            ),
            Advice::RegistrationRefused(_) => (
                ("Оператор отказал в подключении.", "Отправьте ему текст ниже: в нём есть его ответ."),
                ("The carrier refused the connection.", "Send it the text below, which has its answer."),
            ),
            Advice::Form(_) => (
                (
                    "Оператор ждёт номер в другом виде.",
                    "Нажмите «Исправить»: станция сменит вид номера, и звонки пойдут.",
                ),
                (
                    "The carrier expects numbers written otherwise.",
                    "Press “Mend”: the box changes the form, and calls will go.",
                ),
            ),
            Advice::CallRefused(_) => (
                (
                    "Подключение работает, но исходящий звонок оператор не пропустил.",
                    "Проверьте деньги на счёте и разрешены ли исходящие. Если всё в порядке, отправьте оператору текст ниже.",
                ),
                (
                    "The connection works, but the carrier let no call out.",
                    "Check that the account has money and outgoing calls are allowed. If so, send the carrier the text below.",
                ),
            ),
            Advice::Busy => (
                (
                    "Подключение работает. Свой же номер для звонка с него оператор считает занятым: так бывает.",
                    "Позвоните на номер с мобильного: это покажет, доходят ли входящие.",
                ),
                (
                    "The connection works. Some carriers call the own number busy when it calls itself.",
                    "Call the number from a mobile: that shows whether incoming calls arrive.",
                ),
            ),
            Advice::NotBack => (
                (
                    "Исходящий звонок ушёл, но входящий к нам не пришёл.",
                    "Позвоните на номер с мобильного. Если и тогда тишина, отправьте оператору текст ниже.",
                ),
                (
                    "The call went out, but none came in.",
                    "Call the number from a mobile. If nothing comes in either, send the carrier the text below.",
                ),
            ),
            Advice::NotAnswered => (
                ("Звонок ушёл и вернулся, но соединение не состоялось.", "Отправьте оператору текст ниже."),
                ("The call went out and came in, but was never connected.", "Send the carrier the text below."),
            ),
            Advice::AnsweredElsewhere => (
                (
                    "Исходящие работают, но на ваш номер ответил кто-то другой: похоже, у оператора включена переадресация или почта.",
                    "Попросите оператора направить номер на станцию.",
                ),
                (
                    "Outgoing calls work, but something else answered your number: the carrier's forwarding or mailbox, it seems.",
                    "Ask the carrier to lead the number to the box.",
                ),
            ),
            Advice::NoSoundIn => (
                (
                    "Звонок прошёл, но голос от оператора не доходит.",
                    "Голос теряет роутер: выключите в нём «SIP ALG» и разрешите UDP-порты для звука.",
                ),
                (
                    "The call went, but no voice arrives from the carrier.",
                    "The router loses it: switch off its “SIP ALG”, and let the UDP ports for sound through.",
                ),
            ),
            Advice::NoSoundOut => (
                (
                    "Звонок прошёл, но наш голос до оператора не доходит.",
                    "Выключите в роутере «SIP ALG». Если не помогло, отправьте оператору текст ниже.",
                ),
                (
                    "The call went, but our voice does not reach the carrier.",
                    "Switch off the router's “SIP ALG”. If that does not help, send the carrier the text below.",
                ),
            ),
            Advice::NoSound => (
                (
                    "Звонок прошёл, но звука нет ни в одну сторону.",
                    "Выключите в роутере «SIP ALG» и разрешите UDP-порты для звука.",
                ),
                (
                    "The call went, but without sound either way.",
                    "Switch off the router's “SIP ALG”, and let the UDP ports for sound through.",
                ),
            ),
            Advice::NotPlaced => (
                (
                    "Подключение работает, но пробный звонок не поместился: все линии заняты.",
                    "Повторите проверку, когда разговоров станет меньше.",
                ),
                (
                    "The connection works, but there was no free line for a trial call.",
                    "Try again when fewer people talk.",
                ),
            ),
        };
        let (text, next) = match self.0 {
            Language::Ru => ru,
            Language::En => en,
        };
        (text.to_owned(), next.to_owned())
    }

    fn findings(self, trunk: &Trunk, facts: &Facts) -> Vec<Finding> {
        let mut bad = false;
        let mut findings = Vec::new();
        for (what, told) in [
            ("name", self.name(facts)),
            ("server", self.server(facts)),
            ("registration", self.registration(trunk, facts)),
            ("call", self.call(facts)),
            ("sound", self.sound(facts)),
        ] {
            let (state, text) = match told {
                Some(told) => told,
                None if bad || facts.done => (State::Skipped, String::new()),
                None => (State::Running, String::new()),
            };
            bad |= state == State::Bad || state == State::Running;
            findings.push(Finding { what, state, text });
        }
        findings
    }

    fn name(self, facts: &Facts) -> Option<(State, String)> {
        Some(match facts.names.as_ref()? {
            Names::Found(found) => {
                let places: Vec<String> =
                    found.iter().map(|(transport, to)| format!("{to} ({})", transport_word(*transport))).collect();
                (State::Ok, places.join(", "))
            }
            Names::Unknown => (State::Bad, self.of("имени нет", "no such name").to_owned()),
            Names::Silent => (State::Bad, self.of("сервер имён молчит", "name servers are silent").to_owned()),
        })
    }

    fn server(self, facts: &Facts) -> Option<(State, String)> {
        let (state, text) = match facts.port? {
            Port::Answers => (State::Ok, self.of("отвечает", "answers")),
            Port::Refused => (State::Bad, self.of("порт закрыт", "the port is closed")),
            Port::Silent => (State::Bad, self.of("молчит", "silent")),
            Port::NoRoute => (State::Bad, self.of("нет дороги", "no way there")),
            Port::NoTls => (State::Bad, self.of("говорит не по TLS", "speaks no TLS")),
            Port::Doubtful(_) => (State::Bad, self.of("сертификат не подходит", "its certificate does not fit")),
        };
        Some((state, text.to_owned()))
    }

    fn registration(self, trunk: &Trunk, facts: &Facts) -> Option<(State, String)> {
        Some(match facts.state.as_ref()? {
            TrunkState::Registered => (State::Ok, self.of("принята", "accepted").to_owned()),
            TrunkState::Reachable if trunk.register => (State::Ok, self.of("принята", "accepted").to_owned()),
            TrunkState::Reachable => (State::Ok, self.of("не нужна", "not needed").to_owned()),
            TrunkState::WrongPassword { status } => (
                State::Bad,
                format!("{} ({status})", self.of("логин или пароль не подошли", "login or password refused")),
            ),
            TrunkState::Refused { status, reason } => {
                (State::Bad, format!("{} {status} {reason}", self.of("отказ:", "refused:")))
            }
            TrunkState::Silent => (State::Bad, self.of("ответа нет", "no answer").to_owned()),
            TrunkState::NoSuchName => (State::Bad, self.of("имени нет", "no such name").to_owned()),
            TrunkState::Starting => (State::Bad, self.of("ещё не получена", "not there yet").to_owned()),
        })
    }

    fn call(self, facts: &Facts) -> Option<(State, String)> {
        if facts.trials.is_empty() || !facts.done {
            return None;
        }
        let of_one = |trial: &Trial| {
            let form = match trial.format {
                NumberFormat::E164 => "7…",
                NumberFormat::Plus => "+7…",
                NumberFormat::National => "8…",
            };
            let told = match trial.end {
                TrialEnd::NotPlaced => self.of("не ушёл", "did not leave").to_owned(),
                TrialEnd::Refused(status) => format!("{} {status}", self.of("отказ", "refused")),
                TrialEnd::NoAnswer { came_back: false } => {
                    self.of("ушёл, но не вернулся", "went out, did not come in").to_owned()
                }
                TrialEnd::NoAnswer { came_back: true } => {
                    self.of("вернулся, но не соединился", "came in, was not connected").to_owned()
                }
                TrialEnd::Answered { came_back: true, .. } => {
                    self.of("ушёл и вернулся", "went out and came in").to_owned()
                }
                TrialEnd::Answered { came_back: false, .. } => {
                    self.of("ответили не мы", "somebody else answered").to_owned()
                }
            };
            format!("{form}: {told}")
        };
        let text: Vec<String> = facts.trials.iter().map(of_one).collect();
        let last = facts.trials.last()?;
        let state = match last.end {
            TrialEnd::Answered { came_back: true, .. } if facts.trials.len() == 1 => State::Ok,
            TrialEnd::Refused(486 | 600) | TrialEnd::NotPlaced => State::Unclear,
            _ => State::Bad,
        };
        Some((state, text.join("; ")))
    }

    fn sound(self, facts: &Facts) -> Option<(State, String)> {
        let Some(TrialEnd::Answered { came_back: true, heard, sent }) = facts.trials.last().map(|trial| trial.end)
        else {
            return None;
        };
        let (state, text) = match (heard, sent) {
            (true, true) => (State::Ok, self.of("слышно в обе стороны", "heard both ways")),
            (false, true) => (State::Bad, self.of("от оператора не слышно", "nothing from the carrier")),
            (true, false) => (State::Bad, self.of("нас не слышно", "nothing of ours arrives")),
            (false, false) => (State::Bad, self.of("тишина в обе стороны", "silence both ways")),
        };
        Some((state, text.to_owned()))
    }

    /// What to write to the carrier.
    fn letter(self, trunk: &Trunk, facts: &Facts, advice: Advice) -> String {
        let Some(fault) = self.fault(facts, advice) else { return String::new() };
        let (number, server, login) = (&trunk.number, &trunk.server, &trunk.login);
        let by = transport_word(trunk.transport);
        let found = match &facts.names {
            Some(Names::Found(found)) => found.first().map(|(_, to)| format!(" ({to})")).unwrap_or_default(),
            _ => String::new(),
        };
        let contract = if trunk.comment.is_empty() { String::new() } else { format!(", {}", trunk.comment) };
        match self.0 {
            Language::Ru => format!(
                "Здравствуйте. Номер +{number}{contract}.\nПодключение SIP: сервер {server}{found}, {by}, логин {login}.\n{fault}\n\
                 Помогите, пожалуйста, разобраться.\n"
            ),
            Language::En => format!(
                "Hello. Number +{number}{contract}.\nSIP connection: server {server}{found}, {by}, login {login}.\n{fault}\n\
                 Please help us to find out why.\n"
            ),
        }
    }

    /// The fault in the words of engineers; `None`: it is none of the carrier's.
    fn fault(self, facts: &Facts, advice: Advice) -> Option<String> {
        let (ru, en) = match advice {
            Advice::Silent => (
                "На REGISTER и OPTIONS сервер не отвечает.".to_owned(),
                "The server answers neither REGISTER nor OPTIONS.".to_owned(),
            ),
            Advice::WrongPort => (
                "Сервер отвечает, что порт закрыт (ICMP port unreachable или RST).".to_owned(),
                "The server says that its port is closed (ICMP port unreachable or RST).".to_owned(),
            ),
            Advice::NoTls => (
                "Соединение TCP есть, но на ClientHello сервер отвечает не по TLS.".to_owned(),
                "TCP connects, but ClientHello is not answered with TLS.".to_owned(),
            ),
            Advice::Certificate(doubt) => {
                let ((ru, _), (en, _)) = doubtful(doubt);
                (ru.to_owned(), en.to_owned())
            }
            Advice::RegistrationRefused(status) => {
                let reason = match &facts.state {
                    Some(TrunkState::Refused { reason, .. }) => reason.as_str(),
                    _ => "",
                };
                (
                    format!("На REGISTER приходит {status} {reason}."),
                    format!("REGISTER is answered with {status} {reason}."),
                )
            }
            Advice::CallRefused(status) => (
                format!("Регистрация принята, но на INVITE приходит {status}; номер пробовали в виде 7…, +7… и 8…."),
                format!(
                    "We are registered, but INVITE is answered with {status}; the number was tried as 7…, +7… and 8…."
                ),
            ),
            Advice::NotBack => (
                "Исходящий вызов на этот же номер проходит, входящий INVITE к нам не приходит.".to_owned(),
                "A call to this same number goes out; no INVITE comes in.".to_owned(),
            ),
            Advice::NotAnswered => (
                "На входящий INVITE мы отвечаем 200 OK, но исходящий вызов его не получает.".to_owned(),
                "We answer the incoming INVITE with 200 OK, which the outgoing call does not get.".to_owned(),
            ),
            Advice::AnsweredElsewhere => (
                "Вызов на этот номер отвечен, но INVITE к нам не приходил: проверьте переадресацию и голосовую почту."
                    .to_owned(),
                "A call to this number is answered, but no INVITE came to us: check forwarding and mailbox.".to_owned(),
            ),
            Advice::NoSoundOut | Advice::NoSound => (
                "Вызов соединяется, но RTP, который мы шлём, не доходит до второй стороны.".to_owned(),
                "The call is connected, but the RTP that we send does not arrive at the other side.".to_owned(),
            ),
            Advice::Running
            | Advice::Healthy
            | Advice::NoNames
            | Advice::WrongName
            | Advice::NoRoute
            | Advice::WrongPassword
            | Advice::Form(_)
            | Advice::Busy
            | Advice::NoSoundIn
            | Advice::NotPlaced => return None,
        };
        Some(self.of(&ru, &en).to_owned())
    }
}

const fn transport_word(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "UDP",
        Transport::Tcp => "TCP",
        Transport::Tls => "TLS",
    }
}

#[cfg(test)]
mod tests;
