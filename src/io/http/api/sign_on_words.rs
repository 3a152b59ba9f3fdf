//! What is said of an OpenID provider and of a directory: what is wrong, then what to do.

use super::super::words::{Said, Words};
use crate::io::out::ldap::LdapError;
use crate::io::out::openid::OpenidError;
use crate::io::out::{Distrust, OutError};
use crate::office::{Ldap, LdapSecurity, Openid, Role};

pub(super) const TEXT: Words = Words::new("Здесь нужен текст.", "This must be text.");
pub(super) const PROVIDER: Words =
    Words::new("Провайдер отвечает, его ключи прочитаны.", "The provider answers, and its keys were read.");
pub(super) const CLIENT: Words = Words::new(
    "Провайдер знает станцию: имя клиента и секрет подходят.",
    "The provider knows the box: client ID and secret fit.",
);
pub(super) const NO_VALUES: Words = Words::new(
    "Никто не войдёт: не указано ни одного значения для администраторов или наблюдателей.",
    "Nobody will get in: there is no value for administrators or viewers.",
);
pub(super) const NO_GROUPS: Words = Words::new(
    "Никто не войдёт: не указано ни одной группы администраторов или наблюдателей.",
    "Nobody will get in: there is no group of administrators or viewers.",
);
pub(super) const ANY_CERTIFICATE: Words = Words::new(
    "Проверка сертификата выключена: любой, кто встанет посередине, может выдать себя за сервер. Лучше добавьте свой центр сертификации.",
    "Certificates are not checked: whoever stands in between can be the server. Better add your own authority.",
);
pub(super) const UNPROTECTED: Words = Words::new(
    "Без защиты пароли идут по сети открыто. Выберите TLS или StartTLS.",
    "Without protection passwords cross the network in the open. Choose TLS or StartTLS.",
);
pub(super) const CONNECTED: Words = Words::new("Каталог отвечает.", "The directory answers.");
pub(super) const BOUND: Words = Words::new("Каталог пускает.", "The directory lets us in.");
pub(super) const BOUND_AS_NOBODY: Words =
    Words::new("Каталог пускает без имени и пароля.", "The directory lets us in without name and password.");
pub(super) const NEEDS_PASSWORD: Words = Words::new(
    "Люди входят в каталог сами, поэтому без имени и пароля дальше не проверить. Впишите их ниже.",
    "People bind by themselves, so without a login and password nothing further can be tried. Enter them below.",
);
pub(super) const SEARCHED: Words = Words::new(
    "Место, где люди, есть. Впишите имя, чтобы проверить человека.",
    "The place of people is there. Enter a login to try somebody.",
);
pub(super) const PASSWORD: Words = Words::new("Пароль подходит.", "The password is right.");

pub(super) fn found(dn: &str) -> Said {
    Said::new(format!("Найден: {dn}."), format!("Found: {dn}."))
}

pub(super) fn role(role: Role) -> Words {
    match role {
        Role::Admin => Words::new("Войдёт как администратор.", "Will sign in as an administrator."),
        Role::Viewer => Words::new("Войдёт как наблюдатель.", "Will sign in as a viewer."),
    }
}

/// Groups that are named; the others are counted.
const NAMED: usize = 5;

pub(super) fn no_role(groups: &[String]) -> Said {
    if groups.is_empty() {
        return Words::new(
            "Не войдёт: групп у него не нашлось. Проверьте, где лежат группы и их фильтр.",
            "Will not get in: no groups of his were found. Check where groups are, and their filter.",
        )
        .into();
    }
    let named = groups.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    let more = groups.len().saturating_sub(NAMED);
    let (ru, en) =
        if more > 0 { (format!(" и ещё {more}"), format!(" and {more} more")) } else { Default::default() };
    Said::new(
        format!("Не войдёт: ни одна из его групп не указана ниже. Его группы: {named}{ru}."),
        format!("Will not get in: none of his groups is among those below. His groups: {named}{en}."),
    )
}

