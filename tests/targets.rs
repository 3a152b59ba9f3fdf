//! The fuzz targets of tests/fuzz without their fuzzer: each gets its corpus, and what a fixed seed makes of it. A short look at each
//! parser with every test; `scripts/fuzz` looks for longer, led by coverage.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says where")]
#![allow(unused_attributes, reason = "each target is a program of its own for the fuzzer, which brings its main")]

use std::fs;
use std::path::Path;

use dozvon::base::Rng;
use dozvon::machine::update::{Contents, PRODUCT, Release, Version, measure};
use dozvon::trust::SecretKey;

#[path = "fuzz/fuzz_targets/codec.rs"]
mod codec;
#[path = "fuzz/fuzz_targets/dhcp.rs"]
mod dhcp;
#[path = "fuzz/fuzz_targets/jitter.rs"]
mod jitter;
#[path = "fuzz/fuzz_targets/lamp.rs"]
mod lamp;
#[path = "fuzz/fuzz_targets/ldap.rs"]
mod ldap;
#[path = "fuzz/fuzz_targets/office.rs"]
mod office;
#[path = "fuzz/fuzz_targets/phone_agent.rs"]
mod phone_agent;
#[path = "fuzz/fuzz_targets/phone_template.rs"]
mod phone_template;
#[path = "fuzz/fuzz_targets/plane.rs"]
mod plane;
#[path = "fuzz/fuzz_targets/pnp.rs"]
mod pnp;
#[path = "fuzz/fuzz_targets/rtcp.rs"]
mod rtcp;
#[path = "fuzz/fuzz_targets/rtp.rs"]
mod rtp;
#[path = "fuzz/fuzz_targets/sdp.rs"]
mod sdp;
#[path = "fuzz/fuzz_targets/sip_framer.rs"]
mod sip_framer;
#[path = "fuzz/fuzz_targets/sip_message.rs"]
mod sip_message;
#[path = "fuzz/fuzz_targets/sip_uri.rs"]
mod sip_uri;
#[path = "fuzz/fuzz_targets/srtp.rs"]
mod srtp;
#[path = "fuzz/fuzz_targets/tftp.rs"]
mod tftp;
#[path = "fuzz/fuzz_targets/update.rs"]
mod update;

// The targets ask for their fuzzer's macro by its name.
extern crate self as libfuzzer_sys;

/// In place of the fuzzer's: a function that takes one input.
#[macro_export]
macro_rules! fuzz_target {
    (|$input:ident: $kind:ty| $body:expr) => {
        pub(crate) fn run(bytes: &[u8]) {
            let $input: $kind = $crate::Input::of(bytes);
            $body
        }
    };
}

/// What a target may ask for.
pub(crate) trait Input<'a> {
    fn of(bytes: &'a [u8]) -> Self;
}

impl<'a> Input<'a> for &'a [u8] {
    fn of(bytes: &'a [u8]) -> Self {
        bytes
    }
}

impl<'a> Input<'a> for &'a str {
    fn of(bytes: &'a [u8]) -> Self {
        bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
    }
}

/// Each of them has its length before it.
impl<'a> Input<'a> for Vec<Vec<u8>> {
    fn of(mut bytes: &'a [u8]) -> Self {
        let mut all = Vec::new();
        while let [length, rest @ ..] = bytes {
            let (one, later) = rest.split_at(rest.len().min((*length).into()));
            all.push(one.to_vec());
            bytes = later;
        }
        all
    }
}

impl<'a, T: Input<'a>> Input<'a> for (bool, T) {
    fn of(bytes: &'a [u8]) -> Self {
        bytes.split_first().map_or_else(|| (false, T::of(bytes)), |(first, rest)| (first & 1 == 1, T::of(rest)))
    }
}

impl<'a, T: Input<'a>> Input<'a> for (u8, T) {
    fn of(bytes: &'a [u8]) -> Self {
        bytes.split_first().map_or_else(|| (0, T::of(bytes)), |(first, rest)| (*first, T::of(rest)))
    }
}

/// Each `name, how many inputs, what to begin with` is a test.
macro_rules! targets {
    ($($name:ident, $inputs:literal, $seeds:expr;)*) => {
        $(
            #[test]
            fn $name() {
                short_run(stringify!($name), $inputs, $seeds, $name::run);
            }
        )*
    };
}

