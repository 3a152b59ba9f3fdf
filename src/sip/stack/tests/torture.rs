//! What the stack does with the torture messages of RFC 4475 (files in `tests/data/torture`). What the reader makes of them
//! is in `tests/torture.rs`.

use super::bench::*;
use crate::sip::stack::Output;

/// What is sent back: a status, `request` when the user has to judge, or nothing.
fn fate(name: &str) -> String {
    let path = format!("{}/tests/data/torture/{name}.dat", env!("CARGO_MANIFEST_DIR"));
    let mut bench = Bench::new();
    bench.stack.handle_packet(bench.now, peer(), &std::fs::read(&path).unwrap());
    let mut fates = Vec::new();
    while let Some(output) = bench.stack.poll_output() {
        fates.push(match output {
            Output::Send { bytes, .. } => String::from_utf8_lossy(&bytes[8..11]).into_owned(),
            Output::Request { .. } => "request".to_owned(),
            other => panic!("{name}: {other:?}"),
        });
    }
    fates.join(" ")
}

#[test]
fn each_torture_message_meets_its_answer() {
    let fates = [
        // §3.1.1, valid: processed; an INVITE with a To-tag of no dialog is not.
        ("wsinv", "481"),
        ("intmeth", "501"),
        ("esc01", "request"),
        ("escnull", "request"),
        ("esc02", "501"),
        ("lwsdisp", "request"),
        ("longreq", "request"),
        ("dblreq", "request"),
        ("semiuri", "request"),
        ("transports", "request"),
        ("mpart01", "request"),
        ("unreason", ""),
        ("noreason", ""),
        // §3.1.2, invalid.
        ("badinv01", "400"),
        ("clerr", "400"),
        ("ncl", "400"),
        ("scalar02", "400"),
        ("scalarlg", ""),
        ("quotbal", "400"),
        ("ltgtruri", "400"),
        ("lwsruri", "400"),
        ("escruri", "400"),
        ("regbadct", "400"),
        ("badvers", "505"),
        ("mismatch01", "400"),
        ("mismatch02", "400"),
        ("bigcode", ""),
        // §3.2 to §3.4, valid but not for us, or odd.
        ("badbranch", "400"),
        ("insuf", "400"),
        ("unkscm", "416"),
        ("novelsc", "416"),
        ("unksm2", "request"),
        ("bext01", "420"),
        ("invut", "415"),
        ("regaut01", "request"),
        ("multi01", "400"),
        ("mcl01", "400"),
        ("bcast", ""),
        ("zeromf", "483"),
        ("cparam01", "request"),
        ("cparam02", "request"),
        ("regescrt", "request"),
        ("sdp01", "request"),
        ("inv2543", "request"),
    ];
    let wrong: Vec<_> =
        fates.iter().map(|(name, fate)| (name, *fate)).filter(|(name, told)| fate(name) != *told).collect();
    let told: Vec<_> = wrong.iter().map(|(name, told)| format!("{name}: {told}, not {}", fate(name))).collect();
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn a_call_of_rfc_2543_without_a_contact_can_be_answered_and_ended() {
    let mut bench = Bench::new();
    bench.hear(&text("INVITE", "1", 1, None, "", OFFER).replace("Contact:", "X-Contact:"));
    let id = bench.accept();
    let headers = crate::sip::wire::Headers::new();
    bench.command(id, crate::sip::stack::SessionCommand::Reject { status: 486, headers });
    assert_eq!(bench.said(), ["100 INVITE", "486 INVITE"]);
}
