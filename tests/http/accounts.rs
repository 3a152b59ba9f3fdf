//! Accounts, sessions, tokens, and the audit log of what was done by whom.

use dozvon::office::Role;
use serde_json::{Value, json};

use crate::client::{Answer, Caller, put};
use crate::real::{RealWorld, kind};
use crate::world::{PASSWORD, user};

const USERS: &str = "/api/v1/users";

fn fault(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn an_account_is_added_with_a_password_that_is_no_joke() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    let new = |password: &str| json!({ "login": "anna", "role": "viewer", "password": password });
    for weak in ["short", "1234567890", "Password123!", "qwertyuiop1", "aaaaaaaaaaaa", "anna123456"] {
        assert_eq!(fault(&admin.ask("POST", USERS, Some(new(weak)))), (422, "/password".to_owned()), "{weak}");
    }
    let without = json!({ "login": "anna", "role": "viewer" });
    assert_eq!(fault(&admin.ask("POST", USERS, Some(without))), (422, "/password".to_owned()));
    let made = admin.ask("POST", USERS, Some(new("blue horse on tuesday")));
    assert_eq!((made.status, made.header("location")), (201, Some("/api/v1/users/anna")), "{}", made.text());
    assert!(made.header("dozvon-version").is_some() && made.header("etag").is_some());
    assert!(!made.text().contains("argon2"));
    let shown = made.json();
    assert_eq!((&shown["must_change"], &shown["has_second_factor"]), (&json!(true), &json!(false)));
    let again = admin.ask("POST", USERS, Some(new("blue horse on tuesday")));
    assert_eq!(fault(&again), (422, "/login".to_owned()), "{}", again.text());
    for (field, value) in [("login", "два слова"), ("role", "king")] {
        let mut body = new("blue horse on tuesday");
        body[field] = value.into();
        assert_eq!(fault(&admin.ask("POST", USERS, Some(body))), (422, format!("/{field}")));
    }
    let anna = Caller::nobody(&world).sign_in("anna", "blue horse on tuesday");
    assert_eq!(anna.json()["must_change_password"], true);
    let listed = admin.get(USERS).json();
    let logins: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|one| one["login"].as_str().unwrap()).collect();
    assert_eq!(logins, ["admin", "anna"]);
}

#[test]
fn a_change_of_an_account_ends_its_sessions_at_once() {
    let world = RealWorld::new();
    world.change(|office| office.users.push(user("anna", Role::Viewer, false)));
    let mut admin = world.admin();
    let mut anna = Caller::signed_in(&world, "anna", PASSWORD);
    let (path, body) = ("/api/v1/users/anna", json!({ "login": "anna", "role": "viewer", "disabled": true }));
    let same = json!({ "login": "anna", "role": "viewer" });
    assert_eq!(put(&mut admin, path, same.clone()).status, 200);
    assert_eq!(anna.get("/api/v1/session").status, 200, "nothing changed");
    assert_eq!(put(&mut admin, path, body).json()["disabled"], true);
    assert_eq!(anna.get("/api/v1/session").status, 401);
    assert_eq!(Caller::nobody(&world).sign_in("anna", PASSWORD).status, 401);
    assert_eq!(put(&mut admin, path, same).status, 200);
    assert_eq!(anna.get("/api/v1/session").status, 401, "enabled again, and still signed out");
    let renamed = json!({ "login": "anna.k", "role": "viewer", "password": "blue horse on tuesday" });
    let renamed = put(&mut admin, path, renamed);
    assert_eq!((renamed.status, renamed.json()["must_change"].clone()), (200, json!(true)));
    assert_eq!(admin.get(path).status, 404);
    assert_eq!(Caller::nobody(&world).sign_in("anna.k", "blue horse on tuesday").status, 200);
    assert_eq!(admin.ask("DELETE", "/api/v1/users/anna.k", None).status, 204);
    assert_eq!(admin.ask("DELETE", "/api/v1/users/anna.k", None).status, 404);
    assert_eq!(admin.ask("PUT", "/api/v1/users/admin", Some(json!({ "login": "admin", "role": "admin" }))).status, 428);
}

