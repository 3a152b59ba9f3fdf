//! What a call costs, beside a bare forwarder that moves the same packets in the same run, and what sound costs, beside the bare codecs
//! on the same frames.
//!
//! usage: dozvon-bench DOZVON [--rounds N] [--seconds N] [--calls N,N]
//!
//! CPU time is that of all threads of a process, by its CPU clock, over a window in which nothing but that load goes on. Everything is
//! on loopback.

#![expect(clippy::disallowed_methods, reason = "what is measured takes real time")]

mod calls;
mod codecs;
mod digest;
mod exchange;
mod floor;
mod import;
mod lamps;
mod phones;
mod plane;
mod process;
mod sound;
mod speech;
mod table;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use calls::{CALLS_A_SECOND, Kind, Relay, Talk, cost, relay};
use codecs::Floor;
use dozvon::codec::Codec;
use exchange::Exchange;
use import::{Import, Tune};
use lamps::Panel;
use phones::Phones;
use plane::Scene;
use sound::Side;

/// Calls set up, and registrations, in a round, and how many of these a second.
const SHORT_CALLS: u32 = 500;
const REGISTRATIONS: u32 = 2000;
const REGISTRATIONS_A_SECOND: u32 = 400;
/// Calls of voices, at most: each side has a voice of its own.
const MOST_VOICES: usize = speech::VOICES / 2;

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
    /// For each of [`lamps::OFFICES`].
    panels: Vec<Panel>,
    sound: Sound,
}

/// Where sound is decoded, encoded, mixed, recorded or imported.
#[derive(Default, Clone)]
struct Sound {
    /// Of each kind of talk below.
    calls: usize,
    relayed: Talk,
    recorded: Talk,
    /// For G.722 and for Opus.
    transcodings: Vec<Transcoding>,
    /// For each of [`plane::CONFERENCES`].
    conferences: Vec<Alone>,
    import: Option<Import>,
}

#[derive(Default, Clone, Copy)]
struct Transcoding {
    talk: Talk,
    /// For each second of a call.
    alone: Alone,
    /// What changing the rate has of the codecs.
    resampling_ms: f64,
}

/// The media plane in virtual time and the bare codecs, second by second in turn: what else goes on in the machine blurs both alike.
/// CPU milliseconds for each second.
#[derive(Default, Clone, Copy)]
struct Alone {
    plane_ms: f64,
    codecs_ms: f64,
}

impl Alone {
    fn measure(scene: &mut Scene, floor: &mut Floor, seconds: u32) -> io::Result<Self> {
        let mut sum = Self::default();
        for _ in 0..seconds {
            sum.plane_ms += scene.second()?;
            sum.codecs_ms += floor.second()?;
        }
        scene.check()?;
        Ok(sum.over(f64::from(seconds)))
    }

    fn over(self, many: f64) -> Self {
        Self { plane_ms: self.plane_ms / many, codecs_ms: self.codecs_ms / many }
    }
}

fn bench(options: &Options) -> io::Result<()> {
    process::allow_files();
    let size = std::fs::metadata(&options.binary)?.len();
    let tune = Tune::make()?;
    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        eprintln!("round {number} of {}", options.rounds);
        let mut round = round(options)?;
        round.panels = lamps::OFFICES.into_iter().map(Panel::measure).collect::<io::Result<_>>()?;
        round.sound = sound_round(options, tune.as_ref())?;
        rounds.push(round);
    }
    table::print(&rounds, size);
    Ok(())
}

fn round(options: &Options) -> io::Result<Round> {
    let most = options.calls.iter().copied().max().unwrap_or(1);
    let mut sides: Vec<Side> = (0..most * 2).map(|_| Side::new()).collect::<io::Result<_>>()?;

    let exchange = Exchange::prepare(&options.binary, most * 2, false)?;
    let begun = Instant::now();
    let exchange = exchange.start()?;
    let mut phones = Phones::new(exchange.sip, sides.iter().map(Side::line).collect())?;
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

/// As many calls of each kind, one kind after the other, then what needs no exchange.
fn sound_round(options: &Options, tune: Option<&Tune>) -> io::Result<Sound> {
    let least = options.calls.iter().copied().min().unwrap_or(1);
    let calls = least.min(MOST_VOICES);
    let talk = |other, record| {
        calls::talk(&options.binary, calls, Kind { codecs: [Codec::Pcma, other], record }, options.window)
    };
    let mut sound = Sound {
        calls,
        relayed: talk(Codec::Pcma, false)?,
        recorded: talk(Codec::Pcma, true)?,
        import: tune.map(Tune::measure).transpose()?,
        ..Sound::default()
    };
    let seconds = options.window.as_secs() as u32;
    for other in [Codec::G722, Codec::Opus] {
        let codecs = [Codec::Pcma, other];
        let talk = talk(other, false)?;
        let mut floor = Floor::of_calls(calls, codecs)?;
        let alone = Alone::measure(&mut Scene::calls(calls, codecs), &mut floor, seconds)?.over(calls as f64);
        let resampling_ms = floor.second_of_resampling() / calls as f64;
        sound.transcodings.push(Transcoding { talk, alone, resampling_ms });
    }
    for (codec, speakers) in plane::CONFERENCES {
        let mut floor = Floor::of_conference(plane::PARTIES, speakers, codec)?;
        sound.conferences.push(Alone::measure(&mut Scene::conference(codec, speakers), &mut floor, seconds)?);
    }
    Ok(sound)
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}
