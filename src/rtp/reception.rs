//! What a receiver counts about a source: RFC 3550 §6.4.1 and appendix A.1, A.3, A.8. Without the probation of A.1:
//! the media plane's latch decides whose packets come here at all.

use super::Header;
use crate::base::Instant;

/// How a packet stands to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest so far, though some may be missing before it.
    Newest,
    /// Late, but of this stream.
    Late,
    /// Its sequence number is the newest's: the same packet again.
    Repeated,
    /// The source began anew: another SSRC, or a sequence number far away.
    Restarted,
}

/// The counters for one peer over all sources that it uses one after the other.
#[derive(Clone, Debug)]
pub struct Reception {
    clock_hz: u32,
    source: Option<Source>,
    received: u64,
    earlier_lost: u64,
    jitter_sixteenths: u32,
}

#[derive(Clone, Debug)]
struct Source {
    ssrc: u32,
    first: u32,
    newest: u32, // with the count of wraps in the upper half
    received: u32,
    transit: Option<u32>,
    prior_expected: u32,
    prior_received: u32,
}

impl Default for Reception {
    /// Nothing heard, under a clock of 8000 Hz.
    fn default() -> Self {
        Self { clock_hz: super::CLOCK_HZ, source: None, received: 0, earlier_lost: 0, jitter_sixteenths: 0 }
    }
}

impl Reception {
    /// Under which RTP clock timestamps count from now on: 48000 Hz for Opus, else 8000; 1000 at least. Jitter measured so far
    /// keeps its milliseconds.
    pub fn set_clock(&mut self, hz: u32) {
        let hz = hz.max(1000);
        if hz == self.clock_hz {
            return;
        }
        let rescaled = u64::from(self.jitter_sixteenths) * u64::from(hz) / u64::from(self.clock_hz);
        self.jitter_sixteenths = u32::try_from(rescaled).unwrap_or(u32::MAX).min(MOST_JITTER);
        self.clock_hz = hz;
        if let Some(source) = &mut self.source {
            source.transit = None;
        }
    }

    /// Counts a packet that arrived at `now`. `timed` is whether its timestamp tells when it was sampled, as that of
    /// audio does and that of an event does not.
    pub fn receive(&mut self, now: Instant, header: &Header, timed: bool) -> Order {
        let order = self.place(header);
        if order == Order::Repeated {
            return order;
        }
        self.received += 1;
        if let Some(source) = &mut self.source {
            source.received = source.received.saturating_add(1);
            if timed {
                let arrival = ticks(now, self.clock_hz);
                let transit = arrival.wrapping_sub(header.timestamp);
                if let Some(before) = source.transit.replace(transit) {
                    let moved = (transit.wrapping_sub(before) as i32).unsigned_abs();
                    self.jitter_sixteenths = smoothed(self.jitter_sixteenths, moved);
                }
            }
        }
        order
    }

    /// Appendix A.1, `update_seq`.
    fn place(&mut self, header: &Header) -> Order {
        let Some(source) = self.source.as_mut().filter(|source| source.ssrc == header.ssrc) else {
            self.begin(header);
            return Order::Restarted;
        };
        let newest = source.newest as u16; // the lower half
        let ahead = header.sequence.wrapping_sub(newest);
        match ahead {
            0 => Order::Repeated,
            1..MAX_DROPOUT => {
                source.newest = source.newest.wrapping_add(u32::from(ahead));
                Order::Newest
            }
            _ if ahead > u16::MAX - MAX_MISORDER => Order::Late,
            _ => {
                self.begin(header);
                Order::Restarted
            }
        }
    }

    fn begin(&mut self, header: &Header) {
        self.earlier_lost = self.lost();
        let at = u32::from(header.sequence);
        self.source = Some(Source {
            ssrc: header.ssrc,
            first: at,
            newest: at,
            received: 0,
            transit: None,
            prior_expected: 0,
            prior_received: 0,
        });
    }

    /// The source that is heard now.
    pub fn ssrc(&self) -> Option<u32> {
        self.source.as_ref().map(|source| source.ssrc)
    }

    /// Packets received, without repeated ones.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Packets missing, over all sources: appendix A.3.
    pub fn lost(&self) -> u64 {
        let missing = |source: &Source| u64::from(source.expected().saturating_sub(source.received));
        self.earlier_lost + self.source.as_ref().map_or(0, missing)
    }

    /// Interarrival jitter in ticks of the clock: appendix A.8.
    pub fn jitter_ticks(&self) -> u32 {
        self.jitter_sixteenths >> 4
    }

    /// Interarrival jitter in milliseconds.
    pub fn jitter_ms(&self) -> f32 {
        self.jitter_sixteenths as f32 / (16.0 * self.clock_hz as f32 / 1000.0)
    }

