//! `system/update` on a machine that is not the box: it says so, and takes nothing.

use serde_json::json;

use crate::client::Caller;
use crate::world::{TOKEN, VIEWER_TOKEN, World};

const UPDATE: &str = "/api/v1/system/update";

#[test]
fn off_the_box_there_is_no_update_and_none_is_taken() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN).with("Accept-Language", "en");
    let view = admin.get(UPDATE);
    assert_eq!((view.status, &view.json()["state"]), (200, &json!("none")));
    let brought = admin.bring("POST", UPDATE, b"dozvon-update v1\n");
    assert_eq!(brought.status, 409);
    assert!(brought.json()["detail"].as_str().unwrap().contains("image"));
    assert_eq!(admin.ask("POST", &format!("{UPDATE}/start"), Some(json!({ "when": "now" }))).status, 409);
    assert_eq!(admin.ask("POST", &format!("{UPDATE}/start"), Some(json!({ "when": "soon" }))).status, 422);
    let stick = json!({ "stick": "sdb1", "file": "dozvon.update" });
    assert_eq!(admin.ask("POST", &format!("{UPDATE}/from-stick"), Some(stick)).status, 409);
}

#[test]
fn a_viewer_sees_the_update_and_begins_none() {
    let world = World::new();
    let mut viewer = Caller::token(&world, VIEWER_TOKEN);
    assert_eq!(viewer.get(UPDATE).status, 200);
    assert_eq!(viewer.ask("POST", &format!("{UPDATE}/start"), Some(json!({ "when": "now" }))).status, 403);
    assert_eq!(viewer.bring("POST", UPDATE, b"x").status, 403);
    assert_eq!(viewer.ask("DELETE", UPDATE, None).status, 403);
}
