use super::*;

/// What phones and carrier do, played without a network: everybody rings at once, and a line that is hung up ends both.
struct World {
    script: Script,
    now: Instant,
    /// Two ends by line.
    calls: BTreeMap<Line, Line>,
    registered: BTreeSet<&'static str>,
    is_silent: bool,
    count: u64,
    log: Vec<(Instant, Order)>,
}

impl World {
    fn new(seed: u64) -> Self {
        let script = Script::new(Instant::ZERO, Rng::from_seed(seed));
        let (calls, registered) = (BTreeMap::new(), BTreeSet::new());
        Self { script, now: Instant::ZERO, calls, registered, is_silent: false, count: 1 << 40, log: Vec::new() }
    }

    /// Plays so long, and looks at each moment.
    fn run(&mut self, minutes: u64, mut look: impl FnMut(&Self)) {
        let end = self.now + Duration::from_secs(60 * minutes);
        self.drain();
        while let Some(at) = self.script.poll_timeout().filter(|at| *at <= end) {
            self.now = at;
            self.script.handle_input(at, Input::Timeout);
            self.drain();
            look(self);
        }
    }

    fn drain(&mut self) {
        while let Some(order) = self.script.poll_output() {
            self.log.push((self.now, order.clone()));
            self.obey(order);
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Register(phone) => assert!(self.registered.insert(phone), "{phone} is there already"),
            Order::Leave(phone) => assert!(self.registered.remove(phone), "{phone} is not there"),
            Order::Silence(is_on) => self.is_silent = is_on,
            Order::Dial { line, from, to } => self.dial(line, &from, &to),
            Order::Answer(line) => {
                let caller = self.calls.iter().find(|(_, called)| **called == line).map(|(caller, _)| *caller);
                self.tell(Input::Answered(line));
                if let Some(caller) = caller.filter(|caller| !self.script.is_up(*caller)) {
                    self.tell(Input::Answered(caller));
                }
            }
            Order::Press { line, keys: "1" | "2" } => self.ring(line, "204"),
            Order::Press { line, keys } if keys.len() == 3 => self.ring(line, keys),
            Order::Transfer { line, to } => {
                let caller = self.calls.iter().find(|(_, called)| **called == line).map(|(caller, _)| *caller);
                self.ring(caller.expect("it is of a call"), to);
            }
            Order::HangUp(line) | Order::Refuse { line, .. } => {
                let is_caller = self.calls.contains_key(&line);
                let caller = self.calls.iter().find(|(_, called)| **called == line).map(|(caller, _)| *caller);
                self.tell(Input::Over(line));
                if let Some(other) = self.calls.remove(&line).filter(|_| is_caller).or(caller) {
                    self.calls.remove(&other);
                    self.tell(Input::Over(other));
                }
            }
            Order::Hold(_) | Order::Resume(_) | Order::Press { .. } => {}
        }
    }

    fn dial(&mut self, line: Line, from: &Place, to: &str) {
        if let Place::Phone(phone) = from {
            assert!(self.registered.contains(phone.as_str()), "{phone} is unplugged and dials");
        }
        self.calls.insert(line, line);
        match from {
            Place::City(_) if to == MAIN => self.tell(Input::Answered(line)),
            Place::City(_) => self.ring(line, "208"),
            Place::Phone(_) if to == ROOM || to == PARKED => self.tell(Input::Answered(line)),
            Place::Phone(_) if to.len() == 3 => self.ring(line, to),
            Place::Phone(phone) => self.rings(line, Place::City(to.to_owned()), phone),
        }
    }

    fn ring(&mut self, caller: Line, phone: &str) {
        let Some(part) = self.script.lines.get(&caller) else { return };
        let shown = match &part.at {
            Place::Phone(number) => number.clone(),
            Place::City(number) => format!("8{}", national(number)),
        };
        self.rings(caller, Place::Phone(phone.to_owned()), &shown);
    }

    fn rings(&mut self, caller: Line, at: Place, shown: &str) {
        self.count += 1;
        let line = Line(self.count);
        self.calls.insert(caller, line);
        self.tell(Input::Rings { line, at, caller: shown.to_owned() });
    }

    fn tell(&mut self, input: Input) {
        self.script.handle_input(self.now, input);
    }

    fn times(&self, is_meant: impl Fn(&Order) -> bool) -> usize {
        self.log.iter().filter(|(_, order)| is_meant(order)).count()
    }
}

#[test]
fn from_the_first_seconds_on_two_to_five_calls_go_on() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        let (mut moments, mut lonely) = (0, 0);
        world.run(60, |world| {
            let calls = world.script.calls();
            assert!(calls <= MOST, "seed {seed}: {calls} calls at {:?}", world.now);
            if world.now > Instant::from_micros(30_000_000) {
                moments += 1;
                lonely += usize::from(calls < FEWEST);
            }
        });
        assert!(lonely * 20 < moments, "seed {seed}: fewer than {FEWEST} calls in {lonely} of {moments} moments");
    }
}

#[test]
fn everything_that_the_page_can_show_comes_within_a_quarter_of_an_hour() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        world.run(15, |_| {});
        let dials =
            |to: &'static str| move |order: &Order| matches!(order, Order::Dial { to: dialled, .. } if dialled == to);
        for (what, times) in [
            ("calls to the main number", world.times(dials(MAIN))),
            ("somebody in the conference", world.times(dials(ROOM))),
            (
                "outside calls",
                world.times(|order| matches!(order, Order::Dial { from: Place::Phone(_), to, .. } if to.len() > 4)),
            ),
            (
                "calls inside",
                world.times(|order| matches!(order, Order::Dial { from: Place::Phone(_), to, .. } if to.len() == 3)),
            ),
            ("hold", world.times(|order| matches!(order, Order::Hold(_)))),
            ("transfers", world.times(|order| matches!(order, Order::Transfer { .. }))),
            ("busy ones", world.times(|order| matches!(order, Order::Refuse { .. }))),
            ("an unplugged phone", world.times(|order| matches!(order, Order::Leave(_)))),
            ("a silent trunk", world.times(|order| *order == Order::Silence(true))),
        ] {
            assert!(times > 0, "seed {seed}: no {what}");
        }
    }
}

#[test]
fn what_was_unplugged_comes_back_and_nothing_is_left_behind() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        world.run(180, |world| {
            assert!(world.registered.len() + 2 >= PHONES.len(), "seed {seed}: {:?}", world.registered);
            assert!(world.script.lines.len() <= 4 * MOST, "seed {seed}: {:?}", world.script.lines);
        });
        assert!(world.times(|order| *order == Order::Silence(false)) > 0);
        assert_eq!(world.is_silent, world.script.is_silent);
    }
}

#[test]
fn the_same_seed_plays_twice_alike_and_another_one_does_not() {
    let play = |seed| {
        let mut world = World::new(seed);
        world.run(20, |_| {});
        world.log
    };
    assert_eq!(play(7), play(7));
    assert_ne!(play(7), play(8));
}

#[test]
fn a_stranger_who_calls_a_phone_is_answered_too_and_let_go() {
    let mut world = World::new(3);
    world.drain();
    let stranger = Line(1 << 50);
    world.rings(stranger, Place::Phone("214".to_owned()), "299");
    let called = Line(world.count);
    world.run(5, |_| {});
    assert!(world.times(|order| *order == Order::Answer(called)) == 1);
    assert!(world.times(|order| *order == Order::HangUp(called)) == 1);
}
