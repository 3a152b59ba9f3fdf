//! `certificate`: what the box shows to who connects under TLS, by the page and by SIP: its own, or one that an admin uploads. The
//! key goes in and never comes out.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::{Said, Words};
use super::Visit;
use crate::io::certificate::{CertificateError, Unfit, UploadError};
use crate::office::CertificateFacts;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    /// PEM: the certificate, and what links it to an authority, in any order.
    certificate: String,
    /// PEM.
    key: String,
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    show(visit)
}

pub(super) fn put(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let Given { certificate, key } = visit.ask.json()?;
    match visit.house.certificate.upload(&certificate, &key) {
        Ok(()) => show(visit),
        Err(UploadError::Unfit(unfit)) => {
            let (pointer, detail) = wrong(visit, unfit);
            Err(problems::invalid().at(pointer, detail))
        }
        Err(UploadError::Disk(error)) => Err(refused(&error)),
    }
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    match visit.house.certificate.forget_uploaded() {
        Ok(true) => Ok(Reply::empty()),
        Ok(false) => Err(problems::not_found()),
        Err(error) => Err(refused(&error)),
    }
}

/// What whoever shall trust the box takes in.
pub(super) fn authority(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let pem = visit.house.certificate.authority().map_err(|error| refused(&error))?;
    Ok(Reply::text("application/x-pem-file", pem).named("attachment; filename=\"dozvon-authority.pem\"".to_owned()))
}

fn show(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let shown = visit.house.certificate.shown().map_err(|error| refused(&error))?;
    Ok(Reply::json(&json!({
        "in_use": if shown.uploaded_in_use { "uploaded" } else { "own" },
        "own": facts(visit, &shown.own),
        "uploaded": shown.uploaded.as_ref().map(|uploaded| facts(visit, uploaded)),
        "authority": facts(visit, &shown.authority),
    })))
}

fn facts(visit: &Visit<'_>, of: &CertificateFacts) -> Value {
    json!({
        "subject": of.subject,
        "issuer": of.issuer,
        "names": of.names,
        "not_before": visit.time(of.not_before),
        "not_after": visit.time(of.not_after),
        "fingerprint": of.fingerprint,
    })
}

fn refused(error: &CertificateError) -> Problem {
    tracing::error!(%error, "certificate");
    problems::unavailable()
}

fn wrong(visit: &Visit<'_>, unfit: Unfit) -> (&'static str, Said) {
    let words = |ru, en| Said::of(Words::new(ru, en));
    match unfit {
        Unfit::NoCertificate => (
            "/certificate",
            words(
                "Это не сертификат в виде PEM. Он начинается со строки -----BEGIN CERTIFICATE-----; вместе с ним вставьте и промежуточные.",
                "This is no certificate as PEM. It begins with -----BEGIN CERTIFICATE-----; paste the intermediate ones with it.",
            ),
        ),
        Unfit::NoKey => (
            "/key",
            words(
                "Это не закрытый ключ в виде PEM. Он начинается со строки -----BEGIN PRIVATE KEY-----. Подходят ключи RSA и ECDSA.",
                "This is no private key as PEM. It begins with -----BEGIN PRIVATE KEY-----. RSA and ECDSA keys will do.",
            ),
        ),
        Unfit::Locked => (
            "/key",
            words(
                "Ключ закрыт паролем. Снимите его: openssl pkey -in key.pem -out open.pem, и загрузите то, что получилось.",
                "The key is under a password. Take it off with openssl pkey -in key.pem -out open.pem, and upload the result.",
            ),
        ),
        Unfit::OtherKey => (
            "/key",
            words(
                "Ключ не от этого сертификата. Загрузите тот, с которым сертификат заказывали.",
                "The key is of another certificate. Upload the one with which this certificate was ordered.",
            ),
        ),
        Unfit::Authority => (
            "/certificate",
            words(
                "Это сертификат самого удостоверяющего центра. Нужен выданный им сертификат для этого прибора.",
                "This is an authority's own certificate. What is needed is one that it issued for this box.",
            ),
        ),
        Unfit::NotForServers => (
            "/certificate",
            words(
                "Сертификат выдан не для серверов. Закажите сертификат для сайта (TLS-сервера).",
                "The certificate is not for servers. Order one for a web site (a TLS server).",
            ),
        ),
        Unfit::Nameless => (
            "/certificate",
            words(
                "В сертификате нет ни имени узла, ни адреса (subjectAltName): браузеры и телефоны такой не примут.",
                "The certificate names neither host nor address (subjectAltName): browsers and telephones refuse such a one.",
            ),
        ),
        Unfit::Ended(at) => {
            let at = visit.time(at);
            let ru = format!("Сертификат закончился: {at}. Загрузите новый; и проверьте, верно ли время на приборе.");
            let en = format!("The certificate ended at {at}. Upload a new one; and check the box's own time.");
            ("/certificate", Said::new(ru, en))
        }
        Unfit::NotYet(at) => {
            let at = visit.time(at);
            let ru = format!("Сертификат начнёт действовать только {at}. Проверьте, верно ли время на приборе.");
            let en = format!("The certificate holds only from {at} on. Check the box's own time.");
            ("/certificate", Said::new(ru, en))
        }
    }
}
