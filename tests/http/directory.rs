//! Signing in with the password of a real directory, and what «Проверить» says of it.

use serde_json::{Value, json};

use crate::client::{Caller, put};
use crate::real::{RealWorld, kind};
use crate::slapd::{PASSWORD, SEARCHER, SEARCHER_PASSWORD, Slapd};
use crate::world::PASSWORD as LOCAL_PASSWORD;

fn settings(slapd: &Slapd) -> Value {
    json!({
        "enabled": true, "server": "localhost", "port": slapd.tls, "security": "tls",
        "bind_dn": SEARCHER, "bind_password": SEARCHER_PASSWORD, "base": "dc=office,dc=example",
        "filter": "(uid={login})", "admin_groups": ["pbx-admins"],
        "viewer_groups": ["cn=pbx-viewers, ou=groups, dc=office, dc=example"],
    })
}

fn with(settings: &Value, changes: Value) -> Value {
    let mut settings = settings.clone();
    for (key, value) in changes.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

fn trust(admin: &mut Caller<'_>, slapd: &Slapd) {
    let body = json!({ "name": "Directory", "certificate": slapd.authority });
    let made = admin.ask("POST", "/api/v1/authorities", Some(body));
    assert_eq!((made.status, &made.json()["subject"]), (201, &json!("Office directory CA")), "{}", made.text());
}

#[test]
fn people_of_a_directory_sign_in_by_their_groups_and_local_accounts_come_first() {
    let (slapd, world) = (Slapd::start(), RealWorld::new());
    let mut admin = world.admin();
    trust(&mut admin, &slapd);
    let set = put(&mut admin, "/api/v1/ldap", settings(&slapd));
    assert_eq!(set.status, 200, "{}", set.text());
    assert!(!set.text().contains(SEARCHER_PASSWORD) && set.json()["has_bind_password"] == json!(true));

    let mut anna = Caller::signed_in(&world, "Anna", PASSWORD);
    let session = anna.get("/api/v1/session").json();
    assert_eq!(
        (&session["login"], &session["origin"], &session["role"]),
        (&json!("anna"), &json!("ldap"), &json!("admin"))
    );
    let named = put(&mut anna, "/api/v1/settings", json!({ "office": { "name": "Ромашка" } }));
    assert_eq!(named.status, 200, "{}", named.text());
    let versions = anna.get("/api/v1/versions").json();
    assert_eq!(versions["items"][0]["author"], json!("anna (LDAP)"));
    let mut boris = Caller::signed_in(&world, "boris", PASSWORD);
    assert_eq!(boris.get("/api/v1/session").json()["role"], json!("viewer"));
    assert_eq!(boris.get("/api/v1/audit").status, 403);

    // his password is not ours to change, nor is his second factor
    let body = json!({ "current": PASSWORD, "new": "another long password" });
    assert_eq!(kind(&anna.ask("PUT", "/api/v1/session/password", Some(body))), "account_elsewhere");
    let body = json!({ "password": PASSWORD });
    assert_eq!(kind(&anna.ask("POST", "/api/v1/session/second-factor", Some(body))), "account_elsewhere");

    let mut nobody = Caller::nobody(&world);
    assert_eq!(kind(&nobody.sign_in("anna", "")), "wrong_sign_in");
    assert_eq!(kind(&nobody.sign_in("anna", "wrong")), "wrong_sign_in");
    assert_eq!(kind(&nobody.sign_in("an*", PASSWORD)), "wrong_sign_in");
    assert_eq!(kind(&nobody.sign_in("pavel", PASSWORD)), "no_role");
    // the local admin needs no directory, and nobody of a directory is him
    drop(slapd);
    assert_eq!(nobody.sign_in("admin", LOCAL_PASSWORD).status, 200);
    assert_eq!(kind(&nobody.sign_in("ADMIN", PASSWORD)), "wrong_sign_in");
    assert_eq!(kind(&nobody.sign_in("anna", PASSWORD)), "no_directory");

    let deeds = admin.get("/api/v1/audit?what=sign_in_refused").json();
    let told: Vec<&Value> = deeds["items"].as_array().unwrap().iter().map(|deed| &deed["subject"]).collect();
    assert!(told.contains(&&json!("ldap: no_role")) && told.contains(&&json!("ldap: directory")), "{told:?}");
    let sessions = admin.get("/api/v1/sessions").json();
    let of =
        |login: &str| sessions["items"].as_array().unwrap().iter().find(|one| one["login"] == json!(login)).cloned();
    assert_eq!(of("boris").unwrap()["origin"], json!("ldap"));

    // off means out
    let off = put(&mut admin, "/api/v1/ldap", json!({ "enabled": false }));
    assert_eq!(off.status, 200, "{}", off.text());
    assert_eq!(boris.get("/api/v1/session").status, 401);
}

#[test]
fn a_directory_is_asked_by_start_tls_and_by_the_people_themselves() {
    let (slapd, world) = (Slapd::start(), RealWorld::new());
    let mut admin = world.admin();
    trust(&mut admin, &slapd);
    let people = json!({
        "port": slapd.plain, "security": "starttls", "bind_dn": "", "bind_password": "",
        "user_dn": "uid={login},ou=people,dc=office,dc=example", "base": "ou=people,dc=office,dc=example",
        "group_base": "ou=groups,dc=office,dc=example",
    });
    assert_eq!(put(&mut admin, "/api/v1/ldap", with(&settings(&slapd), people)).status, 200);
    let mut boris = Caller::signed_in(&world, "boris", PASSWORD);
    assert_eq!(boris.get("/api/v1/session").json()["role"], json!("viewer"));
    assert_eq!(kind(&Caller::nobody(&world).sign_in("boris", "wrong")), "wrong_sign_in");
}

/// The steps of a check: what, and how it went.
fn steps(admin: &mut Caller<'_>, body: Value) -> (bool, Vec<(String, String)>, String) {
    let answer = admin.ask("POST", "/api/v1/ldap/check", Some(body));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    let text = |step: &Value, key: &str| step[key].as_str().unwrap().to_owned();
    let steps = told["steps"].as_array().unwrap();
    let last = steps.iter().rev().find(|step| step["state"] == json!("bad")).map(|step| text(step, "text"));
    let steps = steps.iter().map(|step| (text(step, "what"), text(step, "state"))).collect();
    (told["works"].as_bool().unwrap(), steps, last.unwrap_or_default())
}

#[test]
fn a_check_tells_what_is_wrong_and_saves_nothing() {
    let (slapd, world) = (Slapd::start(), RealWorld::new());
    let mut admin = world.admin();
    let good = settings(&slapd);
    let wrong = |admin: &mut Caller<'_>, changes: Value| steps(admin, with(&good, changes)).2;
    assert!(wrong(&mut admin, json!({})).contains("неизвестным центром"), "the certificate");
    assert!(steps(&mut admin, with(&good, json!({ "trust_any_certificate": true }))).0);
    trust(&mut admin, &slapd);

    let (works, told, _) = steps(&mut admin, with(&good, json!({ "login": "anna", "password": PASSWORD })));
    let told: Vec<&str> = told.iter().map(|(what, _)| what.as_str()).collect();
    assert!(works);
    assert_eq!(told, ["connection", "bind", "search", "password", "role"]);
    for (changes, says) in [
        (json!({ "server": "nowhere.invalid" }), "nowhere.invalid"),
        (json!({ "server": "127.0.0.1" }), "другое имя"),
        (json!({ "port": 1 }), "никто не слушает"),
        (json!({ "port": slapd.plain }), "не говорит на TLS"),
        (json!({ "bind_password": "wrong" }), "учётной записи для поиска неверны"),
        (json!({ "bind_password": "" }), "Нет пароля учётной записи для поиска"),
        (json!({ "base": "ou=nobody,dc=office,dc=example" }), "нет места «ou=nobody,dc=office,dc=example»"),
        (json!({ "filter": "(uid={login}", "login": "anna" }), "Проверьте скобки"),
        (json!({ "login": "nobody" }), "Такого имени в каталоге нет"),
        (json!({ "login": "twin" }), "нескольким людям"),
        (json!({ "login": "anna", "password": "wrong" }), "Каталог не принимает пароль"),
        (json!({ "login": "pavel" }), "cn=gardeners,ou=groups"),
        (json!({ "admin_groups": [], "viewer_groups": [] }), "Никто не войдёт"),
    ] {
        let said = wrong(&mut admin, changes.clone());
        assert!(said.contains(says), "{changes}: {said}");
    }
    assert_eq!(admin.get("/api/v1/ldap").json()["server"], json!(""), "nothing was saved");
    let refused = admin.ask("POST", "/api/v1/ldap/check", Some(with(&good, json!({ "filter": "(uid=x)" }))));
    assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &json!("/filter")));
}
