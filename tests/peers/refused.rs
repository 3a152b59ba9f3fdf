//! A telephone that still has another exchange's settings: its attempts to register show it to the admin.

use std::net::UdpSocket;
use std::time::Duration;

use crate::exchange::Exchange;
use crate::process::wait_for;

const OFFICE: &str = "\
[[extension]]\nnumber = \"301\"\nemployee = \"Anna\"\n\
[[extension.device]]\nkind = \"sip\"\nlogin = \"user301s0\"\npassword = \"a-long-password-301\"\n";

fn register(exchange: &Exchange, socket: &UdpSocket, sequence: u32, agent: &str, proof: &str) -> String {
    let (us, to) = (socket.local_addr().unwrap(), exchange.sip);
    let request = format!(
        "REGISTER sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {us};branch=z9hG4bK{sequence}{};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:user301s0@{to}>;tag=1\r\nTo: <sip:user301s0@{to}>\r\nCall-ID: {us}@telephone\r\n\
         CSeq: {sequence} REGISTER\r\nContact: <sip:user301s0@{us}>\r\nUser-Agent: {agent}\r\n{proof}Content-Length: 0\r\n\r\n",
        us.port()
    );
    socket.send_to(request.as_bytes(), to).unwrap();
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer).unwrap();
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

/// Two attempts, the second with a proof that is wrong.
fn try_in_vain(exchange: &Exchange, agent: &str) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let challenge = register(exchange, &socket, 1, agent, "");
    let nonce = challenge.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let proof = format!(
        "Authorization: Digest username=\"user301s0\", realm=\"dozvon\", nonce=\"{nonce}\", uri=\"sip:{}\", \
         response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"c\"\r\n",
        exchange.sip
    );
    let refused = register(exchange, &socket, 2, agent, &proof);
    assert!(refused.starts_with("SIP/2.0 401"), "{refused}");
}

#[test]
fn a_telephone_with_a_wrong_password_is_seen_and_known_by_its_login() {
    let exchange = Exchange::start("refused", OFFICE);
    // says no MAC: it could be anybody
    try_in_vain(&exchange, "baresip v3");
    try_in_vain(&exchange, "Yealink SIP-T46S 66.86.0.15 80:5e:c0:12:34:56");
    let mut phones = Vec::new();
    wait_for("the telephone in the list", Duration::from_secs(15), || {
        phones = exchange.get("/api/v1/phones")["items"].as_array().cloned().unwrap_or_default();
        // this machine may have neighbours that are telephones
        phones.retain(|phone| phone["seen"]["how"] == "sip");
        !phones.is_empty()
    });
    let seen = &phones[0];
    assert_eq!((phones.len(), seen["mac"].as_str()), (1, Some("80:5e:c0:12:34:56")), "{phones:?}");
    assert_eq!(seen["seen"]["model"].as_str(), Some("SIP-T46S"));
    assert_eq!((seen["known_as"].as_str(), seen["template_used"].as_str()), (Some("301"), Some("yealink")));
}
