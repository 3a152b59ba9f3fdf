//! What a new box came with gives way to what comes, and what a person has touched does not.

use super::*;
use crate::office::{Element, Trunk};

fn new_box() -> Office {
    Office::first_start(&mut Rng::from_seed(4), "$argon2id$x", false)
}

fn numbers(office: &Office) -> Vec<&str> {
    let groups = office.groups.iter().map(|group| group.number.as_str());
    office.extensions.iter().map(|extension| extension.number.as_str()).chain(groups).collect()
}

/// One extension and nobody else; with a number in the city.
fn small(number: &str) -> Tables {
    tables(&[
        ("m_Extensions", Row::from([("number", number), ("type", "SIP"), ("callerid", "Анна")])),
        ("m_Sip", Row::from([("extension", number), ("type", "peer"), ("secret", "long-secret-anna")])),
    ])
}

fn trunk_of(number: &str) -> Trunk {
    Trunk {
        number: number.to_owned(),
        ..found::trunk("City".to_owned(), "sip.example.org".to_owned(), "office", "carrier")
    }
}

fn element(id: &str, kind: ElementKind) -> Element {
    Element { id: id.to_owned(), kind, x: 0.0, y: 0.0, links: Default::default() }
}

#[test]
fn made_up_extensions_give_way_wherever_nothing_comes_in_their_place() {
    let (office, imported) = applied(&small("201"), Maker::Miko, &[]);
    assert_eq!(numbers(&office), ["201"]);
    assert_eq!(imported.replaced, ["200", "201", "202", "500"]);
    assert_eq!(office.extension("201").unwrap().employee, "Анна");
    assert!(!notes(&imported).contains("taken"), "{}", notes(&imported));
}

#[test]
fn without_an_extension_nothing_gives_way() {
    let queue = tables(&[("m_CallQueues", Row::from([("extension", "600"), ("name", "Пустая")]))]);
    for (tables, groups) in [(queue, ["500", "600"].as_slice()), (small("12"), ["500"].as_slice())] {
        let (office, imported) = applied(&tables, Maker::Miko, &[]);
        assert!(imported.replaced.is_empty());
        assert_eq!(numbers(&office), [&["200", "201", "202"], groups].concat());
    }
}

#[test]
fn what_a_person_has_touched_stays_and_is_taken() {
    let mut current = new_box();
    current.extensions[1].employee = "Бухгалтерия".to_owned();
    let (office, imported) = applied_to(&current, &small("201"), Maker::Miko, &[]);
    assert_eq!(numbers(&office), ["200", "201", "202", "500"], "nothing came");
    assert!(notes(&imported).contains("Extension 201 does not come over: the number is taken"));
    let (office, _) = applied_to(&current, &small("202"), Maker::Miko, &[]);
    assert_eq!(numbers(&office), ["201", "202", "500"]);
    assert_eq!(office.group("500").unwrap().members, ["201"], "the group goes on ringing who stayed");
}

#[test]
fn numbers_that_rang_the_made_up_group_ring_who_has_come() {
    let mut current = new_box();
    current.trunks.push(trunk_of("74950000001"));
    let (office, imported) = applied_to(&current, &small("301"), Maker::Miko, &[]);
    assert!(is_extension(behind(&office, start(&office, "74950000001"), Out::Next), "301"));
    assert!(notes(&imported).contains("no way for calls to 74950000001"));

    let mut drawn = current.clone();
    let mut incoming = element("in", ElementKind::Incoming { numbers: vec!["74950000001".to_owned()] });
    incoming.links.insert(Out::Next, "all".to_owned());
    let mut all = element("all", ElementKind::Group { group: "500".to_owned() });
    all.links.insert(Out::Reserve, "first".to_owned());
    let first = element("first", ElementKind::Extension { extension: "200".to_owned() });
    drawn.desk.elements = vec![incoming, all, first];
    let (office, _) = applied_to(&drawn, &small("301"), Maker::Miko, &[]);
    let all = behind(&office, start(&office, "74950000001"), Out::Next);
    assert!(is_extension(all, "301") && all.links.is_empty(), "an extension leads nowhere");

    let (office, _) = applied_to(&drawn, &miko(), Maker::Miko, &SOUNDS);
    let all = behind(&office, start(&office, "74950000001"), Out::Next);
    assert!(is_group(all, "500"), "the group that came has this number too");
    assert!(is_group(behind(&office, all, Out::Reserve), "600"), "nobody has 200 now");
}
