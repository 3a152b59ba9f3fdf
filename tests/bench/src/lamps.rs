//! Busy lamps in virtual time: what a change of a telephone costs for all that watch it, with the SIP stack, from the change to the
//! last answer. The phones answer each NOTIFY at once.

use std::io;
use std::net::SocketAddr;

use dozvon::base::{Duration, Instant, Rng, WallTime};
use dozvon::lamp::{Asked, Lamps, Output, Talk, TalkState};
use dozvon::sip::stack::{self, Stack};
use dozvon::sip::wire::{Headers, Message, Name, parse};
use dozvon::sip::{Flow, Transport};

use crate::process;

/// Phones, and lamps on each of them.
pub const OFFICES: [(usize, usize); 2] = [(50, 4), (50, 200)];
/// Changes measured.
const CHANGES: usize = 2000;

/// What a panel of lamps costs.
#[derive(Default, Clone, Copy)]
pub struct Panel {
    /// CPU microseconds of one change of one telephone, for all that watch it.
    pub change_us: f64,
    /// Of one NOTIFY of it.
    pub notify_us: f64,
    /// Resident memory of one lamp, in bytes.
    pub lamp_bytes: f64,
}

struct House {
    stack: Stack,
    lamps: Lamps,
    now: Instant,
    notifies: usize,
}

impl Panel {
    /// Each phone watches as many numbers as it has lamps; the telephones change in turn between idle, ringing and talking.
    pub fn measure((phones, lamps): (usize, usize)) -> io::Result<Self> {
        let before = process::resident_kib(std::process::id());
        let mut house = House {
            stack: Stack::new(Rng::from_seed(1), "Dozvon"),
            lamps: Lamps::new(Rng::from_seed(2)),
            now: Instant::ZERO,
            notifies: 0,
        };
        for phone in 0..phones {
            for lamp in 0..lamps {
                house.subscribe(phone, 2000 + (phone + lamp) % lamps.max(phones))?;
            }
        }
        // What transactions leave for resends is gone by then.
        house.pass(Duration::from_secs(60));
        let lamp_bytes = (process::resident_kib(std::process::id()) - before) * 1024.0 / (phones * lamps) as f64;
        house.notifies = 0;
        let begun = process::own_cpu_ms();
        for change in 0..CHANGES {
            house.change(2000 + change % lamps.max(phones), change / lamps.max(phones))?;
        }
        let ms = process::own_cpu_ms() - begun;
        let expected = CHANGES * phones * lamps / lamps.max(phones);
        if house.notifies != expected {
            return Err(io::Error::other(format!("{} NOTIFYs, not {expected}", house.notifies)));
        }
        Ok(Self { change_us: ms * 1e3 / CHANGES as f64, notify_us: ms * 1e3 / house.notifies as f64, lamp_bytes })
    }
}

impl House {
    fn subscribe(&mut self, phone: usize, number: usize) -> io::Result<()> {
        let text = format!(
            "SUBSCRIBE sip:{number}@192.168.1.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.{phone}:5060;branch=z9hG4bK{phone}x{number}\r\n\
             Max-Forwards: 70\r\nFrom: \"Phone\" <sip:user{phone}s0@192.168.1.1>;tag=a{phone}x{number}\r\n\
             To: <sip:{number}@192.168.1.1>\r\nCall-ID: call-{phone}-{number}@192.168.1.{phone}\r\nCSeq: 1 SUBSCRIBE\r\n\
             Contact: <sip:user{phone}s0@192.168.1.{phone}:5060>\r\nEvent: dialog\r\nAccept: application/dialog-info+xml\r\n\
             Expires: 3600\r\nContent-Length: 0\r\n\r\n"
        );
        self.stack.handle_packet(self.now, flow(phone), text.as_bytes());
        self.settle()
    }

    fn change(&mut self, number: usize, time: usize) -> io::Result<()> {
        let state = [TalkState::Ringing, TalkState::Talking][time % 2];
        let remote = "79211234567".to_owned();
        let talk =
            Talk {
                id: time as u64, state, incoming: true, remote, remote_name: "Иван Петров".to_owned(), held: false
            };
        self.now += Duration::from_millis(200);
        let talks = if time % 3 == 2 { Vec::new() } else { vec![talk] };
        self.lamps.set_talks(self.now, &number.to_string(), talks);
        self.settle()?;
        self.pass(Duration::ZERO);
        Ok(())
    }

    fn pass(&mut self, span: Duration) {
        self.now += span;
        self.stack.handle_timeout(self.now);
        self.lamps.handle_timeout(self.now);
    }

    fn settle(&mut self) -> io::Result<()> {
        loop {
            let mut quiet = true;
            while let Some(output) = self.stack.poll_output() {
                quiet = false;
                self.on_stack(output)?;
            }
            while let Some(output) = self.lamps.poll_output() {
                quiet = false;
                if let Output::Request { order, draft } = output {
                    let txn = self.stack.request(self.now, *draft);
                    self.lamps.sent(order, txn);
                }
            }
            if quiet {
                return Ok(());
            }
        }
    }

    fn on_stack(&mut self, output: stack::Output) -> io::Result<()> {
        match output {
            stack::Output::Send { flow, bytes } => {
                let Ok(Message::Request(request)) = parse(&bytes) else { return Ok(()) };
                self.notifies += 1;
                self.stack.handle_packet(self.now, flow, &request.reply(200).to_bytes());
            }
            stack::Output::Request { txn, flow, request } => {
                let tag = self.stack.tag_of(txn).unwrap_or_default().to_owned();
                let user = request.headers.from().ok().and_then(|from| from.uri.user).unwrap_or_default();
                let thing = request.uri.user.as_deref();
                let asked = Asked { flow, request: &request, tag: &tag, login: &user, number: "2000", thing };
                let answer = self.lamps.subscribe(self.now, WallTime(0), &asked);
                let headers: Headers = answer.map_err(|error| io::Error::other(error.to_string()))?;
                debug_assert!(headers.contains(&Name::Expires));
                self.stack.respond(self.now, txn, 200, headers, Vec::new());
            }
            stack::Output::Response { txn, response, .. } => {
                self.lamps.handle_response(self.now, txn, &response);
            }
            stack::Output::Session { .. } => {}
        }
        Ok(())
    }
}

fn flow(phone: usize) -> Flow {
    let peer = SocketAddr::from(([192, 168, 1, phone as u8], 5060));
    Flow { transport: Transport::Udp, local: SocketAddr::from(([192, 168, 1, 1], 5060)), peer, connection: 0 }
}
