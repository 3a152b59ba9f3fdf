//! The door: right and wrong passwords, and how wrong ones slow down an address.

use super::*;
use crate::office::{Role, User};

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 7));

fn office() -> Office {
    let hash = new_hash("right horse").unwrap();
    let user = User::new("admin", Role::Admin, hash, false);
    Office { users: vec![user], ..Office::default() }
}

fn at(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

fn waits(problem: &Problem) -> bool {
    problem.status == 429
}

#[test]
fn only_the_right_password_of_a_known_login_opens() {
    let (door, office) = (Door::default(), office());
    assert_eq!(door.check(&office, "admin", "right horse", PEER, at(0)), Ok(true));
    assert_eq!(door.check(&office, "admin", "wrong horse", PEER, at(0)), Ok(false));
    assert_eq!(door.check(&office, "nobody", "right horse", PEER, at(0)), Ok(false));
    assert_eq!(door.check(&office, "nobody", "nobody has this password", PEER, at(0)), Ok(false));
    let empty = Office { users: vec![User { password_hash: String::new(), ..office.users[0].clone() }], ..office };
    assert_eq!(door.check(&empty, "admin", "", PEER, at(0)), Ok(false));
}

#[test]
fn the_sixth_try_waits_and_the_wait_grows_to_a_minute_and_no_further() {
    let (door, mut now, mut spans) = (Door::default(), at(0), Vec::new());
    for _ in 0..FREE_TRIES {
        assert!(door.count(PEER, now).is_ok());
    }
    for _ in 0..9 {
        let began = now;
        while door.count(PEER, now).is_err_and(|problem| waits(&problem)) {
            now += Duration::from_secs(1);
        }
        spans.push(now.since(began).as_secs());
    }
    assert_eq!(spans, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn ten_wrong_passwords_from_one_address_are_guessing_and_five_are_not() {
    let (door, mut now) = (Door::default(), at(0));
    let mut first = None;
    for nth in 1..=12 {
        while door.count(PEER, now).is_err() {
            now += Duration::from_secs(1);
        }
        first = first.or(door.is_guessing(PEER).then_some(nth));
    }
    assert_eq!(first, Some(10));
    assert!(!door.is_guessing("192.168.1.8".parse().unwrap()));
    door.forgive(PEER);
    assert!(!door.is_guessing(PEER));
}

#[test]
fn a_neighbour_is_not_slowed_and_a_right_password_clears_the_slate() {
    let (door, office) = (Door::default(), office());
    for _ in 0..FREE_TRIES - 1 {
        assert!(door.count(PEER, at(0)).is_ok());
    }
    assert_eq!(door.check(&office, "admin", "right horse", PEER, at(0)), Ok(true));
    for _ in 0..FREE_TRIES {
        assert!(door.count(PEER, at(0)).is_ok());
    }
    assert!(door.count(PEER, at(0)).is_err());
    assert!(door.count("192.168.1.8".parse().unwrap(), at(0)).is_ok());
}

#[test]
fn an_address_starts_afresh_after_a_quiet_quarter_of_an_hour() {
    let door = Door::default();
    for _ in 0..FREE_TRIES {
        let _ = door.count(PEER, at(0));
    }
    for _ in 0..FREE_TRIES {
        assert!(door.count(PEER, at(1_000)).is_ok());
    }
}

#[test]
fn neighbours_in_one_ipv6_network_share_their_tries() {
    let door = Door::default();
    for last in 0..FREE_TRIES {
        let peer: IpAddr = format!("2001:db8:1:2::{last}").parse().unwrap();
        assert!(door.count(peer, at(0)).is_ok());
    }
    assert!(door.count("2001:db8:1:2::ffff".parse().unwrap(), at(0)).is_err());
    assert!(door.count("2001:db8:1:3::1".parse().unwrap(), at(0)).is_ok());
}

#[test]
fn the_table_of_addresses_stays_bounded() {
    let door = Door::default();
    for index in 0..ADDRESSES as u32 + 100 {
        let _ = door.count(IpAddr::V4(std::net::Ipv4Addr::from_bits(index)), at(u64::from(index)));
    }
    assert_eq!(door.tries.lock().unwrap().len(), ADDRESSES);
}

#[test]
fn weak_passwords_are_named() {
    assert!(weakness("admin", "short").is_some());
    assert!(weakness("admin", "aaaaaaaaaaaa").is_some());
    assert!(weakness("admin", "admin12345").is_some());
    assert!(weakness("admin", &"я1".repeat(200)).is_some());
    assert!(weakness("admin", "correct horse battery").is_none());
    assert!(weakness("admin", "тихий вечер").is_none());
}