#[test]
fn the_last_admin_who_can_sign_in_stays() {
    let world = RealWorld::new();
    world.change(|office| {
        office.users.push(dozvon::office::User { disabled: true, ..user("old", Role::Admin, false) });
    });
    let mut admin = world.admin();
    let path = "/api/v1/users/admin";
    for body in
        [json!({ "login": "admin", "role": "viewer" }), json!({ "login": "admin", "role": "admin", "disabled": true })]
    {
        let answer = put(&mut admin, path, body);
        assert_eq!((answer.status, kind(&answer).as_str()), (409, "last_admin"));
    }
    let answer = admin.ask("DELETE", path, None);
    assert_eq!((answer.status, kind(&answer).as_str()), (409, "last_admin"));
    assert_eq!(world.handle.office().users[0].role, Role::Admin);
}

#[test]
fn a_viewer_hears_recordings_only_when_an_admin_allows_it() {
    let world = RealWorld::new();
    world.change(|office| office.users.push(user("anna", Role::Viewer, false)));
    let mut anna = Caller::signed_in(&world, "anna", PASSWORD);
    let paths = ["/api/v1/recordings", "/api/v1/recordings/1", "/api/v1/recordings/1/audio", "/api/v1/voicemail"];
    for path in paths {
        assert_eq!(anna.get(path).status, 403, "{path}");
    }
    assert_eq!(anna.get("/api/v1/session").json()["may_hear_recordings"], false);
    let body = json!({ "login": "anna", "role": "viewer", "may_hear_recordings": true });
    assert_eq!(put(&mut world.admin(), "/api/v1/users/anna", body).status, 200);
    assert_eq!(anna.get("/api/v1/recordings").status, 200, "at once, in the same session");
    assert_eq!(anna.get("/api/v1/voicemail").status, 200);
    assert_eq!(anna.get("/api/v1/recordings/1/audio").status, 404);
    assert_eq!(anna.ask("DELETE", "/api/v1/recordings/1", None).status, 403);
}

#[test]
fn sessions_are_listed_to_their_owner_and_to_admins_and_ended() {
    let world = RealWorld::new();
    world.change(|office| office.users.push(user("anna", Role::Viewer, false)));
    let mut admin = world.admin();
    let mut browser = Caller::nobody(&world).with("User-Agent", "Firefox/140");
    let cookie = browser.sign_in("anna", PASSWORD);
    let mut anna = Caller::nobody(&world)
        .with("Cookie", cookie.header("set-cookie").unwrap().split(';').next().unwrap())
        .with("X-CSRF-Token", cookie.json()["csrf_token"].as_str().unwrap());
    let own = anna.get("/api/v1/sessions").json();
    let own = own["items"].as_array().unwrap();
    assert_eq!(own.len(), 1);
    assert_eq!(
        (&own[0]["login"], &own[0]["user_agent"], &own[0]["address"], &own[0]["current"]),
        (&json!("anna"), &json!("Firefox/140"), &json!("127.0.0.1"), &json!(true))
    );
    let all = admin.get("/api/v1/sessions").json();
    let of = |login: &str| {
        all["items"].as_array().unwrap().iter().find(|one| one["login"] == login).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let end = |caller: &mut Caller<'_>, id: &str| caller.ask("DELETE", &format!("/api/v1/sessions/{id}"), None).status;
    assert_eq!(end(&mut anna, &of("admin")), 404, "none of hers");
    assert_eq!(end(&mut admin, &of("anna")), 204);
    assert_eq!(anna.get("/api/v1/session").status, 401);
    assert_eq!(end(&mut admin, &of("anna")), 404);
    assert_eq!(end(&mut admin, &of("admin")), 204, "his own");
    assert_eq!(admin.get("/api/v1/session").status, 401);
}

#[test]
fn a_token_is_shown_once_and_what_it_does_stands_under_its_name() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    let new = json!({ "name": "CRM", "role": "admin" });
    let made = admin.ask("POST", "/api/v1/tokens", Some(new.clone()));
    assert_eq!(made.status, 201, "{}", made.text());
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("dzv_"));
    assert_eq!(fault(&admin.ask("POST", "/api/v1/tokens", Some(new))), (422, "/name".to_owned()), "unique");
    assert_eq!(
        fault(&admin.ask("POST", "/api/v1/tokens", Some(json!({ "name": " ", "role": "admin" })))),
        (422, "/name".to_owned())
    );
    let mut program = Caller::token(&world, &secret);
    let mut parking = program.get("/api/v1/parking").json();
    parking["timeout_seconds"] = 99.into();
    assert_eq!(put(&mut program, "/api/v1/parking", parking).status, 200);
    let newest = admin.get("/api/v1/versions?limit=1").json();
    assert_eq!(newest["items"][0]["author"], "token CRM");
    let listed = admin.get("/api/v1/tokens").json();
    assert!(!listed.to_string().contains(&secret));
    assert!(listed["items"][0]["last_used_at"].is_string(), "{listed}");
    assert_eq!(admin.ask("DELETE", "/api/v1/tokens/CRM", None).status, 204);
    assert_eq!(program.get("/api/v1/parking").status, 401);
    assert_eq!(admin.ask("DELETE", "/api/v1/tokens/CRM", None).status, 404);
}

