//! What was measured, with the aims beside it.

use crate::calls::{Relay, Talk};
use crate::lamps::{self, Panel};
use crate::plane::{self, PARTIES};
use crate::{Alone, Round, Sound, Transcoding};

/// Made by the tests of the jitter buffer, which compare it with what the buffer does.
const JITTER: &str = include_str!("../../golden/jitter.txt");

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

pub fn print(rounds: &[Round], size: u64) {
    println!("{} rounds; median (least-most)\n", rounds.len());
    row("", "measured", "aim");
    row("---", "---", "---");
    for at in 0..rounds[0].relays.len() {
        print_relay(rounds, at);
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
    for (at, (phones, lamps)) in lamps::OFFICES.into_iter().enumerate() {
        let of = |figure: fn(&Panel) -> f64| Spread::of(rounds, |round| figure(&round.panels[at]));
        let name = format!("{} lamps on {phones} phones: CPU a change", phones * lamps);
        row(&name, &of(|panel| panel.change_us / 1e3).say("ms", 3), "");
        row("  of that each NOTIFY", &of(|panel| panel.notify_us).say("us", 1), "");
        row("  memory a lamp", &of(|panel| panel.lamp_bytes / 1024.0).say("kB", 1), "");
    }
    print_sound(rounds);
    println!("\nThe jitter buffer in virtual time, as its test keeps it (tests/golden/jitter.txt):\n\n{JITTER}");
}

fn print_relay(rounds: &[Round], at: usize) {
    let of = |figure: fn(&Relay) -> f64| Spread::of(rounds, |round| figure(&round.relays[at]));
    let calls = rounds[0].relays[at].calls;
    row(&format!("relay, {calls} calls: CPU a call-second"), &of(|relay| relay.exchange_ms).say("ms", 3), "");
    row("  the floor in the same run", &of(|relay| relay.floor_ms).say("ms", 3), "");
    row("  times the floor", &of(|relay| relay.exchange_ms / relay.floor_ms).say("", 2), "at most 1.5");
    row("  memory a call", &of(|relay| relay.call_kib).say("kB", 0), "under 40 kB");
    row("  packets lost", &of(|relay| relay.lost * 100.0).say("%", 3), "0");
    row("  packets of another call", &of(|relay| relay.wrong as f64).say("", 0), "0");
}

fn print_sound(rounds: &[Round]) {
    let of = |figure: fn(&Sound) -> f64| Spread::of(rounds, |round| figure(&round.sound));
    let calls = rounds[0].sound.calls;
    row(
        &format!("{calls} calls of voices: CPU a call-second"),
        &of(|sound| sound.relayed.exchange_ms).say("ms", 3),
        "",
    );
    print_talk(rounds, |sound| &sound.relayed);
    for (at, (name, aim)) in [("G.722", "2.0 ms"), ("Opus", "3.4 ms")].into_iter().enumerate() {
        print_transcoding(rounds, at, name, aim);
    }
    let extra = |sound: &Sound| sound.recorded.exchange_ms - sound.relayed.exchange_ms;
    row("recorded: CPU a call-second more", &of(extra).say("ms", 3), "");
    row("  on the disk, a minute of a call", &of(|sound| sound.recorded.minute_bytes / 1000.0).say("kB", 0), "");
    print_talk(rounds, |sound| &sound.recorded);
    for (at, (codec, speakers)) in plane::CONFERENCES.into_iter().enumerate() {
        let of = |figure: fn(&Alone) -> f64| Spread::of(rounds, |round| figure(&round.sound.conferences[at]));
        let name = format!("{PARTIES} in a room, {}, {speakers} speak: CPU/s", codec.rtp_name());
        row(&name, &of(|room| room.plane_ms).say("ms", 1), "");
        row("  the codecs alone", &of(|room| room.codecs_ms).say("ms", 1), "");
        row("  times the codecs", &of(|room| room.plane_ms / room.codecs_ms).say("", 2), "");
    }
    if rounds.iter().any(|round| round.sound.import.is_none()) {
        return row("import of an mp3 of 3 minutes", "not measured: no ffmpeg", "");
    }
    let of = |figure: fn(crate::import::Import) -> f64| {
        Spread::of(rounds, |round| figure(round.sound.import.unwrap_or_default()))
    };
    row("import of an mp3 of 3 minutes: CPU", &of(|import| import.import_ms).say("ms", 0), "");
    row("  ffmpeg decodes it to 8 kHz", &of(|import| import.ffmpeg_ms).say("ms", 0), "");
    row("  times ffmpeg", &of(|import| import.import_ms / import.ffmpeg_ms).say("", 2), "");
}

fn print_transcoding(rounds: &[Round], at: usize, name: &str, aim: &str) {
    let of = |figure: fn(&Transcoding) -> f64| Spread::of(rounds, |round| figure(&round.sound.transcodings[at]));
    row(&format!("PCMA and {name}: CPU a call-second"), &of(|own| own.talk.exchange_ms).say("ms", 3), aim);
    row("  the codecs alone, same frames", &of(|own| own.alone.codecs_ms).say("ms", 3), "");
    row("    of that changing the rate", &of(|own| own.resampling_ms).say("ms", 3), "");
    let own = |round: &Round| {
        let transcoding = &round.sound.transcodings[at];
        (transcoding.talk.exchange_ms - round.sound.relayed.exchange_ms) / transcoding.alone.codecs_ms
    };
    row("  the media plane in virtual time", &of(|own| own.alone.plane_ms).say("ms", 3), "");
    row(
        "  times the codecs, without sockets",
        &of(|own| own.alone.plane_ms / own.alone.codecs_ms).say("", 2),
        "at most 1.15",
    );
    row("  times the codecs, relaying taken off", &Spread::of(rounds, own).say("", 2), "at most 1.15");
    row("  times the codecs, with its packets", &of(|own| own.talk.exchange_ms / own.alone.codecs_ms).say("", 2), "");
    row("  memory a call", &of(|own| own.talk.call_kib).say("kB", 0), "");
    match at {
        0 => print_talk(rounds, |sound| &sound.transcodings[0].talk),
        _ => print_talk(rounds, |sound| &sound.transcodings[1].talk),
    }
}

fn print_talk(rounds: &[Round], talk: fn(&Sound) -> &Talk) {
    let of = |figure: fn(&Talk) -> f64| Spread::of(rounds, |round| figure(talk(&round.sound)));
    row("  packets lost", &of(|talk| talk.lost * 100.0).say("%", 3), "0");
    row("  phones that hear another or nobody", &of(|talk| talk.deaf as f64).say("", 0), "0");
}

fn row(what: &str, measured: &str, aim: &str) {
    println!("| {what:40} | {measured:28} | {aim:12} |");
}
