//! Telephones find the box and configure themselves, in network namespaces of the test's own: an office's network with a switch, the
//! box, and makers' telephones that know nothing but their firmware. Needs root, iproute2, curl, dnsmasq, baresip and tshark.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can't go on says where, and it runs in real time"
)]

mod capture;
mod exchange;
mod place;
mod telephone;
mod wire;

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use exchange::{BOX, Exchange};
use place::{Place, Running, ip, wait_for};
use telephone::{Finds, MAKES, Telephone, lines};
use wire::{http, lease, refusal, tftp};

/// An office with an extension for each of the makes, from 201.
fn office(provisioning: &str) -> String {
    let mut office = String::from("[office]\nname = \"Ромашка\"\n");
    for number in 201..=212 {
        office.push_str(&format!(
            "[[extension]]\nnumber = \"{number}\"\nemployee = \"Сотрудник {number} <&>\"\n[[extension.device]]\nkind = \"sip\"\n\
             login = \"rik33+user{number}s0\"\npassword = \"Long4711<&>{number}\"\n"
        ));
    }
    office + "[provisioning]\n" + provisioning
}

#[test]
fn ten_makers_telephones_are_registered_by_one_click_each() {
    let switch = Place::switch(&["br0", "br1"]);
    let exchange = Exchange::start(
        "makers",
        &switch,
        &office("pnp = true\ndhcp = true\ndhcp_interface = \"eth0\"\ntftp = true\n"),
    );
    exchange.wait_for_way("dhcp", "on");
    for way in ["pnp", "tftp"] {
        exchange.wait_for_way(way, "on");
    }
    let telephones: Vec<Telephone> = MAKES.iter().map(|make| Telephone::plug_in(*make, &switch)).collect();
    for (make, number) in MAKES.iter().zip(201..) {
        let seen = exchange.seen(make.mac);
        assert_eq!(seen["vendor"], make.vendor, "{seen}");
        exchange.connect(&json!({ "mac": make.mac, "lines": [{ "extension": number.to_string() }] }));
    }
    for (make, number) in MAKES.iter().zip(201..) {
        exchange.wait_until_registered(&number.to_string());
        let phone = exchange.get(&format!("phones/{}", make.mac));
        assert_eq!(phone["given"]["current"], true, "{phone}");
        let fetches = exchange.get(&format!("phones/{}/fetches", make.mac));
        let outcomes: Vec<&str> =
            fetches["items"].as_array().unwrap().iter().filter_map(|one| one["outcome"].as_str()).collect();
        assert!(outcomes.contains(&"given_once"), "{}: {fetches}", make.vendor);
    }
    let pnp = MAKES.iter().find(|make| make.finds == Finds::Pnp).unwrap();
    assert_eq!(exchange.get(&format!("phones/{}", pnp.mac))["model"], "D785");

    // a change reaches the telephone by NOTIFY, and it fetches its file by its own address
    let (_, etag, mut extension) = exchange.ask("GET", "extensions/201", None, None);
    extension["employee"] = json!("Новое имя");
    let (status, _, body) = exchange.ask("PUT", "extensions/201", Some(&extension), Some(&etag));
    assert_eq!(status, 200, "{body}");
    wait_for("the new name on the telephone", Duration::from_secs(60), || {
        let names = telephones[0].names.lock().unwrap();
        (names.last().is_some_and(|name| name.contains("Новое имя"))).then_some(())
    });

    // the other network is not served
    let elsewhere = Arc::new(Place::new());
    switch.plug("br1", &elsewhere, "eth0", Some("80:5e:c0:99:99:99"));
    assert!(elsewhere.run(|| lease("80:5e:c0:99:99:99", "yealink", Duration::from_secs(5))).is_none());
}

#[test]
fn whoever_guesses_macs_gets_nothing_and_learns_nothing() {
    let switch = Place::switch(&["br0", "br1"]);
    let exchange = Exchange::start("sweep", &switch, &office("tftp = true\n"));
    exchange.wait_for_way("tftp", "on");
    let home = "80:5e:c0:12:34:56";
    exchange.connect(&json!({ "mac": home, "lines": [{ "extension": "201" }] }));
    let thief = Arc::new(Place::new());
    switch.plug("br0", &thief, "eth0", Some("02:11:22:33:44:55"));
    thief.run(|| ip("addr add 192.168.77.66/24 dev eth0"));
    let folder = exchange.get("phones/setup")["url"].as_str().unwrap().to_owned();
    let folder = format!("http://{BOX}:8080/{}", folder.splitn(4, '/').nth(3).unwrap());
    let agent = "Yealink SIP-T46S 66.86.0.15 80:5e:c0:12:34:56";
    let answers = thief.run(move || {
        let macs = (0..60u32).map(|n| if n == 20 { 0x0012_3456 } else { n });
        let ask = |mac: u32| {
            let name = format!("805ec0{mac:06x}.cfg");
            (refusal(agent, &format!("{folder}{name}")), tftp(&name).err())
        };
        let guessed: Vec<(String, Option<u8>)> = macs.map(ask).collect();
        let secret = (refusal(agent, &format!("http://{BOX}:8080/provision/guess/805ec0123456.cfg")), Some(1));
        guessed.into_iter().chain([secret]).collect::<Vec<_>>()
    });
    assert!(answers[0].0.starts_with("HTTP/1.1 404"), "{}", answers[0].0);
    for answer in &answers {
        assert_eq!(*answer, answers[0], "the same for every MAC, before and after it is left without answers");
    }
    let phone = exchange.get(&format!("phones/{home}"));
    assert!(phone["given"].is_null(), "{phone}");
    // whichever came first: too many in a second, or too many telephones
    let log = exchange.log();
    let is_told = log.contains("left without an answer") || log.contains("asks too fast");
    assert!(is_told, "a sweep is told in the log");
}

