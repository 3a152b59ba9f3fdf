use proptest::prelude::*;

use super::*;
use crate::office::{Conference, Extension, Group, Parking, Strategy as GroupStrategy, Trunk};
use crate::sip::Transport;

fn plan() -> Plan {
    Plan::load("RU", "812", None).expect("the shipped plan is whole")
}

fn trunk(number: &str, numbers: &[&str]) -> Trunk {
    Trunk {
        name: "город".to_owned(),
        number: number.to_owned(),
        numbers: numbers.iter().map(|n| (*n).to_owned()).collect(),
        server: "sip.example.org".to_owned(),
        login: "login".to_owned(),
        password: String::new(),
        comment: String::new(),
        register: true,
        transport: Transport::Udp,
        auth_login: String::new(),
        outbound_proxy: String::new(),
        from_domain: String::new(),
        number_format: NumberFormat::E164,
        caller_id_in: crate::office::CallerIdIn::From,
        codecs: vec!["pcma".to_owned()],
        max_calls: 0,
        register_every: 300,
        srtp: crate::office::Srtp::Off,
    }
}

fn group(number: &str) -> Group {
    Group {
        number: number.to_owned(),
        name: String::new(),
        description: String::new(),
        strategy: GroupStrategy::RingAll,
        members: Vec::new(),
        greeting: String::new(),
        music: String::new(),
        max_wait_seconds: 60,
        wrap_up_seconds: 0,
        max_queue: 10,
        member_ring_seconds: 20,
        announce_position: false,
    }
}

fn office() -> Office {
    Office {
        trunks: vec![trunk("78126122981", &["78126122982"])],
        extensions: ["200", "201", "6543", "45678"].map(Extension::new).to_vec(),
        groups: vec![group("500")],
        ..Office::default()
    }
}

fn outside(number: &str, class: Class) -> Target {
    Target::Outside { number: number.to_owned(), class }
}

#[test]
fn every_entry_form_of_a_number_means_the_same_number() {
    let forms = [
        "84951234567",
        "8 (495) 123-45-67",
        "74951234567",
        "+74951234567",
        "+7 495 123‑45‑67",
        "4951234567",
        "495.123.45.67",
        "8~10 7 495 123 45 67",
        "81074951234567",
        "0074951234567",
    ];
    for form in forms {
        assert_eq!(plan().interpret(&office(), form), outside("74951234567", Class::LongDistance), "{form}");
        assert_eq!(plan().to_e164(form).as_deref(), Some("74951234567"), "{form}");
    }
}

#[test]
fn numbers_abroad_are_dialled_in_four_ways() {
    for form in ["810 375 29 123-45-67", "8~10375291234567", "00375291234567", "+375291234567"] {
        assert_eq!(plan().interpret(&office(), form), outside("375291234567", Class::International), "{form}");
    }
}

#[test]
fn local_numbers_are_completed_with_the_area_code() {
    assert_eq!(plan().interpret(&office(), "123-45-67"), outside("78121234567", Class::City));
    let novokuznetsk = Plan::load("ru", "3843", None).expect("an area code");
    assert_eq!(novokuznetsk.to_e164("123456").as_deref(), Some("73843123456"));
    assert_eq!(novokuznetsk.to_e164("1234567"), None);
    let nowhere = Plan::load("RU", "", None).expect("no area code");
    assert_eq!(nowhere.to_e164("1234567"), None);
    assert_eq!(nowhere.classify("78121234567"), Class::LongDistance);
}

#[test]
fn an_extension_wins_over_a_local_number() {
    let village = Plan::load("RU", "81378", None).expect("an area code");
    assert_eq!(village.interpret(&office(), "45678"), Target::Extension { number: "45678".to_owned() });
    assert_eq!(village.interpret(&office(), "45679"), outside("78137845679", Class::City));
}

