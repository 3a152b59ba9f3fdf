//! The certificate of the box: what it says, an uploaded one in its place, its authority for telephones.

use std::net::SocketAddr;
use std::path::PathBuf;

use rcgen::{CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use serde_json::{Value, json};

use crate::client::{Answer, Caller, Wire};
use crate::provision::{AGENT, MAC, bind, fetch_as, own_folder};
use crate::world::{PASSWORD, TOKEN, VIEWER_TOKEN, World};

/// Somebody else's authority, and its key.
fn authority() -> (CertifiedIssuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "Company");
    let key = KeyPair::generate().unwrap();
    let pem = key.serialize_pem();
    (CertifiedIssuer::self_signed(params, key).unwrap(), pem)
}

/// A certificate of it and its key, both PEM.
fn issued(of: &CertifiedIssuer<'static, KeyPair>, change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned(), "pbx.company.example".to_owned()]).unwrap();
    change(&mut params);
    (params.signed_by(&key, of).unwrap().pem(), key.serialize_pem())
}

fn upload(admin: &mut Caller<'_>, certificate: &str, key: &str) -> Answer {
    admin.ask("PUT", "/api/v1/certificate", Some(json!({ "certificate": certificate, "key": key })))
}

fn file(world: &World, name: &str, text: &str) -> PathBuf {
    let path = world.data.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_box_tells_of_its_certificate_and_gives_its_authority() {
    let world = World::new();
    let mut viewer = Caller::token(&world, VIEWER_TOKEN);
    let shown = viewer.get("/api/v1/certificate").json();
    assert_eq!((&shown["in_use"], &shown["uploaded"]), (&json!("own"), &Value::Null));
    assert_eq!(shown["own"]["issuer"], shown["authority"]["subject"]);
    assert!(shown["own"]["names"].as_array().unwrap().contains(&json!("127.0.0.1")), "{shown}");
    let pem = viewer.get("/api/v1/authority.pem");
    assert_eq!(pem.text(), std::fs::read_to_string(world.ca()).unwrap());
    assert_eq!(viewer.ask("PUT", "/api/v1/certificate", Some(json!({ "certificate": "", "key": "" }))).status, 403);
    assert_eq!(Caller::nobody(&world).get("/api/v1/authority.pem").status, 401);
}

#[test]
fn an_uploaded_certificate_is_shown_from_the_next_handshake_on_until_it_is_taken_away() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN);
    let (company, _) = authority();
    let ca = file(&world, "company.pem", &company.pem());
    let trusts_company = || Wire::tls_as(world.at.https, &ca, "127.0.0.1").is_ok();
    assert!(!trusts_company());
    let (certificate, key) = issued(&company, |_| ());
    // in the wrong order, with its root: the box sorts it
    let answer = upload(&mut admin, &(company.pem() + &certificate), &key);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let shown = answer.json();
    assert_eq!((&shown["in_use"], &shown["uploaded"]["issuer"]), (&json!("uploaded"), &json!("Company")));
    assert!(!answer.text().contains("PRIVATE"), "the key never comes out");
    assert!(trusts_company());
    assert_eq!(admin.get("/api/v1/certificate").status, 200, "who was connected goes on");
    assert_eq!(admin.ask("DELETE", "/api/v1/certificate", None).status, 204);
    assert!(!trusts_company() && Wire::tls_as(world.at.https, &world.ca(), "127.0.0.1").is_ok());
    assert_eq!(admin.ask("DELETE", "/api/v1/certificate", None).status, 404);
    let deeds: Vec<String> = world.box_.deeds.lock().unwrap().iter().map(|deed| deed.what.clone()).collect();
    assert_eq!(deeds, ["certificate", "certificate_removed"]);
}

#[test]
fn what_does_not_fit_is_refused_with_its_field_and_the_present_one_stays() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN).with("Accept-Language", "en");
    let (company, company_key) = authority();
    let (certificate, key) = issued(&company, |_| ());
    let (_, other) = issued(&company, |_| ());
    let (ended, ended_key) = issued(&company, |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    let (future, future_key) = issued(&company, |params| params.not_before = rcgen::date_time_ymd(2090, 1, 1));
    let (client, client_key) =
        issued(&company, |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    let (nameless, nameless_key) = issued(&company, |params| params.subject_alt_names.clear());
    let company_pem = company.pem();
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    for (certificate, key, pointer, words) in [
        ("", key.as_str(), "/certificate", "no certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key, "/certificate", "no certificate"),
        (certificate.as_str(), "", "/key", "no private key"),
        (&certificate, locked, "/key", "under a password"),
        (&certificate, &other, "/key", "of another certificate"),
        (&company_pem, &company_key, "/certificate", "authority's own"),
        (&ended, &ended_key, "/certificate", "ended at"),
        (&future, &future_key, "/certificate", "only from"),
        (&client, &client_key, "/certificate", "not for servers"),
        (&nameless, &nameless_key, "/certificate", "neither host nor address"),
    ] {
        let answer = upload(&mut admin, certificate, key);
        let fault = &answer.json()["errors"][0];
        assert_eq!((answer.status, fault["pointer"].as_str()), (422, Some(pointer)), "{}", answer.text());
        assert!(fault["detail"].as_str().unwrap().contains(words), "{words}: {fault}");
    }
    assert_eq!(admin.get("/api/v1/certificate").json()["uploaded"], Value::Null);
    assert!(Wire::tls_as(world.at.https, &world.ca(), "127.0.0.1").is_ok());
}

#[test]
fn a_telephone_is_sent_to_tls_by_the_file_that_it_fetches_over_tls() {
    let world = World::new();
    let sip = SocketAddr::from(([127, 0, 0, 1], 5060));
    world.box_.phones.set_sip(sip, 5060, Some(5061), None);
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let agent = AGENT;
    let first = format!("/provision/{}/805ec0123456.cfg", crate::world::PHONES_SECRET);
    assert_eq!(fetch_as(Wire::plain(&world), "GET", &first, agent).status, 404, "it is seen");
    bind(&mut admin, json!({ "mac": MAC, "lines": [{ "extension": "201" }] }));
    let first = fetch_as(Wire::plain(&world), "GET", &first, agent).text();
    assert!(first.contains("sip_server.1.transport_type = 0\n"), "{first}");
    let folder = own_folder(&mut admin, MAC);
    let own = fetch_as(Wire::tls(&world), "GET", &format!("{folder}805ec0123456.cfg"), agent).text();
    assert!(own.contains("sip_server.1.transport_type = 2\n") && own.contains("sip_server.1.port = 5061\n"), "{own}");
    let authority = fetch_as(Wire::tls(&world), "GET", &format!("{folder}authority.pem"), agent);
    assert_eq!(authority.text(), std::fs::read_to_string(world.ca()).unwrap());
    let stranger = fetch_as(Wire::plain(&world), "GET", "/provision/guess/authority.pem", agent);
    assert_eq!(stranger.status, 404);
}
