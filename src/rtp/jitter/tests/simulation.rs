//! A call of one minute through a network of given loss and jitter, in virtual time: what the buffer adds and conceals.
//! The table is kept as text: `UPDATE_GOLDEN=1 cargo test jitter` writes it anew.

use std::fmt::Write;

use super::*;
use crate::base::Rng;

/// How bad the network is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network {
    /// Percent of packets that never come, at random.
    pub(super) loss: u64,
    /// Standard deviation of each packet's delay: gamma-distributed with shape 2, independent, so packets overtake each other.
    pub(super) jitter_ms: f64,
}

/// What the ear noticed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    /// Mean time between a packet's arrival and its sound.
    pub(super) delay_ms: f64,
    /// All sound that was not the sender's.
    pub(super) concealed_ms: u64,
    /// What the network lost.
    pub(super) lost_ms: u64,
    pub(super) late: u64,
    /// Sound that was made shorter or longer.
    pub(super) stretched_ms: u64,
}

/// One who listens: takes 20 ms every 20 ms, and changes the pace by 5 ms in a packet of 20.
#[derive(Debug, Default)]
pub(super) struct Ear {
    waiting_ms: u32,
    began: bool,
    pub(super) concealed_ms: u64,
    pub(super) stretched_ms: u64,
    /// Number and time of each packet as it is heard.
    pub(super) heard: Vec<(u32, Instant)>,
}

impl Ear {
    pub(super) fn tick(&mut self, now: Instant, buffer: &mut JitterBuffer) {
        while self.waiting_ms < TICK_MS {
            let waiting = self.waiting_ms;
            let number = match buffer.pull(now, waiting) {
                Pull::Packet { payload, .. } => u32::from_be_bytes(payload.try_into().expect("our own payload")),
                Pull::Lost { ms, .. } => {
                    self.conceal(ms);
                    continue;
                }
                Pull::Empty { .. } => {
                    self.conceal(EMPTY_MS);
                    continue;
                }
            };
            self.began = true;
            self.heard.push((number, now + Duration::from_millis(waiting.into())));
            self.waiting_ms += match buffer.pace(now, waiting) {
                Pace::Steady => 20,
                Pace::Shorten => 15,
                Pace::Lengthen => 25,
            };
            self.stretched_ms += u64::from((self.waiting_ms - waiting).abs_diff(20));
        }
        self.waiting_ms -= TICK_MS;
    }

    fn conceal(&mut self, ms: u32) {
        self.waiting_ms += ms;
        self.concealed_ms += if self.began { u64::from(ms) } else { 0 };
    }
}

/// When each packet arrives: its number and the time, in the order of arrival.
pub(super) fn arrivals(network: Network, packets: u32, rng: &mut Rng) -> Vec<(Instant, u32)> {
    let mut arrivals: Vec<_> = (0..packets)
        .filter_map(|number| {
            let lost = rng.chance(network.loss, 100);
            let delay = 1000.0 * network.jitter_ms / 2f64.sqrt() * (exponential(rng) + exponential(rng));
            let at = Instant::from_micros(1_003_000 + 20_000 * u64::from(number) + delay as u64);
            (!lost).then_some((at, number))
        })
        .collect();
    arrivals.sort();
    arrivals
}

fn exponential(rng: &mut Rng) -> f64 {
    -((rng.below(1 << 53) + 1) as f64 / (1u64 << 53) as f64).ln()
}

pub(super) fn play(network: Network, seed: u64) -> Outcome {
    let mut rng = Rng::from_seed(seed);
    let arrivals = arrivals(network, PACKETS, &mut rng);
    let (mut buffer, mut ear) = (JitterBuffer::new(), Ear::default());
    let mut came = arrivals.iter().peekable();
    let end = Instant::from_micros(1_000_000 + 20_000 * u64::from(PACKETS));
    let mut now = Instant::from_micros(1_000_000);
    while now < end {
        while let Some(&(at, number)) = came.next_if(|(at, _)| *at <= now) {
            buffer.push(at, packet(number, &number.to_be_bytes()));
        }
        ear.tick(now, &mut buffer);
        now += Duration::from_millis(TICK_MS.into());
    }
    let mut times = vec![None; PACKETS as usize];
    arrivals.iter().for_each(|&(at, number)| times[number as usize] = Some(at));
    let waits =
        ear.heard.iter().map(|&(number, at)| at.since(times[number as usize].expect("it came")).as_secs_f64() * 1000.0);
    Outcome {
        delay_ms: waits.sum::<f64>() / ear.heard.len() as f64,
        concealed_ms: ear.concealed_ms,
        lost_ms: u64::from(PACKETS - arrivals.len() as u32) * 20,
        late: buffer.counts().late,
        stretched_ms: ear.stretched_ms,
    }
}