#[test]
fn emergency_numbers_are_matched_exactly_and_first() {
    let mut office = office();
    office.extensions.push(Extension::new("112"));
    for number in ["101", "102", "103", "104", "112"] {
        assert_eq!(plan().interpret(&office, number), Target::Emergency { digits: number.to_owned() });
        assert_eq!(plan().classify(number), Class::Emergency);
        assert_eq!(plan().redial(number), number);
        for format in [NumberFormat::E164, NumberFormat::Plus, NumberFormat::National] {
            assert_eq!(plan().format(number, format), number);
        }
    }
    for near in ["1120", "8112", "+112", "0112", "11", "7112", "112#", "*112", "1012", "812112"] {
        assert!(!matches!(plan().interpret(&office, near), Target::Emergency { .. }), "{near}");
    }
}

#[test]
fn classes_follow_the_plan() {
    let cases = [
        ("78121234567", Class::City),
        ("78001234567", Class::City),
        ("78041234567", Class::City),
        ("122", Class::City),
        ("115", Class::City),
        ("79211234567", Class::MobileNational),
        ("74951234567", Class::LongDistance),
        ("78131234567", Class::LongDistance),
        ("78031234567", Class::Premium),
        ("78091234567", Class::Premium),
        ("77011234567", Class::International),
        ("76001234567", Class::International),
        ("78401234567", Class::International),
        ("79401234567", Class::International),
        ("375291234567", Class::International),
        ("nonsense", Class::International),
        ("72001234567", Class::International),
    ];
    for (number, class) in cases {
        assert_eq!(plan().classify(number), class, "{number}");
    }
}

#[test]
fn moscow_is_one_city_with_three_codes() {
    let moscow = Plan::load("RU", "499", None).expect("an area code");
    for number in ["74951234567", "74981234567", "74991234567"] {
        assert_eq!(moscow.classify(number), Class::City, "{number}");
    }
    assert_eq!(moscow.classify("74961234567"), Class::LongDistance);
    assert_eq!(moscow.to_e164("1234567").as_deref(), Some("74991234567"));
}

#[test]
fn our_own_numbers_are_known_in_every_form() {
    for form in ["6122981", "88126122981", "+7 812 612 29 81", "78126122981", "8126122981", "81078126122981"] {
        let own = Target::OwnNumber { number: "78126122981".to_owned() };
        assert_eq!(plan().interpret(&office(), form), own, "{form}");
    }
    let second = Target::OwnNumber { number: "78126122982".to_owned() };
    assert_eq!(plan().interpret(&office(), "612-29-82"), second);
}

#[test]
fn star_31_hides_any_target_but_help() {
    let hidden = |target| Target::Hidden(Box::new(target));
    assert_eq!(plan().interpret(&office(), "*3189211234567"), hidden(outside("79211234567", Class::MobileNational)));
    assert_eq!(plan().interpret(&office(), "*31+79211234567"), hidden(outside("79211234567", Class::MobileNational)));
    assert_eq!(plan().interpret(&office(), "*31201"), hidden(Target::Extension { number: "201".to_owned() }));
    assert_eq!(plan().interpret(&office(), "*31112"), Target::Emergency { digits: "112".to_owned() });
    for nothing in ["*31", "*31*31201", "*32201", "#31201"] {
        assert_eq!(plan().interpret(&office(), nothing), Target::Unknown, "{nothing}");
    }
}

fn feature(feature: Feature, number: Option<&str>) -> Target {
    Target::Feature { feature, number: number.map(str::to_owned) }
}

#[test]
fn codes_are_features_with_the_number_that_follows() {
    let cases = [
        ("*43", feature(Feature::Echo, None)),
        ("*60", feature(Feature::DisturbOff, None)),
        ("#60", feature(Feature::DisturbOn, None)),
        ("*8", feature(Feature::Pickup, None)),
        ("*8201", feature(Feature::Pickup, Some("201"))),
        ("*80500", feature(Feature::Page, Some("500"))),
        ("*21 8 (921) 123-45-67", feature(Feature::ForwardAlways, Some("89211234567"))),
        ("*21*+79211234567#", feature(Feature::ForwardAlways, Some("+79211234567"))),
        ("**67*201#", feature(Feature::ForwardBusy, Some("201"))),
        ("*61112", feature(Feature::ForwardNoAnswer, Some("112"))),
        ("#21#", feature(Feature::ForwardAlwaysOff, None)),
        ("*#21#", feature(Feature::ForwardAlways, None)),
    ];
    for (dialled, target) in cases {
        assert_eq!(plan().interpret(&office(), dialled), target, "{dialled}");
    }
    for nothing in
        ["*43201", "*21", "*80", "##201", "*5", "*2201", "*9", "#", "*60#", "*8+201", "*21+7+921", "2*01", "201#"]
    {
        assert_eq!(plan().interpret(&office(), nothing), Target::Unknown, "{nothing}");
    }
}

