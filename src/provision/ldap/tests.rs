use super::*;
use crate::office::{Extension, Office};

fn directory(people: usize) -> Directory {
    let extension =
        |number: usize| Extension { employee: format!("Имя {number}"), ..Extension::new(&number.to_string()) };
    let office = Office { extensions: (1000..1000 + people).map(extension).collect(), ..Office::default() };
    Directory::of(&office)
}

/// Written apart from `message_of`: bytes as they go over the wire.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match u8::try_from(length) {
        Ok(short) if short < 0x80 => vec![tag, short],
        _ => [&[tag, 0x84][..], &u32::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    [head, content.to_vec()].concat()
}

fn message(id: u8, op: &[u8]) -> Vec<u8> {
    element(0x30, &[element(2, &[id]), op.to_vec()].concat())
}

fn bind(name: &str, password: &str) -> Vec<u8> {
    let inside = [element(2, &[3]), element(4, name.as_bytes()), element(0x80, password.as_bytes())].concat();
    message(1, &element(0x60, &inside))
}

fn search(filter: &[u8]) -> Vec<u8> {
    let head = [element(4, b"dc=dozvon"), element(10, &[2]), element(10, &[0]), element(2, &[0]), element(2, &[0])];
    let rest = [element(1, &[0]), filter.to_vec(), element(0x30, &element(4, b"CN"))];
    message(2, &element(0x63, &[head.concat(), rest.concat()].concat()))
}

fn present(name: &str) -> Vec<u8> {
    element(0x87, name.as_bytes())
}

const USER: &str = "cn=805ec0123456,ou=phones,dc=dozvon";

struct Peer {
    session: Session,
    directory: Directory,
}

impl Peer {
    fn new() -> Self {
        Self { session: Session::default(), directory: directory(3) }
    }

    fn signed_in() -> Self {
        let mut peer = Self::new();
        assert_eq!(peer.codes(&bind(USER, "secret")), [0]);
        peer
    }

    fn answers(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.session.feed(bytes);
        let right = |mac: Mac, password: &str| mac.plain() == "805ec0123456" && password == "secret";
        let mut out = Vec::new();
        while let Some(answer) = self.session.answer(&self.directory, right) {
            out.extend(answer);
        }
        out
    }

    /// The result codes of the answers, entries left out.
    fn codes(&mut self, bytes: &[u8]) -> Vec<u8> {
        let answers = self.answers(bytes);
        read(&answers).iter().filter(|(tag, _)| *tag != SEARCH_ENTRY).map(|(_, code)| *code).collect()
    }
}

/// Tag and result code of each answer.
fn read(mut bytes: &[u8]) -> Vec<(u64, u8)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (rest, tag) = lber::parse::parse_tag(bytes).unwrap();
        let op = parts(&tag).unwrap()[1].clone();
        let code = content(&parts(&op).unwrap()[0]).unwrap().first().copied().unwrap_or(0);
        all.push((op.id, code));
        bytes = rest;
    }
    all
}

#[test]
fn a_telephone_signs_in_and_finds_its_colleagues() {
    let mut peer = Peer::signed_in();
    let answers = peer.answers(&search(&present("telephoneNumber")));
    assert_eq!(read(&answers).iter().map(|(tag, _)| *tag).collect::<Vec<_>>(), [4, 4, 4, 5]);
    let answers = String::from_utf8_lossy(&answers).into_owned();
    assert!(answers.contains("Имя 1001") && !answers.contains("telephoneNumber"), "only what was wanted: {answers}");
    assert_eq!(peer.session.bound(), Mac::read("805ec0123456"));
    assert_eq!(peer.answers(&message(3, &element(0x42, &[]))), b"");
    assert!(peer.session.is_over());
}

#[test]
fn bytes_may_come_one_by_one_and_messages_together() {
    let mut peer = Peer::new();
    let both = [bind(USER, "secret"), search(&present("cn"))].concat();
    let mut answers = Vec::new();
    for byte in &both {
        answers.extend(peer.answers(&[*byte]));
    }
    assert_eq!(answers, Peer::new().answers(&both));
    assert_eq!(read(&answers).len(), 5);
}

#[test]
fn nobody_without_the_right_password_is_told_anything() {
    for (name, password, code) in
        [("", "", 48), (USER, "", 48), (USER, "wrong", 49), ("cn=805ec0123457,ou=phones,dc=dozvon", "secret", 49)]
    {
        let mut peer = Peer::new();
        assert_eq!(peer.codes(&bind(name, password)), [code], "{name}");
        let answers = peer.answers(&search(&present("cn")));
        assert_eq!(read(&answers), [(5, 50)], "{name}: no entry at all");
    }
    // who fails after all is nobody again
    let mut peer = Peer::signed_in();
    assert_eq!(peer.codes(&bind(USER, "wrong")), [49]);
    assert_eq!(peer.codes(&search(&present("cn"))), [50]);
    assert_eq!(peer.codes(&[bind(USER, "wrong"), bind(USER, "wrong"), bind(USER, "secret")].concat()), [49, 49]);
    assert!(peer.session.is_over(), "three are enough");
}