pub(super) fn out(error: &OutError) -> Said {
    let words = |ru, en| Said::of(Words::new(ru, en));
    match error {
        OutError::Address(what) => {
            Said::new(format!("«{what}» — не адрес сервера."), format!("“{what}” is no address of a server."))
        }
        OutError::NoName(name) => Said::new(
            format!("Имени {name} нет в DNS. Проверьте, как оно написано."),
            format!("The name {name} is not in DNS. Check how it is spelled."),
        ),
        OutError::NamesSilent => words(
            "Сервер имён (DNS) не отвечает. Проверьте сеть станции.",
            "No name server (DNS) answers. Check the box's network.",
        ),
        OutError::Local(address) => Said::new(
            format!("Имя ведёт на {address}: это сама станция или её провод, туда она не обращается."),
            format!("The name leads to {address}, which is the box itself or its link: nothing is asked there."),
        ),
        OutError::NotHome(address) => Said::new(
            format!("Имя ведёт на {address}, это вне своей сети: без шифрования (http://) туда ничего не посылают."),
            format!(
                "The name leads to {address}, outside of the own network: nothing is sent there unencrypted (http://)."
            ),
        ),
        OutError::Refused(address) => Said::new(
            format!("На {address} никто не слушает. Проверьте порт и работает ли сервер."),
            format!("Nothing listens at {address}. Check the port and whether the server runs."),
        ),
        OutError::NoRoute(address) => Said::new(
            format!("До {address} нет пути. Проверьте сеть станции."),
            format!("There is no way to {address}. Check the box's network."),
        ),
        OutError::Silent => words(
            "Сервер не ответил вовремя. Проверьте адрес, порт и межсетевой экран.",
            "The server did not answer in time. Check address, port and firewall.",
        ),
        OutError::Certificate(why) => certificate(why),
        OutError::Tls(what) => Said::new(
            format!("Защищённое соединение не вышло: {what}. Верен ли порт?"),
            format!("No protected connection came about: {what}. Is the port right?"),
        ),
        OutError::Lost(what) => {
            Said::new(format!("Разговор с сервером оборвался: {what}."), format!("The conversation broke off: {what}."))
        }
        OutError::TooLong => words(
            "Ответ слишком длинный: это не тот сервер.",
            "The answer is too long: this is another kind of server.",
        ),
    }
}

fn certificate(why: &Distrust) -> Said {
    let words = |ru, en| Said::of(Words::new(ru, en));
    match why {
        Distrust::Unknown => words(
            "Сертификат сервера подписан неизвестным центром. Добавьте этот центр в «Свои центры сертификации».",
            "An unknown authority signed the server's certificate. Add that authority to “Own authorities”.",
        ),
        Distrust::OtherName => words(
            "Сертификат сервера выдан на другое имя. Укажите сервер тем именем, которое в сертификате.",
            "The server's certificate is for another name. Call the server by the name in its certificate.",
        ),
        Distrust::Expired => words(
            "Сертификат сервера истёк. Обновите его на сервере, и проверьте часы станции.",
            "The server's certificate has expired. Renew it there, and check the box's clock.",
        ),
        Distrust::NotYet => words(
            "Сертификат сервера ещё не начал действовать. Проверьте часы станции.",
            "The server's certificate is not valid yet. Check the box's clock.",
        ),
        Distrust::Other(what) => Said::new(
            format!("Сертификат сервера не подходит: {what}."),
            format!("The server's certificate does not fit: {what}."),
        ),
    }
}