#[test]
fn moved_codes_are_read_at_their_new_place_only() {
    let mut office = office();
    office.codes.set(Feature::Hide, "*67");
    office.codes.set(Feature::ForwardBusy, "*92");
    office.codes.set(Feature::Echo, "");
    let hidden = Target::Hidden(Box::new(Target::Extension { number: "201".to_owned() }));
    assert_eq!(plan().interpret(&office, "*67201"), hidden);
    assert_eq!(plan().interpret(&office, "*67112"), Target::Emergency { digits: "112".to_owned() });
    assert_eq!(plan().interpret(&office, "*92201"), feature(Feature::ForwardBusy, Some("201")));
    for nothing in ["*31201", "*43"] {
        assert_eq!(plan().interpret(&office, nothing), Target::Unknown, "{nothing}");
    }
}

#[test]
fn parking_places_and_rooms_are_dialled_and_never_stored() {
    let mut office = office();
    let room = Conference { number: "800".to_owned(), name: String::new(), pin: "4711".to_owned() };
    office.conferences.push(room);
    assert_eq!(plan().interpret(&office, "701"), Target::Place { number: "701".to_owned() });
    assert_eq!(plan().interpret(&office, "800"), Target::Conference { number: "800".to_owned() });
    for nothing in ["700", "710", "0701", "801", "+701"] {
        assert_eq!(plan().interpret(&office, nothing), Target::Unknown, "{nothing}");
    }
    office.extensions.push(Extension::new("701"));
    assert_eq!(plan().interpret(&office, "701"), Target::Extension { number: "701".to_owned() }, "were it let in");
    office.parking = Parking { last: 0, ..Parking::default() };
    assert_eq!(plan().interpret(&office, "702"), Target::Unknown, "no parking");
}

#[test]
fn what_is_nobodys_number_is_unknown() {
    let nobody = [
        "",
        "+",
        "8",
        "999",
        "12345",
        "0123456",
        "82001234567",
        "+72001234567",
        "7812123456",
        "881212345678",
        "92112345678",
        "alice",
        "8812123456a",
        "1e7",
        "٣٤٥",
        "+7+8121234567",
        "8888888888888888888888888888888888888888",
    ];
    for dialled in nobody {
        assert_eq!(plan().interpret(&office(), dialled), Target::Unknown, "{dialled}");
    }
}

#[test]
fn a_stored_foreign_number_is_taken_as_it_is() {
    assert_eq!(plan().resolve(&office(), "8613812345678"), outside("8613812345678", Class::International));
    assert_eq!(plan().resolve(&office(), "79211234567"), outside("79211234567", Class::MobileNational));
    assert_eq!(plan().resolve(&office(), "201"), Target::Extension { number: "201".to_owned() });
    assert_eq!(plan().resolve(&office(), "500"), Target::Group { number: "500".to_owned() });
    assert_eq!(plan().resolve(&office(), "78126122981"), Target::OwnNumber { number: "78126122981".to_owned() });
    assert_eq!(plan().resolve(&office(), "112"), Target::Emergency { digits: "112".to_owned() });
}

#[test]
fn callers_are_read_in_any_carriers_form() {
    let cases = [
        ("89211234567", Some("79211234567")),
        ("9211234567", Some("79211234567")),
        ("6122981", Some("78126122981")),
        ("375291234567", Some("375291234567")),
        ("8613812345678", Some("8613812345678")),
        ("12125551234", Some("12125551234")),
        ("anonymous", None),
        ("200", None),
        ("112", None),
        ("", None),
    ];
    for (written, number) in cases {
        assert_eq!(plan().to_e164(written).as_deref(), number, "{written}");
    }
}