fn deeds(admin: &mut Caller<'_>, query: &str) -> Vec<Value> {
    let answer = admin.get(&format!("/api/v1/audit?{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["items"].as_array().unwrap().clone()
}

#[test]
fn the_audit_log_tells_who_did_what_from_where_before_and_after() {
    let world = RealWorld::new();
    assert_eq!(Caller::nobody(&world).sign_in("admin", "wrong").status, 401);
    let mut admin = world.admin();
    let mut parking = admin.get("/api/v1/parking").json();
    parking["timeout_seconds"] = 99.into();
    assert_eq!(put(&mut admin, "/api/v1/parking", parking).status, 200);
    let body = json!({ "login": "anna", "role": "viewer", "password": "blue horse on tuesday" });
    assert_eq!(admin.ask("POST", USERS, Some(body)).status, 201);
    assert_eq!(admin.ask("DELETE", "/api/v1/calls/17", None).status, 404, "what fails is not a deed");

    let refused = deeds(&mut admin, "what=sign_in_refused");
    assert_eq!((&refused[0]["who"], &refused[0]["address"]), (&json!("admin"), &json!("127.0.0.1")));
    let changes = deeds(&mut admin, "what=change&who=admin");
    let subjects: Vec<&str> = changes.iter().map(|one| one["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["users", "parking"]);
    let field = &changes[1]["fields"][0];
    assert_eq!((&field["before"], &field["after"]), (&json!("120 с"), &json!("99 с")));
    assert_eq!(changes[1]["text"], "Изменены настройки");
    assert!(!changes[0].to_string().contains("argon2"));
    let console = deeds(&mut admin, "who=console");
    assert_eq!((&console[0]["what"], &console[0]["address"]), (&json!("change"), &Value::Null));

    let all = deeds(&mut admin, "limit=2");
    let whole = admin.get("/api/v1/audit?limit=2").json();
    let cursor = whole["next_cursor"].as_str().unwrap();
    let next = deeds(&mut admin, &format!("limit=100&cursor={cursor}"));
    assert!(next[0]["id"].as_str().unwrap().parse::<i64>().unwrap() < all[1]["id"].as_str().unwrap().parse().unwrap());
    let at = all[0]["at"].as_str().unwrap().replace('+', "%2B");
    assert!(deeds(&mut admin, "to=2020-01-01T00:00:00Z").is_empty());
    assert_eq!(deeds(&mut admin, &format!("from={at}"))[0]["id"], all[0]["id"]);
    for wrong in ["what=nothing", "from=x", "cursor=!", "limit=0", "who2=x"] {
        assert_eq!(admin.get(&format!("/api/v1/audit?{wrong}")).status, 400, "{wrong}");
    }
    assert_eq!(admin.ask("DELETE", "/api/v1/session", None).status, 204);
    assert_eq!(deeds(&mut world.admin(), "what=sign_out").len(), 1);
}
