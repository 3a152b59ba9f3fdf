//! Against servers of the test's own on loopback, which only tests may ask.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;
use crate::io::out::Distrust;
use crate::office::Authority;

const TEST: Outgoing = Outgoing::of(true);

/// An authority, and a server for `name` under it that answers once.
fn server(name: &str, answer: Vec<u8>) -> (Authority, u16) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let chain = vec![CertificateDer::from(leaf.der().to_vec())];
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, private).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::Stream::new(&mut tls, &mut socket);
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                head.push(byte[0]);
            }
            let _ = stream.write_all(&answer).and_then(|()| stream.flush());
        }
    });
    (Authority { name: "test".to_owned(), certificate: root.pem() }, port)
}

fn get(url: &str, trust: &Trust) -> Result<(u16, Vec<u8>), OutError> {
    let answer = fetch(Request::get(url).body(Vec::new()).unwrap(), trust, TEST)?;
    Ok((answer.status().as_u16(), answer.into_body()))
}

#[test]
fn a_server_is_believed_under_an_own_authority_and_under_no_other() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_vec();
    let (authority, port) = server("localhost", answer);
    let url = format!("https://localhost:{port}/x?y=z");
    assert_eq!(get(&url, &Trust::new(std::slice::from_ref(&authority))), Ok((200, b"hi".to_vec())));
    assert_eq!(get(&url, &Trust::new(&[])), Err(OutError::Certificate(Distrust::Unknown)));
    assert_eq!(get(&url, &Trust::any()), Ok((200, b"hi".to_vec())));
    let other = format!("https://127.0.0.1:{port}/");
    assert_eq!(get(&other, &Trust::new(&[authority])), Err(OutError::Certificate(Distrust::OtherName)));
}

#[test]
fn no_redirect_is_followed_and_no_endless_answer_read() {
    let away = b"HTTP/1.1 302 Found\r\nLocation: https://localhost/\r\nContent-Length: 0\r\n\r\n".to_vec();
    let (authority, port) = server("localhost", away);
    let trust = Trust::new(&[authority]);
    assert_eq!(get(&format!("https://localhost:{port}/"), &trust).map(|(status, _)| status), Ok(302));
    let mut long = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", ANSWER + 1).into_bytes();
    long.resize(long.len() + ANSWER + 1, b'x');
    let (authority, port) = server("localhost", long);
    assert_eq!(get(&format!("https://localhost:{port}/"), &Trust::new(&[authority])), Err(OutError::TooLong));
}

#[test]
fn an_address_that_is_none_asks_nobody() {
    let trust = Trust::any();
    for url in ["ftp://localhost/", "https://user@localhost/", "/path"] {
        assert!(matches!(get(url, &trust), Err(OutError::Address(_))), "{url}");
    }
}