#[test]
fn numbers_are_sent_as_the_carrier_wants_them() {
    let forms = |n: &str| [NumberFormat::E164, NumberFormat::Plus, NumberFormat::National].map(|f| plan().format(n, f));
    assert_eq!(forms("78121234567"), ["78121234567", "+78121234567", "88121234567"]);
    assert_eq!(forms("375291234567"), ["375291234567", "+375291234567", "810375291234567"]);
    assert_eq!(forms("77011234567"), ["77011234567", "+77011234567", "81077011234567"]);
    assert_eq!(forms("122"), ["122", "122", "122"]);
}

#[test]
fn the_table_that_is_shipped_is_empty_and_says_so() {
    assert_eq!(plan().mobile_ranges_date(), None);
}

const REGISTER: &str = "\u{feff}АВС/ DEF;От;До;Емкость;Оператор;Регион;ИНН\r
900;0000000;0061999;62000;ООО \"Т2 МОБАЙЛ\";Краснодарский край;7743895280\r
921;0000000;0999999;1000000;ПАО \"МегаФон\";г. Санкт-Петербург и Ленинградская область;7812014560\r
921;1000000;1999999;1000000;ПАО \"МегаФон\";Ленинградская обл.;7812014560\r
921;2000000;2099999;100000;ПАО \"МегаФон\";Псковская обл.;7812014560\r
958;0000000;0009999;10000;ООО \"Кто-то\";Российская Федерация;1\r
958;0010000;0019999;10000;ООО \"Кто-то\";-;1\r
";

#[test]
fn the_registers_own_file_tells_mobiles_of_the_region() {
    let petersburg = Plan::load("RU", "812", Some(REGISTER)).expect("the register's format");
    assert_eq!(petersburg.mobile_ranges_date(), Some("undated"));
    for (number, class) in [
        ("79210000000", Class::MobileRegion),
        ("79211999999", Class::MobileRegion),
        ("79212000000", Class::MobileNational),
        ("79000000000", Class::MobileNational),
        ("79580000001", Class::MobileNational),
        ("79580010001", Class::MobileNational),
        ("79999999999", Class::MobileNational),
    ] {
        assert_eq!(petersburg.classify(number), class, "{number}");
    }
    assert_eq!(petersburg.region(), Some("Санкт-Петербург и Ленинградская область"));
    let pskov = Plan::load("RU", "8112", Some(REGISTER)).expect("the register's format");
    assert_eq!(pskov.classify("79212000000"), Class::MobileRegion);
    assert_eq!(pskov.classify("79211000000"), Class::MobileNational);
}

#[test]
fn the_date_is_told_in_a_comment() {
    let dated = format!("# date: 2026-04-20\n{}", REGISTER.trim_start_matches('\u{feff}'));
    let plan = Plan::load("RU", "812", Some(&dated)).expect("a dated register");
    assert_eq!(plan.mobile_ranges_date(), Some("2026-04-20"));
}

#[test]
fn a_broken_table_names_its_line() {
    let header = "АВС/ DEF;От;До;Регион\n";
    let cases = [
        ("код;начало;конец\n".to_owned(), "line 1: no column От, До or Регион"),
        (format!("{header}921;0000000;Псковская обл.\n"), "line 2: not a range of numbers"),
        (
            format!("{header}921;0000000;0000009;Псковская обл.\n921;9;0;Псковская обл.\n"),
            "line 3: not a range of numbers",
        ),
        (format!("{header}921;0000009;0000000;Псковская обл.\n"), "line 2: not a range of numbers"),
        (format!("{header}92a;0000000;0000009;Псковская обл.\n"), "line 2: not a range of numbers"),
    ];
    for (table, what) in cases {
        let error = Plan::load("RU", "812", Some(&table)).expect_err("a broken table");
        assert_eq!(error, PlanError::MobileRanges(what.to_owned()));
    }
}

