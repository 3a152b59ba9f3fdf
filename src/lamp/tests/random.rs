//! Any sequence of subscribing, changing, moving, answering and not answering, by seeds.

use std::collections::HashMap;

use super::*;

/// What the phones and the test know of one dialog.
#[derive(Default)]
struct Known {
    version: Option<u32>,
    cseq: u32,
    /// NOTIFYs that are not answered.
    open: Vec<ClientTxn>,
    last_at: Option<Instant>,
}

struct Walk {
    house: House,
    rng: Rng,
    seed: u64,
    /// By our tag.
    known: HashMap<String, Known>,
    read: usize,
    call_ids: u32,
    /// Tag, Call-ID, thing and CSeq of what was granted.
    dialogs: Vec<(String, String, String, u32)>,
}

const STEPS: usize = 400;
const THINGS: u64 = 12;

impl Walk {
    fn new(seed: u64) -> Self {
        let (house, rng) = (House::new(), Rng::from_seed(seed));
        Self { house, rng, seed, known: HashMap::new(), read: 0, call_ids: 0, dialogs: Vec::new() }
    }

    fn thing(&mut self) -> String {
        (200 + self.rng.below(THINGS)).to_string()
    }

    fn step(&mut self) {
        match self.rng.below(10) {
            0 | 1 => self.subscribe(),
            2 => self.resubscribe(),
            3 | 4 => {
                let (number, state) = (self.thing(), self.rng.below(4));
                let talks = match state {
                    0 => Vec::new(),
                    1 => vec![talk(self.rng.below(3), TalkState::Ringing)],
                    2 => vec![talk(self.rng.below(3), TalkState::Talking)],
                    _ => vec![talk(1, TalkState::Talking), talk(2, TalkState::Calling)],
                };
                self.house.talks(&number, &talks);
            }
            5 => {
                let (number, registered) = (self.thing(), self.rng.chance(1, 2));
                self.house.phone(&number, Phone { registered, do_not_disturb: self.rng.chance(1, 4), forward: None });
            }
            6 => {
                let port = 5060 + u16::try_from(self.rng.below(4)).unwrap();
                self.house.moved(&[port]);
            }
            7 | 8 => self.answer(),
            _ => {
                let span = [50, 150, 10_000, 300_000][usize::try_from(self.rng.below(4)).unwrap()];
                self.house.run(Duration::from_millis(span));
            }
        }
        self.check();
    }

    fn subscribe(&mut self) {
        self.call_ids += 1;
        let (call_id, thing) = (format!("c{}", self.call_ids), self.thing());
        let expires = format!("Expires: {}", [0, 60, 600, 7200][usize::try_from(self.rng.below(4)).unwrap()]);
        let event = ["Event: dialog", "Event: dialog", "Event: presence"][usize::try_from(self.rng.below(3)).unwrap()];
        let contact = format!("Contact: <sip:200@10.0.1.1:{}>", 5060 + self.rng.below(3));
        let request = text(&thing, &call_id, 1, "", &[event, &expires, &contact]);
        if let Ok((tag, _)) = self.house.send(&request) {
            self.dialogs.push((tag, call_id, thing, 1));
        }
    }

    fn resubscribe(&mut self) {
        let Some(at) = usize::try_from(self.rng.below(self.dialogs.len() as u64)).ok() else { return };
        let Some((tag, call_id, thing, cseq)) = self.dialogs.get_mut(at) else { return };
        *cseq += 1;
        let expires = if self.rng.chance(1, 3) { "Expires: 0" } else { "Expires: 60" };
        let request = text(thing, call_id, *cseq, tag, &["Event: dialog", expires]);
        let _ = self.house.send(&request);
    }

