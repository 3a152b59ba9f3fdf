use super::*;
use crate::base::Rng;
use crate::office::file::{self, Context};

fn office(language: &str) -> Office {
    let device = |number: &str| {
        format!(
            "[[extension.device]]\nkind = \"sip\"\nlogin = \"user{number}s0\"\npassword = \"long-enough-{number}\"\n"
        )
    };
    let text = format!(
        "[office]\nlanguage = \"{language}\"\n\
         [[extension]]\nnumber = \"201\"\nemployee = \"Ёлкин  Пётр Ильич\"\nemail = \"elkin@example.com\"\n{}\
         [[extension]]\nnumber = \"202\"\nemployee = \"Anna Smith\"\n{}\
         [[extension]]\nnumber = \"203\"\n{}\
         [[group]]\nnumber = \"500\"\nname = \"Продажи\"\nmembers = [\"201\"]\n",
        device("201"),
        device("202"),
        device("203"),
    );
    let context = Context { rng: &mut Rng::from_seed(1), exists: &|_| true, check: &|_| Vec::new() };
    file::read(&text, &Office::default(), context).unwrap().office
}

fn equal(name: &str, value: &str) -> Filter {
    Filter::Equal(name.to_owned(), value.to_owned())
}

fn like(name: &str, pattern: &str) -> Filter {
    Filter::Substrings(name.to_owned(), pattern.split('*').map(str::to_owned).collect())
}

/// The numbers that a filter finds.
fn numbers(filter: Filter) -> Vec<String> {
    let directory = Directory::of(&office("ru"));
    let search = Search { base: BASE.to_owned(), scope: Scope::Subtree, filter, most: 0 };
    let Found::Entries { entries, .. } = directory.search(&search) else { panic!("no such base") };
    let number = |entry: &&Entry| entry.dn.strip_prefix("telephonenumber=")?.split(',').next().map(str::to_owned);
    entries.iter().filter_map(number).collect()
}

#[test]
fn a_colleague_is_found_by_parts_of_a_name_and_by_number_in_any_case() {
    for filter in [
        like("cn", "ёл*"),
        like("CN", "ЕЛК*"),
        like("cn", "*ПЁТР*"),
        like("cn", "*петр ильич"),
        like("cn", "е*п*и*ч"),
        equal("sn", "елкин"),
        equal("telephoneNumber", "201"),
        like("mail", "elkin@*"),
        equal("cn", " Ёлкин Пётр  ильич "),
    ] {
        assert_eq!(numbers(filter.clone()), ["201"], "{filter:?}");
    }
    assert_eq!(numbers(like("cn", "*петр")), Vec::<String>::new(), "it does not end so");
    assert_eq!(numbers(like("cn", "*ильич*петр*")), Vec::<String>::new(), "the other way round");
    assert_eq!(numbers(like("telephonenumber", "20*")), ["203", "202", "201"], "by name: 203 has none");
}

#[test]
fn filters_are_joined_as_the_rfc_says() {
    let all = || Filter::Present("telephoneNumber".to_owned());
    assert_eq!(numbers(all()), ["203", "202", "201", "500"]);
    let and = Filter::And(vec![all(), like("cn", "*и*")]);
    assert_eq!(numbers(and), ["201", "500"]);
    assert_eq!(numbers(Filter::Or(vec![equal("cn", "203"), equal("ou", "groups")])), ["203", "500"]);
    assert_eq!(numbers(Filter::And(vec![all(), Filter::Not(Box::new(equal("ou", "people")))])), ["500"]);
    // of what no entry can have nothing is true, and its contrary neither
    let strange = || equal("shoeSize", "44");
    assert_eq!(numbers(strange()).len(), 0);
    assert_eq!(numbers(Filter::Not(Box::new(strange()))).len(), 0);
    assert_eq!(numbers(Filter::Not(Box::new(Filter::Unknown))).len(), 0);
    assert_eq!(numbers(Filter::Or(vec![strange(), equal("cn", "203")])), ["203"]);
    assert_eq!(numbers(Filter::And(vec![])).len(), 4, "RFC 4526");
    assert_eq!(numbers(Filter::Or(vec![])).len(), 0, "RFC 4526");
    let between = [Filter::AtLeast("telephoneNumber".to_owned(), "202".to_owned())];
    let to = Filter::AtMost("telephoneNumber".to_owned(), "203".to_owned());
    assert_eq!(numbers(Filter::And(between.into_iter().chain([to]).collect())), ["203", "202"]);
}

#[test]
fn a_search_looks_as_far_below_its_base_as_it_says_and_gives_no_more_than_wanted() {
    let directory = Directory::of(&office("ru"));
    let ask = |base: &str, scope, most| {
        let filter = Filter::Present("objectClass".to_owned());
        directory.search(&Search { base: base.to_owned(), scope, filter, most })
    };
    let count = |found: Found<'_>| match found {
        Found::Entries { entries, is_cut } => Some((entries.len(), is_cut)),
        Found::NoSuchObject => None,
    };
    assert_eq!(count(ask(" DC = Dozvon ", Scope::Base, 0)), Some((1, false)));
    assert_eq!(count(ask("dc=dozvon", Scope::OneLevel, 0)), Some((2, false)));
    assert_eq!(count(ask("ou=people, dc=dozvon", Scope::OneLevel, 0)), Some((3, false)));
    assert_eq!(count(ask("ou=people,dc=dozvon", Scope::Subtree, 0)), Some((4, false)));
    assert_eq!(count(ask("dc=dozvon", Scope::Subtree, 2)), Some((2, true)));
    assert_eq!(count(ask("telephoneNumber=201,ou=people,dc=dozvon", Scope::Base, 0)), Some((1, false)));
    assert_eq!(count(ask("dc=example", Scope::Subtree, 0)), None);
    assert_eq!(count(ask("", Scope::Base, 0)), None);
}

#[test]
fn the_surname_is_where_the_language_of_the_office_puts_it() {
    let surname = |language: &str, number: &str| {
        let directory = Directory::of(&office(language));
        let entry = directory.entries.iter().find(|entry| entry.dn.contains(number)).unwrap();
        let of = |name: &str| entry.attributes().find(|(have, _)| *have == name)?.1.next().map(str::to_owned);
        (of("sn").unwrap(), of("givenName"))
    };
    assert_eq!(surname("ru", "201"), ("Ёлкин".to_owned(), Some("Пётр Ильич".to_owned())));
    assert_eq!(surname("en", "202"), ("Smith".to_owned(), Some("Anna".to_owned())));
    assert_eq!(surname("en", "203"), ("203".to_owned(), None));
}

#[test]
fn a_telephone_signs_in_by_its_mac_and_a_password_that_does_not_tell_its_address() {
    let mac = Mac::read("80:5e:c0:12:34:56").unwrap();
    assert_eq!(user(mac), "cn=805ec0123456,ou=phones,dc=dozvon");
    assert_eq!(mac_of_user(" CN = 80:5E:C0:12:34:56 , OU=phones, dc=dozvon"), Some(mac));
    for name in ["", "805ec0123456", "cn=805ec0123456,dc=dozvon", "cn=nobody,ou=phones,dc=dozvon"] {
        assert_eq!(mac_of_user(name), None, "{name}");
    }
    assert_ne!(password("key"), password("kez"));
    assert!(!password("key").contains("key") && password("key").len() == 32);
}
