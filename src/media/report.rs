//! RTCP of one endpoint: what is reported to the peer, and when; what the peer reports to us. Ends here, never relayed.

use super::outgoing::Outgoing;
use crate::base::{Duration, Instant, Rng};
use crate::rtp::Reception;
use crate::rtp::rtcp::{self, Block, Compound, Packet};

/// The state of reporting.
#[derive(Debug)]
pub(super) struct Reports {
    next_at: Option<Instant>,
    /// Ours, for the length of the call: RFC 7022.
    name: [u8; 16],
    /// The peer's last SR: whose, the middle of its NTP time, and when it came.
    heard: Option<(u32, u32, Instant)>,
    /// How many packets had been sent at the report before.
    sent_before: u32,
    round_trip_ms: Option<f32>,
    /// What the peer last said of our stream.
    about_us: Option<Block>,
}

impl Reports {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let mut name = [0; 16];
        for (place, letter) in name.iter_mut().zip(rng.token(16).bytes()) {
            *place = letter;
        }
        Self { next_at: None, name, heard: None, sent_before: 0, round_trip_ms: None, about_us: None }
    }

    /// Begins to report: RFC 3550 §6.2, where the first report comes after half the interval.
    pub(super) fn start(&mut self, now: Instant, rng: &mut Rng) {
        self.next_at.get_or_insert_with(|| now + randomised(INTERVAL / 2, rng));
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.next_at
    }

    pub(super) fn round_trip_ms(&self) -> Option<f32> {
        self.round_trip_ms
    }

    /// What the peer last said of how it hears us.
    pub(super) fn about_us(&self) -> Option<Block> {
        self.about_us
    }

    /// Whether a report is due; arms the next.
    pub(super) fn is_due(&mut self, now: Instant, rng: &mut Rng) -> bool {
        let due = self.next_at.is_some_and(|at| at <= now);
        if due {
            self.next_at = Some(now + randomised(INTERVAL, rng));
        }
        due
    }

    /// Writes a report and returns its length; 0 while there is nothing to tell.
    pub(super) fn write(
        &mut self,
        now: Instant,
        outgoing: &Outgoing,
        reception: &mut Reception,
        into: &mut [u8],
    ) -> usize {
        let sent = (outgoing.packets() != self.sent_before).then(|| outgoing.sent(now));
        self.sent_before = outgoing.packets();
        let block = if reception.is_news() { self.block(now, reception) } else { None };
        if outgoing.packets() == 0 && reception.received() == 0 {
            return 0;
        }
        let name = std::str::from_utf8(&self.name).unwrap_or_default();
        Compound { ssrc: outgoing.ssrc(), sent, block, name, goodbye: false }.write(into)
    }

    fn block(&self, now: Instant, reception: &mut Reception) -> Option<Block> {
        let ssrc = reception.ssrc()?;
        let (fraction_lost, lost, newest) = reception.report();
        let heard = self.heard.filter(|heard| heard.0 == ssrc);
        Some(Block {
            ssrc,
            fraction_lost,
            lost: i32::try_from(lost).unwrap_or(i32::MAX),
            newest,
            jitter: reception.jitter_ticks(),
            last_report: heard.map_or(0, |heard| heard.1),
            delay: heard.map_or(0, |heard| rtcp::units(now.since(heard.2))),
        })
    }

    /// Reads what the peer reports; `own` is our SSRC.
    pub(super) fn read(&mut self, now: Instant, own: u32, bytes: &[u8]) {
        for packet in rtcp::read(bytes).into_iter().flatten() {
            let Packet::Report { ssrc, sent, mut blocks } = packet else { continue };
            if let Some(sent) = sent {
                self.heard = Some((ssrc, rtcp::middle(sent.ntp), now));
            }
            let about_us = blocks.find(|block| block.ssrc == own);
            self.round_trip_ms = about_us.and_then(|block| rtcp::round_trip_ms(now, &block)).or(self.round_trip_ms);
            self.about_us = about_us.or(self.about_us);
        }
    }
}

/// Half to one and a half times the span, so that calls don't report in step: RFC 3550 §6.2.
fn randomised(span: Duration, rng: &mut Rng) -> Duration {
    let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(micros / 2 + rng.below(micros))
}

/// The least interval of RFC 3550 §6.2; with two members the bandwidth never asks for more.
const INTERVAL: Duration = Duration::from_secs(5);
