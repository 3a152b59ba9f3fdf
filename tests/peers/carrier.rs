//! Kamailio as the carrier: our trunk registers there with digest, calls of the city come from one port of loopback and go to
//! our contact, and our calls are asked for digest and go to that port.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use crate::exchange::options;
use crate::process::{Running, Scratch, free_ports, wait_for};

/// A carrier and the port of the one who calls and is called in the city.
pub(crate) struct Carrier {
    pub(crate) sip: SocketAddr,
    pub(crate) city: SocketAddr,
    dir: Scratch,
    _process: Running,
}

/// How carriers differ.
#[derive(Clone, Copy)]
pub(crate) struct Ways {
    /// 401, or 407 to a REGISTER, as some do.
    pub(crate) challenge: u16,
    /// `MD5` or `SHA-256`.
    pub(crate) digest: &'static str,
    /// `udp` or `tcp`.
    pub(crate) transport: &'static str,
}

impl Default for Ways {
    fn default() -> Self {
        Self { challenge: 401, digest: "MD5", transport: "udp" }
    }
}

impl Carrier {
    /// Starts it and waits until it answers.
    pub(crate) fn start(login: &str, password: &str, ways: Ways) -> Self {
        let dir = Scratch::new("kamailio");
        let ports = free_ports(4);
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let (sip, city) = (loopback(ports), loopback(ports + 2));
        let config = dir.write("kamailio.cfg", &config(sip, city, login, password, ways));
        let run = dir.0.to_str().unwrap();
        // 16 MB shared and 4 MB a process: bounded, and plenty
        let arguments = ["-f", config.to_str().unwrap(), "-DD", "-E", "-m", "16", "-M", "4", "-Y", run];
        let process = Running::start("kamailio", "kamailio", &arguments, &dir.path("log"));
        let carrier = Self { sip, city, dir, _process: process };
        wait_for("Kamailio to answer", Duration::from_secs(10), || carrier.answers());
        carrier
    }

    fn answers(&self) -> bool {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let us = socket.local_addr().unwrap();
        let _ = socket.send_to(options(self.sip, us, "UDP", 0).as_bytes(), self.sip);
        socket.recv(&mut [0; 2048]).is_ok()
    }

    /// What it said of the requests it saw.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.dir.path("log")).unwrap_or_default()).into_owned()
    }
}

fn config(sip: SocketAddr, city: SocketAddr, login: &str, password: &str, ways: Ways) -> String {
    let modules = ["tm", "sl", "rr", "pv", "maxfwd", "textops", "siputils", "xlog", "usrloc", "registrar", "auth"];
    let modules = modules.map(|name| format!("loadmodule \"{name}.so\"\n")).concat();
    let register = match ways.challenge {
        407 => "if (!pv_proxy_authenticate(\"$td\", \"PASSWORD\", \"0\")) { proxy_challenge(\"$td\", \"1\"); exit; }",
        _ => "if (!pv_www_authenticate(\"$td\", \"PASSWORD\", \"0\")) { www_challenge(\"$td\", \"1\"); exit; }",
    };
    let tcp = if ways.transport == "tcp" {
        format!("listen=tcp:{sip}\ntcp_children=1\n")
    } else {
        "disable_tcp=yes\n".into()
    };
    ROUTES
        .replace("MODULES", &modules)
        .replace("REGISTER_AUTHENTICATION", register)
        .replace("LISTEN", &format!("listen=udp:{sip}\n{tcp}"))
        .replace("DIGEST", ways.digest)
        .replace("CITY_PORT", &city.port().to_string())
        .replace("LOGIN", login)
        .replace("PASSWORD", password)
}

/// What it does with a request. Its own words in the log begin with `carrier:`.
const ROUTES: &str = r#"#!KAMAILIO
debug=0
log_stderror=yes
children=1
auto_aliases=no
dns=off
rev_dns=off
LISTENmpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
MODULESmodparam("registrar", "max_expires", 60)
modparam("auth", "algorithm", "DIGEST")
modparam("auth", "nonce_expire", 20)

request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (has_totag()) {
        if (loose_route()) { t_relay(); exit; }
        if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
        sl_send_reply("404", "Not Here");
        exit;
    }
    if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
    if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
    xlog("L_ERR", "carrier: $rm $ru from $fu contact $ct expires $hdr(Expires)\n");
    if (is_method("REGISTER")) {
        if ($tU != "LOGIN") { sl_send_reply("403", "Forbidden"); exit; }
        REGISTER_AUTHENTICATION
        save("location");
        exit;
    }
    if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
    record_route();
    if ($sp == CITY_PORT) {
        # a call of the city: to whoever registered for the number
        if (!lookup("location")) { sl_send_reply("404", "No Such Number"); exit; }
        t_relay();
        exit;
    }
    if (!pv_proxy_authenticate("$fd", "PASSWORD", "0")) { proxy_challenge("$fd", "1"); exit; }
    if ($au != "LOGIN") { sl_send_reply("403", "Forbidden"); exit; }
    consume_credentials();
    $du = "sip:127.0.0.1:CITY_PORT";
    t_relay();
    exit;
}
"#;
