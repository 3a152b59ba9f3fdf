//! What a call costs, beside a bare forwarder that moves the same packets in the same run.
//!
//! usage: dozvon-bench DOZVON [--rounds N] [--seconds N] [--calls N,N]
//!
//! CPU time is utime and stime of /proc/PID/stat over a window in which nothing but that load goes on. Everything is on loopback.

mod digest;
mod exchange;
mod floor;
mod phones;
mod process;
mod sound;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use exchange::Exchange;
use phones::Phones;
use sound::{Heard, Side};

/// Calls set up, and registrations, in a round, and how many a second.
const SHORT_CALLS: u32 = 500;
const REGISTRATIONS: u32 = 2000;
const CALLS_A_SECOND: u32 = 100;
const REGISTRATIONS_A_SECOND: u32 = 400;
/// Before a window opens everybody has talked for so long.
const WARM_UP: Duration = Duration::from_secs(1);

struct Options {
    binary: PathBuf,
    rounds: u32,
    window: Duration,
    calls: Vec<usize>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.first().map(String::as_str) {
        Some("floor") => floor::run(),
        _ => match options(&arguments) {
            Some(options) => bench(&options),
            None => {
                eprintln!("usage: dozvon-bench DOZVON [--rounds N] [--seconds N] [--calls N,N]");
                return ExitCode::from(2);
            }
        },
    };
    if let Err(error) = result {
        eprintln!("dozvon-bench: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn options(arguments: &[String]) -> Option<Options> {
    let (binary, rest) = arguments.split_first()?;
    let mut options =
        Options { binary: binary.into(), rounds: 3, window: Duration::from_secs(8), calls: vec![50, 200] };
    for pair in rest.chunks(2) {
        let [name, value] = pair else { return None };
        match name.as_str() {
            "--rounds" => options.rounds = value.parse().ok().filter(|rounds| *rounds > 0)?,
            "--seconds" => options.window = Duration::from_secs(value.parse().ok().filter(|seconds| *seconds > 0)?),
            "--calls" => {
                options.calls = value
                    .split(',')
                    .map(|calls| calls.parse().ok().filter(|calls| (1..=400).contains(calls)))
                    .collect::<Option<_>>()?
            }
            _ => return None,
        }
    }
    Some(options)
}

/// What one round measured.
#[derive(Default, Clone)]
struct Round {
    start_ms: f64,
    idle_kib: f64,
    registration_ms: f64,
    call_ms: f64,
    /// For each number of calls.
    relays: Vec<Relay>,
}

#[derive(Default, Clone)]
struct Relay {
    calls: usize,
    floor_ms: f64,
    exchange_ms: f64,
    call_kib: f64,
    lost: f64,
    wrong: u64,
}

fn bench(options: &Options) -> io::Result<()> {
    process::allow_files();
    let size = std::fs::metadata(&options.binary)?.len();
    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        eprintln!("round {number} of {}", options.rounds);
        rounds.push(round(options)?);
    }
    print(&rounds, size);
    Ok(())
}

fn round(options: &Options) -> io::Result<Round> {
    let most = options.calls.iter().copied().max().unwrap_or(1);
    let mut sides: Vec<Side> = (0..most * 2).map(|_| Side::new()).collect::<io::Result<_>>()?;
    let ports: Vec<u16> = sides.iter().map(Side::port).collect();

    let exchange = Exchange::prepare(&options.binary, most * 2)?;
    let begun = Instant::now();
    let exchange = exchange.start()?;
    let mut phones = Phones::new(exchange.sip, ports)?;
    phones.register(0, Duration::from_millis(1))?;
    let mut round = Round { start_ms: ms(begun.elapsed()), ..Round::default() };
    for phone in 1..most * 2 {
        phones.register(phone, Duration::from_millis(500))?;
    }
    std::thread::sleep(Duration::from_secs(1));
    round.idle_kib = process::resident_kib(exchange.pid());
    round.registration_ms = cost(&exchange, REGISTRATIONS, REGISTRATIONS_A_SECOND, &mut phones, |phones, n| {
        phones.register(n as usize % (most * 2), Duration::from_millis(500))
    })?;
    let before = process::resident_kib(exchange.pid());
    for calls in &options.calls {
        round.relays.push(relay(&exchange, before, &mut phones, &mut sides[..calls * 2], options.window)?);
    }
    round.call_ms = cost(&exchange, SHORT_CALLS, CALLS_A_SECOND, &mut phones, |phones, n| {
        let pair = n as usize % most * 2;
        let call = phones.call(pair, pair + 1)?;
        phones.hang_up(&call)
    })?;
    Ok(round)
}

/// CPU milliseconds of the exchange for each of so many doings, at a steady rate.
fn cost(
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
fn relay(
    exchange: &Exchange,
    before: f64,
    phones: &mut Phones,
    sides: &mut [Side],
    window: Duration,
) -> io::Result<Relay> {
    let calls = sides.len() / 2;
    let pairs: Vec<(u16, u16)> = sides.chunks(2).map(|pair| (pair[0].port(), pair[1].port())).collect();
    let (floor, ports) = floor::start(&pairs)?;
    for (pair, (one, other)) in sides.chunks_mut(2).zip(ports) {
        pair[0].to.set_port(one);
        pair[1].to.set_port(other);
    }
    let (floor_cpu, _) = measure(floor.pid(), sides, window)?;
    drop(floor);

    let mut up = Vec::new();
    for (call, pair) in sides.chunks_mut(2).enumerate() {
        let made = phones.call(call * 2, call * 2 + 1)?;
        (pair[0].to, pair[1].to) = (made.media[0], made.media[1]);
        up.push(made);
    }
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
        lost: 1.0 - heard.right as f64 / heard.sent as f64,
        wrong: heard.wrong,
    })
}