targets! {
    codec, 400, Vec::new();
    dhcp, 2000, Vec::new();
    jitter, 2000, Vec::new();
    lamp, 200, Vec::new();
    ldap, 2000, Vec::new();
    office, 60, vec![include_bytes!("../config/office.example.toml").to_vec()];
    phone_agent, 3000, Vec::new();
    phone_template, 300, files("config/phones");
    plane, 200, talks();
    pnp, 1000, Vec::new();
    rtcp, 5000, vec![b"\x80\xc8\0\x06\0\0\0\x01abcdefghijklmnopqrst\x81\xcb\0\x01\0\0\0\x01".to_vec()];
    rtp, 3000, vec![datagram(0), [datagram(101), datagram(101), datagram(8)].concat()];
    sdp, 1000, Vec::new();
    sip_framer, 2000, Vec::new();
    sip_message, 3000, files("tests/data/torture");
    sip_uri, 3000, Vec::new();
    srtp, 1000, vec![[vec![1], datagram(0), datagram(8)].concat()];
    tftp, 3000, Vec::new();
    update, 2000, vec![small_update(), b"# GRUB Environment Block\nslot=a\ntrial=b\ntries=2\nfailed=\n".to_vec()];
}

/// Signed with the target's key.
fn small_update() -> Vec<u8> {
    let slot = b"squashfs";
    let (size, hashes) = measure(&slot[..]).unwrap();
    let version = Version::parse("1.4.2").unwrap();
    let release = Release { version, format: 1, product: PRODUCT.to_owned(), built: 1 };
    let contents = Contents { release, notes_ru: String::new(), notes_en: "news".to_owned() };
    let key = SecretKey::new("fuzz", [7; 32]).unwrap();
    [contents.sign(size, &hashes, &key).unwrap(), slot.to_vec()].concat()
}

/// RTP with a length before it.
fn datagram(payload_type: u8) -> Vec<u8> {
    let mut packet = vec![20, 0x80, payload_type, 0, 1, 0, 0, 0, 160, 0, 0, 0, 7];
    packet.extend([5, 0x8A, 0, 160, 1, 2, 3, 4]);
    packet
}

/// One talk for each pair of formats: twenty packets each way, a digit and a report.
fn talks() -> Vec<Vec<u8>> {
    let talk = |formats: u8| {
        let mut input = vec![formats];
        for n in 0..40u8 {
            // what, the pause before, forty times four bytes
            input.extend([8 + n % 2, 9, 40]);
            input.extend((0..160).map(|at: u8| at.wrapping_mul(n)));
        }
        input.extend([4, 9, 1, 5, 0x8A, 3, 0x20]);
        input.extend([2, 200, 2, 0x80, 0xC9, 0, 1, 0, 0, 0, 0]);
        input
    };
    (0..16).map(talk).collect()
}

/// All files of a folder of this project, in the order of their names; none where there is no such folder.
fn files(folder: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn short_run(name: &str, inputs: u32, mut seeds: Vec<Vec<u8>>, run: fn(&[u8])) {
    seeds.extend(files(&format!("tests/fuzz/corpus/{name}")));
    seeds.push(Vec::new());
    seeds.iter().for_each(|seed| run(seed));
    let mut rng = Rng::from_seed(u64::from(inputs));
    for _ in 0..inputs {
        let mut input = pick(&mut rng, &seeds).clone();
        for _ in 0..=rng.below(8) {
            change(&mut rng, &mut input, &seeds);
        }
        input.truncate(MOST_BYTES);
        run(&input);
    }
}

fn pick<'a>(rng: &mut Rng, seeds: &'a [Vec<u8>]) -> &'a Vec<u8> {
    &seeds[place(rng, seeds.len())]
}

fn place(rng: &mut Rng, below: usize) -> usize {
    rng.below(below as u64) as usize
}

/// One change, as fuzzers make them.
fn change(rng: &mut Rng, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = place(rng, input.len() + 1);
    let to = at + place(rng, (input.len() - at).min(64) + 1);
    match rng.below(7) {
        0 if at < input.len() => input[at] ^= 1 << rng.below(8),
        1 if at < input.len() => input[at] = [0, 1, 0x7F, 0x80, 0xFF][place(rng, 5)],
        2 => drop(input.drain(at..to)),
        3 => {
            let again = input[at..to].to_vec();
            input.splice(at..at, again);
        }
        4 => {
            let other = pick(rng, seeds);
            let from = place(rng, other.len() + 1);
            input.truncate(at);
            input.extend(&other[from..]);
        }
        5 => input.truncate(at.max(input.len() / 2)),
        _ => input.insert(at, rng.u32() as u8),
    }
}

/// A longer input tells nothing that a shorter one doesn't.
const MOST_BYTES: usize = 16 << 10;