    /// Whether anything of the present source came since the last report: RFC 3550 §6.4 wants no block otherwise.
    pub fn is_news(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.received != source.prior_received)
    }

    /// Loss since the last call as a fraction of 256, cumulative loss, extended highest sequence number: what a report
    /// block says about the present source. Appendix A.3.
    pub fn report(&mut self) -> (u8, u32, u32) {
        let Some(source) = &mut self.source else { return (0, 0, 0) };
        let expected = source.expected();
        let expected_now = expected.wrapping_sub(source.prior_expected);
        let received_now = source.received.wrapping_sub(source.prior_received);
        (source.prior_expected, source.prior_received) = (expected, source.received);
        let lost_now = u64::from(expected_now.saturating_sub(received_now));
        let fraction = (lost_now << 8).checked_div(u64::from(expected_now)).unwrap_or(0);
        let lost = expected.saturating_sub(source.received).min(0x7f_ffff);
        (u8::try_from(fraction).unwrap_or(u8::MAX), lost, source.newest)
    }
}

impl Source {
    fn expected(&self) -> u32 {
        self.newest.wrapping_sub(self.first).wrapping_add(1)
    }
}

/// A.8: J += (|D| - J) / 16, in sixteenths so that small values don't vanish.
fn smoothed(sixteenths: u32, moved: u32) -> u32 {
    let moved = moved.min(MOST_JITTER >> 4); // a jump of half an hour is no jitter; the sum must not overflow
    sixteenths + moved - ((sixteenths + 8) >> 4).min(sixteenths + moved)
}

fn ticks(now: Instant, clock_hz: u32) -> u32 {
    let ticks = u128::from(now.micros()) * u128::from(clock_hz) / 1_000_000;
    ticks as u32 // wraps, as the RTP clock does
}

/// Sixteenths: half an hour of jitter at 8000 Hz, and no sum overflows.
const MOST_JITTER: u32 = 1 << 28;
/// Appendix A.1: a gap of one minute at 50 packets a second is a restart.
const MAX_DROPOUT: u16 = 3000;
/// Appendix A.1: later than two seconds is a restart.
const MAX_MISORDER: u16 = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn header(ssrc: u32, sequence: u16) -> Header {
        Header { marker: false, payload_type: 8, sequence, timestamp: u32::from(sequence).wrapping_mul(160), ssrc }
    }

    fn at(packet: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(20 * packet)
    }

    #[test]
    fn gaps_are_counted_across_the_wrap_of_the_sequence() {
        let mut reception = Reception::default();
        for n in 0..100u16 {
            if n % 10 != 3 {
                reception.receive(at(n.into()), &header(1, n.wrapping_add(65_500)), false);
            }
        }
        assert_eq!((reception.received(), reception.lost()), (90, 10));
        let (fraction, lost, newest) = reception.report();
        assert_eq!((fraction, lost, newest), (25, 10, 65_536 + 63)); // 10 of 100 is 25 of 256
        assert_eq!(reception.report().0, 0, "nothing was lost since");
        assert!(!reception.is_news());
    }

    #[test]
    fn late_packets_are_no_loss_and_repeated_ones_are_not_counted() {
        let mut reception = Reception::default();
        for sequence in [1, 2, 4, 4, 3, 5] {
            reception.receive(Instant::ZERO, &header(1, sequence), false);
        }
        assert_eq!((reception.received(), reception.lost()), (5, 0));
    }

    #[test]
    fn another_source_keeps_what_was_lost_before() {
        let mut reception = Reception::default();
        for (ssrc, sequence) in [(1, 1), (1, 4), (2, 30_000), (2, 30_002)] {
            reception.receive(Instant::ZERO, &header(ssrc, sequence), false);
        }
        assert_eq!(reception.lost(), 3);
        assert_eq!(reception.ssrc(), Some(2));
    }

    #[test]
    fn a_far_jump_is_a_restart_and_no_loss() {
        let mut reception = Reception::default();
        reception.receive(Instant::ZERO, &header(1, 10), false);
        assert_eq!(reception.receive(Instant::ZERO, &header(1, 20_000), false), Order::Restarted);
        assert_eq!(reception.lost(), 0);
    }

    #[test]
    fn an_even_stream_has_no_jitter_and_an_uneven_one_has_its_mean() {
        let mut even = Reception::default();
        let mut uneven = Reception::default();
        for n in 0..1000u16 {
            even.receive(at(n.into()), &header(1, n), true);
            let late = Duration::from_millis(if n % 2 == 0 { 0 } else { 8 });
            uneven.receive(at(n.into()) + late, &header(1, n), true);
        }
        assert_eq!(even.jitter_ticks(), 0);
        assert!((uneven.jitter_ms() - 8.0).abs() < 0.2, "{}", uneven.jitter_ms());
    }

    #[test]
    fn jitter_is_told_in_the_ticks_of_the_clock() {
        let mut opus = Reception::default();
        opus.set_clock(48_000);
        for n in 0..1000u16 {
            let late = Duration::from_millis(if n % 2 == 0 { 0 } else { 8 });
            let header = Header { timestamp: u32::from(n) * 960, ..header(1, n) };
            opus.receive(at(n.into()) + late, &header, true);
        }
        assert!((opus.jitter_ms() - 8.0).abs() < 0.2, "{}", opus.jitter_ms());
        assert!(opus.jitter_ticks().abs_diff(384) < 8);
        let before = opus.jitter_ms();
        opus.set_clock(8000);
        assert!((opus.jitter_ms() - before).abs() < 0.1);
        opus.receive(at(1000), &header(1, 1000), true);
        assert!((opus.jitter_ms() - before).abs() < 0.1, "a change of clock is no jitter");
    }
}
