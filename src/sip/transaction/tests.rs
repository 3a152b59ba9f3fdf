//! The machines alone, where a scenario would not show the difference.

use super::client::NonInviteClient;
use super::invite_client::InviteClient;
use super::invite_server::InviteServer;
use super::{Effects, LIFETIME, T1, T2};
use crate::base::{Duration, Instant};

fn at(seconds: f64) -> Instant {
    Instant::ZERO + Duration::from_secs_f64(seconds)
}

#[test]
fn non_invite_requests_are_resent_at_doubling_pauses_up_to_t2() {
    let mut machine = NonInviteClient::new(Instant::ZERO, false, LIFETIME);
    let mut resends = Vec::new();
    while let Some(next) = machine.next() {
        if machine.on_timeout(next).timed_out {
            assert_eq!(next, at(32.0));
            break;
        }
        resends.push(next.micros() as f64 / 1e6);
    }
    assert_eq!(resends, [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]);
    assert_eq!(T2, 8 * T1);
}

#[test]
fn a_provisional_response_slows_resends_and_undoes_an_early_giving_up() {
    let mut machine = NonInviteClient::new(Instant::ZERO, false, Duration::from_secs(5));
    machine.on_response(at(0.1), 100);
    machine.on_timeout(at(0.5));
    assert_eq!(machine.next(), Some(at(4.5)));
    assert!(!machine.on_timeout(at(5.0)).timed_out);
    assert!(machine.on_timeout(at(32.0)).timed_out);
}

#[test]
fn a_ringing_invite_waits_for_ever() {
    let mut machine = InviteClient::new(Instant::ZERO, false, LIFETIME);
    assert!(machine.on_response(at(1.0), 180).deliver);
    assert_eq!(machine.next(), None);
    machine.on_cancelled(at(100.0));
    assert_eq!(machine.next(), Some(at(132.0)));
}

#[test]
fn an_accepted_invite_lets_further_2xx_through_and_nothing_else() {
    let mut machine = InviteClient::new(Instant::ZERO, false, LIFETIME);
    machine.on_response(at(1.0), 200);
    assert!(machine.on_response(at(2.0), 200).deliver);
    assert_eq!(machine.on_response(at(2.0), 486), Effects::default());
    assert_eq!(machine.on_response(at(2.0), 180), Effects::default());
    assert!(machine.on_timeout(at(33.0)).done);
}

#[test]
fn an_answered_invite_server_absorbs_resends() {
    let mut machine = InviteServer::new(Instant::ZERO, false);
    assert!(machine.on_respond(at(0.1), 180));
    assert!(machine.on_resend().send);
    assert!(machine.on_respond(at(0.2), 200));
    assert!(!machine.on_resend().send);
    assert!(!machine.on_respond(at(0.3), 486));
    assert_eq!(machine.on_ack(at(0.4)), Effects::default());
    assert!(machine.on_timeout(at(32.2)).done);
}