    /// One of those that wait, or a lost one's made up failure; some never get any.
    fn answer(&mut self) {
        let mut open: Vec<ClientTxn> = self.known.values().flat_map(|known| known.open.iter().copied()).collect();
        open.sort_unstable();
        let Some(txn) = open.get(usize::try_from(self.rng.below(open.len() as u64)).unwrap()).copied() else { return };
        self.known.values_mut().for_each(|known| known.open.retain(|own| *own != txn));
        let status = [200, 200, 200, 200, 481, 408, 503, 500][usize::try_from(self.rng.below(8)).unwrap()];
        self.house.answer_to(txn, status);
    }

    fn check(&mut self) {
        let seed = self.seed;
        while let Some(said) = self.house.said.get(self.read).cloned() {
            self.read += 1;
            let tag = said.request.headers.from().unwrap().tag().unwrap().to_owned();
            let known = self.known.entry(tag).or_default();
            assert!(known.open.is_empty(), "SEED {seed}: two NOTIFYs at once");
            let cseq = said.request.headers.cseq().unwrap().number;
            assert!(cseq > known.cseq, "SEED {seed}: CSeq {cseq} after {}", known.cseq);
            known.cseq = cseq;
            if said.request.headers.get(&Name::ContentType) == Some("application/dialog-info+xml") {
                let version = said.version();
                assert!(known.version < Some(version), "SEED {seed}: version {version} after {:?}", known.version);
                known.version = Some(version);
            }
            let paced = known.last_at.is_none_or(|last| said.at.since(last) >= NOTIFY_PAUSE);
            assert!(paced, "SEED {seed}: too soon after the last one");
            known.last_at = Some(said.at);
            known.open.push(said.txn);
        }
        let lamps = &self.house.lamps;
        assert!(lamps.len() <= SUBSCRIPTIONS_PER_LOGIN, "SEED {seed}");
        for one in lamps.subscriptions.values() {
            assert!(one.expires_at > self.house.now, "SEED {seed}: one outlives its end");
            let stored = self.house.disk.iter().any(|stored| stored.tag == one.tag);
            assert_eq!(stored, one.ending.is_none(), "SEED {seed}: the disk knows what goes on, and nothing else");
        }
        let going = lamps.subscriptions.values().filter(|one| one.ending.is_none()).count();
        assert_eq!(self.house.disk.len(), going, "SEED {seed}");
        assert_eq!(lamps.deadlines.len(), lamps.len(), "SEED {seed}: each has a deadline");
    }
}

#[test]
fn any_walk_keeps_order_pace_and_bounds_and_ends() {
    for seed in 0..60 {
        let mut walk = Walk::new(seed);
        for _ in 0..STEPS {
            walk.step();
        }
        walk.house.run(MAX_EXPIRES + ENDING_GRACE);
        walk.check();
        let house = &walk.house;
        assert!(house.lamps.is_empty() && house.disk.is_empty(), "SEED {seed}: {} are left", house.lamps.len());
        assert!(house.said.len() > 50, "SEED {seed}: a walk that says nothing proves nothing");
    }
}

#[test]
fn a_phone_that_answers_ends_up_knowing_the_present_state() {
    for seed in 0..40 {
        let (mut house, mut rng) = (House::new(), Rng::from_seed(seed));
        house.watch("201");
        let mut last = Vec::new();
        for _ in 0..50 {
            last = (0..rng.below(3)).map(|id| talk(id, TalkState::Ringing)).collect();
            house.talks("201", &last);
            house.run(Duration::from_millis(rng.below(200)));
            if rng.chance(1, 2) {
                // a second answer to the same NOTIFY is not the stack's way
                let txn = house.last().txn;
                if house.lamps.under_way.contains_key(&txn) {
                    house.answer_to(txn, 200);
                }
            }
        }
        house.run(secs(1)); // what was to keep its distance
        while house.lamps.under_way.contains_key(&house.last().txn) {
            house.answer(200);
            house.run(secs(1));
        }
        let body = house.last().body();
        assert_eq!(body.matches("early").count(), last.len(), "SEED {seed}: {body}");
    }
}
