//! The settings of signing in from outside, and what an OpenID sign-in does without a provider. With one: tests/browser/sso.test.js.

use serde_json::{Value, json};

use crate::client::{Caller, put, put_as};
use crate::real::{RealWorld, kind};

fn openid() -> Value {
    json!({
        "enabled": true, "name": "Keycloak", "issuer": "https://login.invalid/realms/office", "client_id": "dozvon",
        "client_secret": "the client's secret", "role_claim": "realm_access.roles", "admin_values": ["pbx-admin"],
    })
}

#[test]
fn a_secret_goes_in_and_never_comes_out() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    let set = put(&mut admin, "/api/v1/openid", openid());
    assert_eq!((set.status, &set.json()["has_client_secret"]), (200, &json!(true)), "{}", set.text());
    assert_eq!(set.json()["redirect_uri"], json!("https://box.local/auth/openid/callback"));
    assert_eq!(set.json()["signed_out_uri"], json!("https://box.local/"));
    // what was read may be sent back, and the secret stays
    let mut read = admin.get("/api/v1/openid").json();
    read["name"] = json!("Office");
    assert_eq!(put(&mut admin, "/api/v1/openid", read).json()["has_client_secret"], json!(true));
    assert_eq!(world.handle.office().openid.client_secret, "the client's secret");
    for path in ["/api/v1/openid", "/api/v1/versions", "/api/v1/audit"] {
        assert!(!admin.get(path).text().contains("the client's secret"), "{path}");
    }
    let exported = dozvon::office::file::write(&world.handle.office(), false);
    assert!(exported.contains("[openid]") && !exported.contains("the client's secret"));
    let public = with_secret(&mut admin, "");
    assert_eq!((public.0, public.1), (200, json!(false)));
}

fn with_secret(admin: &mut Caller<'_>, secret: &str) -> (u16, Value) {
    let mut body = openid();
    body["client_secret"] = json!(secret);
    let answer = put(admin, "/api/v1/openid", body);
    (answer.status, answer.json()["has_client_secret"].clone())
}

#[test]
fn what_is_wrong_is_told_at_its_field() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    for (path, body, pointer) in [
        ("/api/v1/openid", json!({ "enabled": true, "client_id": "x" }), "/issuer"),
        ("/api/v1/openid", json!({ "issuer": "http://login.example.org" }), "/issuer"),
        ("/api/v1/openid", json!({ "admin_values": "x" }), "/admin_values"),
        ("/api/v1/openid", json!({ "isuer": "x" }), "/isuer"),
        ("/api/v1/ldap", json!({ "enabled": true, "server": "dc.office.example" }), "/base"),
        ("/api/v1/ldap", json!({ "server": "ldap://dc" }), "/server"),
        ("/api/v1/ldap", json!({ "filter": "(uid=anna)" }), "/filter"),
        ("/api/v1/ldap", json!({ "security": "ssl" }), "/security"),
    ] {
        let answer = put(&mut admin, path, body.clone());
        let errors = answer.json()["errors"].clone();
        assert_eq!((answer.status, &errors[0]["pointer"]), (422, &json!(pointer)), "{body}: {}", answer.text());
    }
    let stale = put_as(&mut admin, "/api/v1/ldap", "\"stale\"", json!({}));
    assert_eq!(stale.status, 412);
    assert_eq!(admin.ask("PUT", "/api/v1/ldap", Some(json!({}))).status, 428);
}

#[test]
fn an_authority_is_added_once_shown_and_removed() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "Office CA");
    let pem = params.self_signed(&key).unwrap().pem().replace('\n', "\r\n");
    // a private key that came along is not kept
    let body = json!({ "name": "Наш центр", "certificate": format!("{}{pem}", key.serialize_pem()) });
    let made = admin.ask("POST", "/api/v1/authorities", Some(body.clone()));
    assert_eq!((made.status, &made.json()["subject"]), (201, &json!("Office CA")), "{}", made.text());
    assert!(!made.text().contains("PRIVATE"));
    assert_eq!(kind(&admin.ask("POST", "/api/v1/authorities", Some(body))), "invalid");
    let none = json!({ "name": "x", "certificate": "-----BEGIN CERTIFICATE-----" });
    let refused = admin.ask("POST", "/api/v1/authorities", Some(none));
    assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &json!("/certificate")));
    assert_eq!(admin.get("/api/v1/authorities").json()["items"].as_array().unwrap().len(), 1);
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(admin.get(&path).status, 200);
    assert_eq!(admin.ask("DELETE", &path, None).status, 204);
    assert_eq!(admin.get(&path).status, 404);
}

#[test]
fn without_a_provider_a_browser_is_led_back_to_the_page_with_a_word() {
    let world = RealWorld::new();
    let mut nobody = Caller::nobody(&world);
    let to = |caller: &mut Caller<'_>, path: &str| {
        let answer = caller.get(path);
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("location").unwrap().to_owned()
    };
    assert_eq!(nobody.get("/auth/methods").json(), json!({ "openid": null }));
    assert_eq!(to(&mut nobody, "/auth/openid"), "/?sign_in=off");
    assert_eq!(to(&mut nobody, "/auth/openid/callback?code=x&state=y"), "/?sign_in=off");
    let mut admin = world.admin();
    assert_eq!(put(&mut admin, "/api/v1/openid", openid()).status, 200);
    let offered = json!({ "openid": { "name": "Keycloak", "href": "/auth/openid" } });
    assert_eq!(nobody.get("/auth/methods").json(), offered);
    assert_eq!(to(&mut nobody, "/auth/openid"), "/?sign_in=silent", "its name leads nowhere");
    assert_eq!(to(&mut nobody, "/auth/openid/callback?code=x&state=y"), "/?sign_in=stale", "it never began");
    let mut forged = Caller::nobody(&world).with("Cookie", "__Host-dozvon-openid=1.x");
    assert_eq!(to(&mut forged, "/auth/openid/callback?code=x&state=y"), "/?sign_in=stale");
    assert_eq!(nobody.get("/auth/elsewhere").status, 404);
    let told = admin.ask("POST", "/api/v1/openid/check", Some(openid())).json();
    assert_eq!((&told["works"], &told["steps"][0]["state"]), (&json!(false), &json!("bad")));
    assert!(told["steps"][0]["text"].as_str().unwrap().contains("login.invalid"), "{told}");
}