/// CPU milliseconds of a process while everybody talks through it.
fn measure(pid: u32, sides: &[Side], window: Duration) -> io::Result<(f64, Heard)> {
    let mut tick = 0;
    sound::talk(sides, WARM_UP, &mut tick)?;
    let before = process::cpu_ms(pid);
    let heard = sound::talk(sides, window, &mut tick)?;
    Ok((process::cpu_ms(pid) - before, heard))
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

/// The median of the rounds, with the least and the most.
struct Spread(f64, f64, f64);

impl Spread {
    fn of(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> Self {
        let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        Self(figures[figures.len() / 2], figures[0], figures[figures.len() - 1])
    }

    fn say(&self, unit: &str, digits: usize) -> String {
        let Self(median, least, most) = self;
        format!("{median:.digits$} {unit} ({least:.digits$}-{most:.digits$})")
    }
}

fn print(rounds: &[Round], size: u64) {
    println!("{} rounds; median (least-most)\n", rounds.len());
    row("", "measured", "aim");
    row("---", "---", "---");
    for at in 0..rounds[0].relays.len() {
        let of = |figure: fn(&Relay) -> f64| Spread::of(rounds, |round| figure(&round.relays[at]));
        let calls = rounds[0].relays[at].calls;
        row(&format!("relay, {calls} calls: CPU a call-second"), &of(|relay| relay.exchange_ms).say("ms", 3), "");
        row("  the floor in the same run", &of(|relay| relay.floor_ms).say("ms", 3), "");
        row("  times the floor", &of(|relay| relay.exchange_ms / relay.floor_ms).say("", 2), "at most 1.5");
        row("  memory a call", &of(|relay| relay.call_kib).say("kB", 0), "under 40 kB");
        row("  packets lost", &of(|relay| relay.lost * 100.0).say("%", 3), "0");
        row("  packets of another call", &of(|relay| relay.wrong as f64).say("", 0), "0");
    }
    row("CPU a call set up and ended", &Spread::of(rounds, |round| round.call_ms).say("ms", 3), "0.5 ms");
    row("CPU a registration", &Spread::of(rounds, |round| round.registration_ms).say("ms", 3), "0.06 ms");
    row(
        "memory idle, all registered",
        &Spread::of(rounds, |round| round.idle_kib / 1024.0).say("MB", 1),
        "under 20 MB",
    );
    row("start to first accepted REGISTER", &Spread::of(rounds, |round| round.start_ms).say("ms", 0), "under 100 ms");
    row("binary", &format!("{:.1} MB", size as f64 / 1e6), "under 12 MB");
}

fn row(what: &str, measured: &str, aim: &str) {
    println!("| {what:38} | {measured:28} | {aim:12} |");
}