#[test]
fn names_of_regions_that_resemble_each_other_are_told_apart() {
    let country = Country::read(COUNTRIES[0].1).expect("the shipped plan");
    let region = |area| country.region_of_area(area).expect("a region");
    let cases = [
        ("Томская обл.", "382", "381"),
        ("Костромская область", "494", "381"),
        ("Алтайский край", "385", "388"),
        ("Республика Алтай", "388", "385"),
        ("Сахалинская обл.", "424", "411"),
        ("Республика Саха /Якутия/", "411", "424"),
        ("Ямало-Ненецкий АО", "349", "81853"),
        ("Ханты - Мансийский - Югра АО", "346", "345"),
        ("Курганская область", "352", "471"),
    ];
    for (name, is, is_not) in cases {
        assert!(country.names_region(name, region(is)), "{name}");
        assert!(!country.names_region(name, region(is_not)), "{name}");
    }
    let both = "Архангельская область * Ненецкий автономный округ";
    assert!(country.names_region(both, region("818")) && country.names_region(both, region("81853")));
}

#[test]
fn what_cannot_be_a_plan_is_refused() {
    assert_eq!(Plan::load("XX", "812", None).err(), Some(PlanError::UnknownCountry("XX".to_owned())));
    for area in ["81a", "812345", "+812"] {
        assert_eq!(Plan::load("RU", area, None).err(), Some(PlanError::AreaCode(area.to_owned())));
    }
}

#[test]
fn tones_are_the_countrys() {
    let tones = plan().tones();
    assert_eq!(tones.ringback, Tone { frequencies: [425, 0], cadence_ms: vec![1000, 4000] });
    assert_eq!(tones.busy, Tone { frequencies: [425, 0], cadence_ms: vec![350, 350] });
    assert_eq!(tones.congestion, Tone { frequencies: [425, 0], cadence_ms: vec![175, 175] });
}

proptest! {
    #[test]
    fn a_number_survives_redialling_and_every_format(
        number in prop_oneof!["7[34689][0-9]{9}", "[1-689][0-9]{6,14}"],
        area in prop_oneof![Just("812"), Just("495"), Just("3843"), Just("")],
    ) {
        let plan = Plan::load("RU", area, None).expect("an area code");
        prop_assume!(plan.is_e164(&number));
        let back = plan.to_e164(&plan.redial(&number));
        prop_assert_eq!(back.as_deref(), Some(number.as_str()));
        let plus = plan.to_e164(&plan.format(&number, NumberFormat::Plus));
        prop_assert_eq!(plus.as_deref(), Some(number.as_str()));
        let national = plan.to_e164(&plan.format(&number, NumberFormat::National));
        prop_assert_eq!(national.as_deref(), Some(number.as_str()));
        if number.starts_with('7') {
            prop_assert_eq!(plan.to_e164(&number), Some(number));
        }
    }

    #[test]
    fn nothing_that_is_dialled_can_panic(dialled in "\\PC{0,40}", digits in "[0-9*#+ ~-]{0,24}") {
        let (plan, office) = (plan(), office());
        for text in [dialled, digits] {
            plan.interpret(&office, &text);
            plan.resolve(&office, &text);
            plan.classify(&text);
            plan.redial(&text);
            plan.to_e164(&text);
        }
    }

    #[test]
    fn only_the_five_are_emergency_numbers(dialled in "[0-9]{1,12}") {
        let emergency = matches!(plan().interpret(&office(), &dialled), Target::Emergency { .. });
        prop_assert_eq!(emergency, ["101", "102", "103", "104", "112"].contains(&dialled.as_str()));
    }

    #[test]
    fn what_an_outside_target_says_is_its_own_e164(dialled in "[0-9+]{3,15}") {
        if let Target::Outside { number, class } = plan().interpret(&office(), &dialled) {
            prop_assert_eq!(plan().classify(&number), class);
            prop_assert!(plan().is_e164(&number) || plan().country.is_short(&number));
        }
    }

    #[test]
    fn a_broken_table_is_an_error_and_never_a_panic(table in "(АВС/ DEF;От;До;Регион\n)?[0-9;а-я\n#]{0,60}") {
        let _ = Plan::load("RU", "812", Some(&table));
    }
}