pub(super) fn openid(error: &OpenidError, openid: &Openid) -> Said {
    match error {
        OpenidError::Out(error) => out(error),
        OpenidError::Status(404) => Said::new(
            format!("По адресу {} нет описания OpenID. Проверьте адрес провайдера целиком, с путём.", openid.issuer),
            format!(
                "There is no OpenID description at {}. Check the provider's whole address, path included.",
                openid.issuer
            ),
        ),
        OpenidError::Status(status) => Said::new(
            format!("Провайдер ответил {status}. Проверьте его адрес и журнал."),
            format!("The provider answered {status}. Check its address and its log."),
        ),
        OpenidError::Unreadable(what) => Said::new(
            format!("Ответ провайдера не разобрать: {what}. Это точно сервер OpenID Connect?"),
            format!("The provider's answer can't be read: {what}. Is it an OpenID Connect server?"),
        ),
        OpenidError::OtherIssuer(name) => Said::new(
            format!("Провайдер называет себя {name}. Впишите его адрес точно так же."),
            format!("The provider calls itself {name}. Write its address exactly like that."),
        ),
        OpenidError::Plain(url) => Said::new(
            format!("Провайдер указал адрес без защиты: {url}. Нужен https."),
            format!("The provider names an address without protection: {url}. It must be https."),
        ),
        OpenidError::Client(_) => Words::new(
            "Провайдер не знает такого клиента, или секрет другой. Сверьте имя клиента и секрет.",
            "The provider does not know this client, or its secret is another. Compare client ID and secret.",
        )
        .into(),
        OpenidError::Code(what) | OpenidError::Token(what) => {
            Said::new(format!("Провайдер ответил не так: {what}."), format!("The provider answered amiss: {what}."))
        }
        OpenidError::Expired(_) => Words::new(
            "Ответ провайдера уже истёк: проверьте часы станции и провайдера.",
            "The provider's answer is over already: check the clocks of box and provider.",
        )
        .into(),
    }
}

pub(super) fn ldap(error: &LdapError, ldap: &Ldap) -> Said {
    let words = |ru, en| Said::of(Words::new(ru, en));
    match error {
        LdapError::Out(OutError::Tls(_) | OutError::Lost(_)) if ldap.security == LdapSecurity::Tls => words(
            "На этом порту сервер не говорит на TLS. Обычный порт TLS — 636; на 389 бывает StartTLS.",
            "The server does not speak TLS at this port. That of TLS is 636; StartTLS is at 389.",
        ),
        LdapError::Out(error) => out(error),
        LdapError::NoStartTls => words(
            "Каталог не умеет StartTLS. Выберите TLS (порт 636).",
            "The directory has no StartTLS. Choose TLS (port 636).",
        ),
        LdapError::Unprotected => words(
            "Каталог принимает пароли только по защищённому соединению. Выберите TLS или StartTLS.",
            "The directory takes passwords over a protected connection only. Choose TLS or StartTLS.",
        ),
        LdapError::Bind { code: 49, .. } => words(
            "Имя или пароль учётной записи для поиска неверны.",
            "Name or password of the account that searches is wrong.",
        ),
        LdapError::Bind { code: 48 | 53, .. } if ldap.bind_dn.is_empty() => words(
            "Без имени и пароля каталог не пускает. Укажите учётную запись для поиска.",
            "The directory lets nobody in without a name. Give an account that searches.",
        ),
        LdapError::Bind { code, text } => Said::new(
            format!("Каталог не пускает учётную запись для поиска: {code} {text}"),
            format!("The directory refuses the account that searches: {code} {text}"),
        ),
        LdapError::NoBindPassword => {
            words("Нет пароля учётной записи для поиска.", "There is no password for the account that searches.")
        }
        LdapError::NoBase(base) => Said::new(
            format!("В каталоге нет места «{base}». Проверьте, как оно написано."),
            format!("The directory has no place “{base}”. Check how it is spelled."),
        ),
        LdapError::Filter(filter) => Said::new(
            format!("Фильтр не разобрать: {filter}. Проверьте скобки."),
            format!("The filter can't be read: {filter}. Check its brackets."),
        ),
        LdapError::MayNotSearch => words(
            "Учётной записи не разрешено искать в этом месте каталога.",
            "The account may not search in this place of the directory.",
        ),
        LdapError::NotFound => words(
            "Такого имени в каталоге нет. Проверьте место и фильтр людей.",
            "Nobody in the directory has this login. Check place and filter of people.",
        ),
        LdapError::Ambiguous => words(
            "Это имя подходит нескольким людям. Уточните фильтр.",
            "Several people have this login. Make the filter more precise.",
        ),
        LdapError::WrongPassword => words(
            "Каталог не принимает пароль: он неверен, или вход этому человеку закрыт.",
            "The directory refuses the password: it is wrong, or this person may not sign in.",
        ),
        LdapError::Other { code, text } => {
            Said::new(format!("Каталог ответил: {code} {text}"), format!("The directory answered: {code} {text}"))
        }
    }
}