#[test]
fn beside_another_dhcp_server_the_box_keeps_quiet_and_says_so() {
    let switch = Place::switch(&["br0", "br1"]);
    let router = Arc::new(Place::new());
    switch.plug("br0", &router, "eth0", None);
    let log = std::env::temp_dir().join(format!("dozvon-dnsmasq-{}.log", std::process::id()));
    let to = log.clone();
    let _dnsmasq = router.run(move || {
        ip("addr add 192.168.77.1/24 dev eth0");
        let leases = to.with_extension("leases");
        let arguments = [
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--port=0",
            "--user=root",
            "--interface=eth0",
            "--dhcp-range=192.168.77.50,192.168.77.60",
            "--dhcp-authoritative",
            "--pid-file",
            &format!("--dhcp-leasefile={}", leases.display()),
        ];
        Running::start("dnsmasq", &arguments, &to)
    });
    let exchange = Exchange::start("two", &switch, &office("dhcp = true\ndhcp_interface = \"eth0\"\n"));
    let text = exchange.wait_for_way("dhcp", "closed");
    assert!(text.contains("192.168.77.1"), "{text}");
    assert!(exchange.log().contains("another DHCP server answers: 192.168.77.1"), "{}", exchange.log());
    let phone = Arc::new(Place::new());
    switch.plug("br0", &phone, "eth0", Some(MAKES[0].mac));
    let given = phone
        .run(|| lease(MAKES[0].mac, MAKES[0].class, Duration::from_secs(60)))
        .expect("the router gives an address");
    assert_eq!(given.server, "192.168.77.1".parse::<std::net::Ipv4Addr>().unwrap());
    assert_eq!(exchange.seen(MAKES[0].mac)["how"], "dhcp", "it was heard all the same");
    for name in [log.clone(), log.with_extension("leases")] {
        let _ = std::fs::remove_file(name);
    }
}

#[test]
fn baresip_takes_its_account_from_the_box_and_calls() {
    let switch = Place::switch(&["br0", "br1"]);
    let exchange = Exchange::start("baresip", &switch, &office("pnp = false\n"));
    let mac = "02:00:00:12:34:57";
    exchange.connect(&json!({ "mac": mac, "template": "generic", "lines": [{ "extension": "205" }] }));
    let folder = exchange.get(&format!("phones/{mac}/address"))["url"].as_str().unwrap().to_owned();
    let url = format!("http://{BOX}:8080/{}", folder.splitn(4, '/').nth(3).unwrap());
    let place = Arc::new(Place::new());
    switch.plug("br0", &place, "eth0", Some(mac));
    let dir = exchange.dir.join("baresip");
    std::fs::create_dir_all(&dir).unwrap();
    let at = dir.clone();
    let _baresip = place.run(move || {
        ip("addr add 192.168.77.30/24 dev eth0");
        let set = lines(&http("baresip v1.0.0 (x86_64/linux)", &url).unwrap_or_else(|status| panic!("{url}: {status}")));
        let of = |key: &str| set.get(&format!("account.1.{key}")).unwrap_or_else(|| panic!("{key} in {set:?}"));
        let account = format!(
            "<sip:{login}@{}:{};transport={}>;auth_user={login};auth_pass={};regint=60;audio_codecs=pcma\n",
            of("server"),
            of("port"),
            of("transport"),
            of("password"),
            login = of("login"),
        );
        let voice = at.join("voice.wav");
        std::fs::write(&voice, quiet_wav()).unwrap();
        std::fs::write(at.join("accounts"), account).unwrap();
        std::fs::write(at.join("contacts"), "").unwrap();
        let config = "poll_method epoll\nsip_listen 192.168.77.30:5060\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\n\
                      module aufile.so\nmodule aubridge.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
                      ctrl_tcp_listen 192.168.77.30:4444\naudio_source aufile,VOICE\naudio_player aubridge,sink\naudio_alert aubridge,alert\n\
                      ausrc_srate 8000\nausrc_channels 1\n";
        std::fs::write(at.join("config"), config.replace("VOICE", voice.to_str().unwrap())).unwrap();
        Running::start("baresip", &["-s", "-f", at.to_str().unwrap()], &at.join("log"))
    });
    exchange.wait_until_registered("205");
    place.run(|| {
        let order = "{\"command\":\"dial\",\"params\":\"*43\",\"token\":\"t\"}";
        let script = format!("printf '%s' '{}:{order},' >&3; sleep 1", order.len());
        let bash = format!("exec 3<>/dev/tcp/192.168.77.30/4444; {script}");
        assert!(Command::new("bash").args(["-c", &bash]).status().unwrap().success());
    });
    let log = dir.join("log");
    wait_for("the echo to answer baresip", Duration::from_secs(30), || {
        std::fs::read_to_string(&log).unwrap_or_default().contains("Call established").then_some(())
    });
}

/// A minute of silence: PCM, 8 kHz, mono, 16 bits.
fn quiet_wav() -> Vec<u8> {
    let bytes: u32 = 8_000 * 2 * 60;
    let mut wav = [b"RIFF".as_slice(), &(36 + bytes).to_le_bytes(), b"WAVEfmt ", &16u32.to_le_bytes()].concat();
    wav.extend([1u16, 1].iter().flat_map(|field| field.to_le_bytes()));
    wav.extend([8_000u32, 16_000].iter().flat_map(|field| field.to_le_bytes()));
    wav.extend([2u16, 16].iter().flat_map(|field| field.to_le_bytes()));
    wav.extend([b"data".as_slice(), &bytes.to_le_bytes()].concat());
    wav.resize(wav.len() + usize::try_from(bytes).unwrap(), 0);
    wav
}
