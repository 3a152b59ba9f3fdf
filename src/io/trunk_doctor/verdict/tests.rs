use super::super::{Doubt, Facts, Names, Port, Trial, TrialEnd};
use super::*;
use crate::base::Rng;
use crate::office::Office;
use crate::office::file::{self, Context};

fn trunk() -> Trunk {
    let text = "[[trunk]]\nname = \"City\"\nnumber = \"78126122981\"\nserver = \"sip.carrier.example\"\nlogin = \"x\"\ncomment = \"договор 17\"\n";
    let context = Context { rng: &mut Rng::from_seed(1), exists: &|_| true, check: &|_| Vec::new() };
    file::read(text, &Office::default(), context).expect("valid").office.trunks.remove(0)
}

fn found() -> Option<Names> {
    Some(Names::Found(vec![(Transport::Udp, "192.0.2.1:5060".parse().expect("an address"))]))
}

fn at(state: TrunkState, port: Port) -> Facts {
    Facts { names: found(), port: Some(port), state: Some(state), done: true, ..Facts::default() }
}

fn refused(status: u16) -> TrunkState {
    TrunkState::Refused { status, reason: "No".to_owned() }
}

fn called(ends: &[TrialEnd]) -> Facts {
    let forms = [NumberFormat::E164, NumberFormat::Plus, NumberFormat::National];
    let trials = ends.iter().zip(forms).map(|(end, format)| Trial { format, call: None, end: *end }).collect();
    Facts { trials, ..at(TrunkState::Registered, Port::Answers) }
}

fn answered(came_back: bool, heard: bool, sent: bool) -> TrialEnd {
    TrialEnd::Answered { came_back, heard, sent }
}

/// Every fault, and what the doctor must say of it.
fn faults() -> Vec<(Facts, Advice)> {
    let silent = |port| at(TrunkState::Silent, port);
    let refused_call = |status| TrialEnd::Refused(status);
    let all_refused = |status| called(&[refused_call(status), refused_call(status), refused_call(status)]);
    vec![
        (Facts { names: Some(Names::Silent), done: true, ..Facts::default() }, Advice::NoNames),
        (Facts { names: Some(Names::Unknown), done: true, ..Facts::default() }, Advice::WrongName),
        (at(TrunkState::NoSuchName, Port::Silent), Advice::WrongName),
        (silent(Port::NoRoute), Advice::NoRoute),
        (silent(Port::Refused), Advice::WrongPort),
        (silent(Port::NoTls), Advice::NoTls),
        (silent(Port::Doubtful(Doubt::Unknown)), Advice::Certificate(Doubt::Unknown)),
        (silent(Port::Doubtful(Doubt::OtherName)), Advice::Certificate(Doubt::OtherName)),
        (silent(Port::Doubtful(Doubt::Expired)), Advice::Certificate(Doubt::Expired)),
        (silent(Port::Silent), Advice::Silent),
        (silent(Port::Answers), Advice::Silent),
        (Facts { state: None, ..silent(Port::Silent) }, Advice::Silent),
        (at(TrunkState::WrongPassword { status: 401 }, Port::Answers), Advice::WrongPassword),
        (at(TrunkState::WrongPassword { status: 403 }, Port::Answers), Advice::WrongPassword),
        (at(refused(404), Port::Answers), Advice::RegistrationRefused(404)),
        (at(refused(423), Port::Answers), Advice::RegistrationRefused(423)),
        (at(refused(503), Port::Answers), Advice::RegistrationRefused(503)),
        (called(&[refused_call(404), answered(true, true, true)]), Advice::Form(NumberFormat::Plus)),
        (
            called(&[refused_call(403), refused_call(484), answered(true, true, true)]),
            Advice::Form(NumberFormat::National),
        ),
        (called(&[refused_call(404), TrialEnd::NoAnswer { came_back: false }]), Advice::Form(NumberFormat::Plus)),
        (all_refused(403), Advice::CallRefused(403)),
        (called(&[refused_call(402)]), Advice::CallRefused(402)),
        (called(&[refused_call(486)]), Advice::Busy),
        (called(&[TrialEnd::NoAnswer { came_back: false }]), Advice::NotBack),
        (called(&[TrialEnd::NoAnswer { came_back: true }]), Advice::NotAnswered),
        (called(&[answered(false, true, false)]), Advice::AnsweredElsewhere),
        (called(&[answered(true, false, true)]), Advice::NoSoundIn),
        (called(&[answered(true, true, false)]), Advice::NoSoundOut),
        (called(&[answered(true, false, false)]), Advice::NoSound),
        (called(&[TrialEnd::NotPlaced]), Advice::NotPlaced),
        (called(&[answered(true, true, true)]), Advice::Healthy),
    ]
}

#[test]
fn every_fault_gets_its_own_word_in_both_languages() {
    for (facts, advice) in faults() {
        for language in [Language::Ru, Language::En] {
            let said = verdict(&trunk(), &facts, language);
            assert_eq!(said.advice, advice, "{facts:?}");
            assert!(said.text.ends_with('.'), "{said:?}");
            let is_well = advice == Advice::Healthy;
            assert_eq!(said.next.is_empty(), is_well, "a fault without a next step: {said:?}");
            assert!(said.findings.iter().all(|finding| finding.state != State::Running), "{said:?}");
            let good = said.findings.iter().all(|finding| finding.state == State::Ok);
            assert_eq!(good, is_well, "{said:?}");
        }
    }
}

#[test]
fn what_can_be_mended_here_is_not_blamed_on_the_carrier() {
    for (facts, advice) in faults() {
        let said = verdict(&trunk(), &facts, Language::Ru);
        let mended = matches!(advice, Advice::Form(_));
        assert_eq!(said.fix.is_some(), mended, "{said:?}");
        let ours = matches!(advice, Advice::NoNames | Advice::WrongName | Advice::WrongPassword | Advice::Healthy);
        assert!(!(ours || mended) || said.letter.is_empty(), "{said:?}");
        if !said.letter.is_empty() {
            assert!(said.letter.contains("78126122981") && said.letter.contains("договор 17"), "{}", said.letter);
        }
    }
}

#[test]
fn while_it_looks_it_says_so_and_what_it_knows() {
    let facts = Facts { names: found(), ..Facts::default() };
    let said = verdict(&trunk(), &facts, Language::En);
    let states: Vec<State> = said.findings.iter().map(|finding| finding.state).collect();
    assert_eq!(said.advice, Advice::Running);
    assert_eq!(states, [State::Ok, State::Running, State::Skipped, State::Skipped, State::Skipped]);
}
