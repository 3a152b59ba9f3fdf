//! Calls through the exchange, and what they cost it.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use dozvon::codec::Codec;

use crate::exchange::Exchange;
use crate::floor;
use crate::phones::{Call, Phones};
use crate::process;
use crate::sound::{self, Heard, Side};

/// How fast calls are set up, at most.
pub const CALLS_A_SECOND: u32 = 100;
/// Before a window opens everybody has talked for so long.
const WARM_UP: Duration = Duration::from_secs(1);

/// Calls that are relayed, beside the floor.
#[derive(Default, Clone)]
pub struct Relay {
    pub calls: usize,
    pub floor_ms: f64,
    pub exchange_ms: f64,
    pub call_kib: f64,
    pub lost: f64,
    pub wrong: u64,
}

/// Calls of voices, through an exchange of their own.
#[derive(Default, Clone, Copy)]
pub struct Talk {
    pub exchange_ms: f64,
    pub call_kib: f64,
    pub lost: f64,
    /// Phones that heard another than their partner, or nobody.
    pub deaf: u64,
    /// Of recordings, for each minute of a call.
    pub minute_bytes: f64,
}

/// What the calls of a [`Talk`] are like.
#[derive(Clone, Copy)]
pub struct Kind {
    pub codecs: [Codec; 2],
    pub record: bool,
}

/// CPU milliseconds of the exchange for each of so many doings, at a steady rate.
pub fn cost(
    exchange: &Exchange,
    times: u32,
    a_second: u32,
    phones: &mut Phones,
    mut one: impl FnMut(&mut Phones, u32) -> io::Result<()>,
) -> io::Result<f64> {
    let (start, before) = (Instant::now(), process::cpu_ms(exchange.pid()));
    for n in 0..times {
        phones.wait_until(start + Duration::from_secs(1) * n / a_second)?;
        one(phones, n)?;
    }
    phones.wait_until(Instant::now() + Duration::from_millis(300))?;
    Ok((process::cpu_ms(exchange.pid()) - before) / f64::from(times))
}

/// The same sound through the floor and through the exchange, one after the other. `before`: its memory before the first call.
pub fn relay(
    exchange: &Exchange,
    before: f64,
    phones: &mut Phones,
    sides: &mut [Side],
    window: Duration,
) -> io::Result<Relay> {
    let calls = sides.len() / 2;
    let pairs: Vec<(u16, u16)> = sides.chunks(2).map(|pair| (pair[0].line().0, pair[1].line().0)).collect();
    let (floor, ports) = floor::start(&pairs)?;
    for (pair, (one, other)) in sides.chunks_mut(2).zip(ports) {
        pair[0].to.set_port(one);
        pair[1].to.set_port(other);
    }
    let (floor_cpu, _) = measure(floor.pid(), sides, window)?;
    drop(floor);

    let up = connect(phones, sides)?;
    let (cpu, heard) = measure(exchange.pid(), sides, window)?;
    let grown = process::resident_kib(exchange.pid()) - before;
    for call in &up {
        phones.hang_up(call)?;
    }
    let call_seconds = calls as f64 * window.as_secs_f64();
    Ok(Relay {
        calls,
        floor_ms: floor_cpu / call_seconds,
        exchange_ms: cpu / call_seconds,
        call_kib: grown / calls as f64,
        lost: heard.lost(),
        wrong: heard.wrong,
    })
}

/// So many calls of that kind at once, through an exchange that has just started.
pub fn talk(binary: &Path, calls: usize, kind: Kind, window: Duration) -> io::Result<Talk> {
    let mut sides = Vec::new();
    for at in 0..calls * 2 {
        sides.push(Side::with_voice(kind.codecs[at % 2], at)?);
    }
    let exchange = Exchange::prepare(binary, calls * 2, kind.record)?.start()?;
    let mut phones = Phones::new(exchange.sip, sides.iter().map(Side::line).collect())?;
    phones.register(0, Duration::from_millis(1))?;
    for phone in 1..calls * 2 {
        phones.register(phone, Duration::from_millis(500))?;
    }
    phones.wait_until(Instant::now() + Duration::from_millis(500))?;
    let before = process::resident_kib(exchange.pid());

    let up = connect(&mut phones, &mut sides)?;
    let mut tick = 0;
    sound::talk(&mut sides, WARM_UP, &mut tick)?;
    let (cpu_before, bytes_before) = (process::cpu_ms(exchange.pid()), exchange.recorded_bytes());
    let heard = sound::talk(&mut sides, window, &mut tick)?;
    let (cpu, bytes) = (process::cpu_ms(exchange.pid()) - cpu_before, exchange.recorded_bytes() - bytes_before);
    let grown = process::resident_kib(exchange.pid()) - before;
    for call in &up {
        phones.hang_up(call)?;
    }
    if kind.record && bytes == 0 {
        return Err(io::Error::other("nothing was recorded"));
    }
    let call_seconds = calls as f64 * window.as_secs_f64();
    Ok(Talk {
        exchange_ms: cpu / call_seconds,
        call_kib: grown / calls as f64,
        lost: heard.lost(),
        deaf: sound::deaf(&sides),
        minute_bytes: bytes as f64 * 60.0 / call_seconds,
    })
}

fn connect(phones: &mut Phones, sides: &mut [Side]) -> io::Result<Vec<Call>> {
    let (mut up, start) = (Vec::new(), Instant::now());
    for (call, pair) in sides.chunks_mut(2).enumerate() {
        phones.wait_until(start + Duration::from_secs(1) * call as u32 / CALLS_A_SECOND)?;
        let made = phones.call(call * 2, call * 2 + 1);
        let made = made.map_err(|error| io::Error::other(format!("with {call} calls up: {error}")))?;
        (pair[0].to, pair[1].to) = (made.media[0], made.media[1]);
        up.push(made);
    }
    Ok(up)
}

/// CPU milliseconds of a process while everybody talks through it.
fn measure(pid: u32, sides: &mut [Side], window: Duration) -> io::Result<(f64, Heard)> {
    let mut tick = 0;
    sound::talk(sides, WARM_UP, &mut tick)?;
    let before = process::cpu_ms(pid);
    let heard = sound::talk(sides, window, &mut tick)?;
    Ok((process::cpu_ms(pid) - before, heard))
}
