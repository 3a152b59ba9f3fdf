//! Two boxes and two telephones on one switch, in network namespaces of the test's own: the box that serves dies in a call, the other one
//! takes its address over, and the telephones call again. Needs root, iproute2, keepalived, openssh-server, rsync, curl, baresip, and
//! Litestream where `DOZVON_LITESTREAM` says.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can't go on says where, and it runs in real time"
)]

mod machine;
#[path = "../discovery/place.rs"]
mod place;
mod telephone;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use machine::{Machine, SHARED};
use place::{Place, wait_for};
use telephone::Telephone;

/// Two extensions and a call of each to the other.
const OFFICE: &str = r#"[office]
name = "Standby"
language = "en"
[[extension]]
number = "200"
employee = "Reception"
[[extension.device]]
kind = "sip"
login = "user200s0"
password = "phone-secret-200"
[[extension]]
number = "201"
employee = "Accounts"
[[extension.device]]
kind = "sip"
login = "user201s0"
password = "phone-secret-201"
"#;
/// By when telephones must be able to call again.
const BACK_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn a_box_dies_in_a_call_and_the_other_one_serves() {
    let switch = Place::switch(&["br0"]);
    let [first, second] = Machine::pair(&switch);
    first.command(&["apply", first.path("office.toml", OFFICE).to_str().unwrap()]);
    let token = first.token();
    first.begin();
    wait_for("the first box to serve", Duration::from_secs(60), || first.serves().then_some(()));
    second.begin();
    let office = Place::new();
    switch.plug("br0", &office, "eth0", None);
    office.run(|| place::ip("addr add 192.168.77.50/24 dev eth0"));
    let office = Arc::new(office);
    let reception = Telephone::start(&office, "user200s0", "phone-secret-200", 5070);
    let accounts = Telephone::start(&office, "user201s0", "phone-secret-201", 5080);
    first.wait_until_registered(&token, &["200", "201"]);
    wait_for("the second box to have received something", Duration::from_secs(30), || second.received().then_some(()));

    reception.dial("201");
    accounts.wait_until_talking(1);
    // settings are changed one after the other until the box is gone: each that was acknowledged must be there afterwards
    let changed = Arc::new(AtomicU32::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let changing = {
        let (changed, over, office, token) =
            (Arc::clone(&changed), Arc::clone(&over), Arc::clone(&office), token.clone());
        std::thread::spawn(move || {
            for number in 1.. {
                let body = json!({ "number": (300 + number).to_string(), "employee": format!("Number {number}") });
                let (status, _) = machine::ask(&office, &token, "POST", "extensions", Some(&body));
                if over.load(Ordering::SeqCst) {
                    return;
                }
                assert_eq!(status, 201, "before the box died");
                changed.store(number, Ordering::SeqCst);
            }
        })
    };
    wait_for("twenty changes", Duration::from_secs(60), || (changed.load(Ordering::SeqCst) >= 20).then_some(()));
    let calls_before = machine::calls(&office, &token);
    // the last second may be lost
    std::thread::sleep(Duration::from_secs(1));
    over.store(true, Ordering::SeqCst);
    let acknowledged = changed.load(Ordering::SeqCst);
    let died = Instant::now();
    first.dies();
    changing.join().unwrap();

    // as people do: hang up, dial again
    reception.hang_up();
    accounts.hang_up();
    let back = wait_for("a call after the first box died", Duration::from_secs(60), || {
        reception.dial("201");
        let end = Instant::now() + Duration::from_secs(1);
        while Instant::now() < end {
            if accounts.talks() >= 2 && reception.talks() >= 2 {
                return Some(died.elapsed());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        reception.hang_up();
        None
    });
    println!("{acknowledged} changes were acknowledged; telephones talk again after {:.1} s", back.as_secs_f64());
    let (status, extensions) = machine::ask(&office, &token, "GET", "extensions?limit=500", None);
    assert_eq!(status, 200, "{extensions}");
    let there: BTreeSet<String> =
        extensions["items"].as_array().unwrap().iter().map(|one| one["number"].as_str().unwrap().to_owned()).collect();
    let missing: Vec<u32> =
        (1..=acknowledged).map(|number| 300 + number).filter(|number| !there.contains(&number.to_string())).collect();
    assert!(missing.is_empty(), "acknowledged, and lost with the first box: {missing:?}\n{}", second.log());
    let calls = machine::calls(&office, &token);
    assert!(calls_before.is_subset(&calls), "rows of history are lost: {calls_before:?}, {calls:?}");
    assert!(back < BACK_WITHIN, "{back:?}\n{}", second.log());

    // it comes back, follows, and takes nothing away
    let first = first.returns();
    first.begin();
    wait_for("the first box to follow", Duration::from_secs(60), || first.log().contains("follows").then_some(()));
    let mark = json!({ "number": "299", "employee": "After all" });
    assert_eq!(machine::ask(&office, &token, "POST", "extensions", Some(&mark)).0, 201);
    wait_for("the first box to have received something", Duration::from_secs(30), || first.received().then_some(()));
    assert!(second.serves() && !first.serves());
    assert_eq!(machine::ask(&office, &token, "GET", "extensions/299", None).0, 200, "{SHARED} still answers");
    // and the way back: what was changed at the second box is there when it dies
    second.dies();
    wait_for("the first box to serve again", Duration::from_secs(60), || {
        (first.serves() && machine::ask(&office, &token, "GET", "extensions/299", None).0 == 200).then_some(())
    });
}