#[test]
fn other_versions_ways_and_changes_are_refused_by_their_own_answers() {
    let version = |version: u8| {
        let inside = [element(2, &[version]), element(4, USER.as_bytes()), element(0x80, b"secret")].concat();
        message(1, &element(0x60, &inside))
    };
    assert_eq!(Peer::new().codes(&version(2)), [2]);
    let sasl = [element(2, &[3]), element(4, b""), element(0xa3, &element(4, b"EXTERNAL"))].concat();
    assert_eq!(Peer::new().codes(&message(1, &element(0x60, &sasl))), [7]);
    for (tag, answer) in [(0x66, 7), (0x68, 9), (0x4a, 11), (0x6c, 13), (0x6e, 15)] {
        let content = if tag == 0x4a { b"dc=dozvon".to_vec() } else { element(4, b"dc=dozvon") };
        let answers = Peer::signed_in().answers(&message(7, &element(tag, &content)));
        assert_eq!(read(&answers), [(answer, 53)]);
    }
    // StartTLS
    let answers = Peer::signed_in().answers(&message(7, &element(0x77, &element(0x80, b"1.3.6.1.4.1.1466.20037"))));
    assert_eq!(read(&answers), [(24, 2)]);
}

#[test]
fn a_control_that_must_be_understood_is_refused_and_another_passed_over() {
    let with = |critical: u8| {
        let mut op = search(&present("cn"));
        let control = element(0x30, &[element(4, b"1.2.840.113556.1.4.319"), element(1, &[critical])].concat());
        let inside = [op.split_off(2), element(0xa0, &control)].concat();
        element(0x30, &inside)
    };
    assert_eq!(Peer::signed_in().codes(&with(0)), [0]);
    assert_eq!(Peer::signed_in().codes(&with(0xff)), [12]);
}

#[test]
fn an_answer_has_no_more_entries_than_its_bound() {
    let mut peer = Peer::signed_in();
    peer.directory = directory(super::super::directory::MOST + 1);
    let answers = peer.answers(&search(&present("cn")));
    let answers = read(&answers);
    assert_eq!((answers.len(), answers.last()), (501, Some(&(5, 4))));
}

#[test]
fn what_is_broken_too_long_or_too_deep_ends_the_connection() {
    let deep = |levels: usize| (0..levels).fold(present("cn"), |inside, _| element(0xa2, &inside));
    assert_eq!(Peer::signed_in().codes(&search(&deep(10))), [0]);
    let indefinite = [0x30, 0x80, 0, 0];
    let sticks_out = message(2, &[0x63, 0x7f]);
    let long = [0x30, 0x84, 0, 1, 0, 0];
    for (what, bytes) in [
        ("deep", search(&deep(100))),
        ("deepest", search(&deep(1500))),
        ("indefinite", indefinite.to_vec()),
        ("sticks out", sticks_out),
        ("long", long.to_vec()),
        ("no LDAP", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("no message", element(0x30, &element(2, &[1]))),
        ("no request", message(2, &element(0x61, b""))),
        ("a negative id", element(0x30, &[element(2, &[0xff]), element(0x42, b"")].concat())),
    ] {
        let mut peer = Peer::signed_in();
        let answers = peer.answers(&bytes);
        assert_eq!(read(&answers), [(24, 2)], "{what}");
        assert!(String::from_utf8_lossy(&answers).contains("1.3.6.1.4.1.1466.20036"), "{what}");
        assert!(peer.session.is_over(), "{what}");
        assert_eq!(peer.answers(&search(&present("cn"))), b"", "{what}: nothing more");
    }
    // a question that is none: answered, and the connection stays
    let answers = Peer::signed_in().answers(&message(2, &element(0x63, &element(4, b"dc=dozvon"))));
    assert_eq!(read(&answers), [(5, 2)]);
}

#[test]
fn a_filter_is_read_as_it_was_meant() {
    let pair = |tag: u8, value: &str| element(tag, &[element(4, b"cn"), element(4, value.as_bytes())].concat());
    let pieces = [element(0x80, b"a"), element(0x81, b"b"), element(0x82, b"c")].concat();
    let substrings = element(0xa4, &[element(4, b"cn"), element(0x30, &pieces)].concat());
    let any = element(0xa4, &[element(4, b"cn"), element(0x30, &element(0x81, b"b"))].concat());
    let cn = || "cn".to_owned();
    let of = |pieces: &[&str]| Filter::Substrings(cn(), pieces.iter().map(|piece| (*piece).to_owned()).collect());
    for (bytes, meant) in [
        (pair(0xa3, "x"), Filter::Equal(cn(), "x".to_owned())),
        (pair(0xa8, "x"), Filter::Equal(cn(), "x".to_owned())),
        (pair(0xa5, "x"), Filter::AtLeast(cn(), "x".to_owned())),
        (pair(0xa6, "x"), Filter::AtMost(cn(), "x".to_owned())),
        (substrings, of(&["a", "b", "c"])),
        (any, of(&["", "b", ""])),
        (element(0xa2, &present("cn")), Filter::Not(Box::new(Filter::Present(cn())))),
        (element(0xa0, &[present("cn"), present("cn")].concat()), {
            Filter::And(vec![Filter::Present(cn()), Filter::Present(cn())])
        }),
        (element(0xa1, &[]), Filter::Or(Vec::new())),
        (element(0xa9, &element(0x83, b"x")), Filter::Unknown),
    ] {
        let (_, tag) = lber::parse::parse_tag(&bytes).unwrap();
        assert_eq!(read_filter(&tag), Some(meant));
    }
}

#[test]
fn an_id_is_written_as_short_as_it_can_be() {
    for (id, bytes) in [(0, &[0][..]), (127, &[127]), (128, &[0, 128]), (0x7fff_ffff, &[0x7f, 0xff, 0xff, 0xff])] {
        let message = message_of(id, result(1, 0, ""));
        let (_, tag) = lber::parse::parse_tag(&message).unwrap();
        assert_eq!(content(&parts(&tag).unwrap()[0]).unwrap(), bytes);
    }
}