pub(super) fn packet(number: u32, payload: &[u8]) -> Arrived<'_> {
    Arrived {
        sequence: (number as u16).wrapping_add(65_000),
        timestamp: number.wrapping_mul(160).wrapping_add(0xffff_0000),
        clock_rate: 8000,
        ms: 20,
        ssrc: 7,
        kind: 8,
        payload,
    }
}

fn table() -> String {
    let mut text = String::from(
        "One minute of packets of 20 ms, gamma-distributed delay. Milliseconds; late: packets.\n\
         jitter  loss %  mean delay  concealed  lost by the network  late  stretched\n",
    );
    for jitter_ms in [0, 10, 30, 60, 100] {
        for loss in [0, 1, 3, 5, 10, 20] {
            let Outcome { delay_ms, concealed_ms, lost_ms, late, stretched_ms } =
                play(Network { loss, jitter_ms: jitter_ms.into() }, 1 + loss);
            writeln!(
                text,
                "{jitter_ms:>6}  {loss:>6}  {delay_ms:>10.1}  {concealed_ms:>9}  {lost_ms:>19}  {late:>4}  {stretched_ms:>9}"
            )
            .expect("a string grows");
        }
    }
    text
}

#[test]
fn delay_and_concealment_are_those_of_the_golden_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/jitter.txt");
    let now = table();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &now).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(path).expect("the golden file");
    assert!(now == golden, "another table than {path}; UPDATE_GOLDEN=1 keeps it:\n{now}");
}

#[test]
fn an_even_network_costs_two_packets_at_most_and_conceals_nothing() {
    for seed in 0..20 {
        let outcome = play(Network { loss: 0, jitter_ms: 0.0 }, seed);
        assert_eq!(outcome.concealed_ms, 0);
        assert!(outcome.delay_ms <= 40.0, "{outcome:?}");
    }
}

#[test]
fn usual_jitter_is_hidden_within_its_size() {
    for (jitter_ms, delay_ms, concealed_ms) in [(10.0, 50.0, 420), (30.0, 118.0, 600)] {
        let calls: Vec<_> = (0..20).map(|seed| play(Network { loss: 0, jitter_ms }, seed)).collect();
        let delay = calls.iter().map(|call| call.delay_ms).sum::<f64>() / 20.0;
        let concealed = calls.iter().map(|call| call.concealed_ms).sum::<u64>() / 20;
        assert!(delay < delay_ms && concealed < concealed_ms, "{jitter_ms}: {delay} ms, {concealed} ms concealed");
    }
}

#[test]
fn a_lost_packet_costs_its_own_length() {
    for seed in 0..20 {
        for loss in [1, 5, 20] {
            let outcome = play(Network { loss, jitter_ms: 0.0 }, seed);
            let over = outcome.concealed_ms.abs_diff(outcome.lost_ms);
            assert!(over <= outcome.lost_ms / 20 + 20 && outcome.late == 0 && outcome.delay_ms <= 40.0, "{outcome:?}");
        }
    }
}

#[test]
fn a_bad_network_costs_the_whole_delay_and_what_is_later_still() {
    for seed in 0..10 {
        for jitter_ms in [60.0, 100.0] {
            let outcome = play(Network { loss: 0, jitter_ms }, seed);
            assert!(outcome.delay_ms < 200.0, "{outcome:?}");
            let share = outcome.concealed_ms as f64 / 60_000.0;
            assert!(share < if jitter_ms < 80.0 { 0.08 } else { 0.27 }, "{outcome:?}");
        }
    }
}

const PACKETS: u32 = 3000;
const TICK_MS: u32 = 20;
