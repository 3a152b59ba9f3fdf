//! Templates: what is shipped makes files, and what somebody has spoilt says where.

use super::*;
use crate::office::PhoneTemplate;
use crate::provision::check;

const HEAD: &str = "title = \"T\"\nbook = \"yealink\"\n[[file]]\nid = \"phone\"\nnames = [\"{mac}.cfg\"]\nkind = \"phone\"\n\
                    escape = \"line\"\ncontent_type = \"text/plain\"\n+++ phone\n";

#[test]
fn every_template_that_is_shipped_makes_its_files() {
    assert_eq!(built_ins().len(), BUILT_IN_TEMPLATES.len());
    for name in BUILT_IN_TEMPLATES {
        let checked = check(built_in_text(name).unwrap());
        assert!(checked.is_ok(), "{name}: {}", checked.unwrap_err());
        let template = built_in(name).unwrap();
        assert!(template.files.iter().any(|file| file.kind == Kind::Phone), "{name}");
    }
}

#[test]
fn a_mistake_names_its_line_and_cause() {
    let mistakes: &[(&str, usize, &str)] = &[
        ("{{ phone.nothing }}\n", 10, "undefined"),
        ("\n{% for line in lines %}\n{{ line.pasword }}\n{% endfor %}\n", 12, "undefined"),
        ("a = 1\n{% if %}\n", 11, "syntax error"),
        ("{% for line in lines %}\n", 10, "syntax error"),
        ("{{ phone.mac|nothing }}\n", 10, "unknown filter"),
        ("{% for n in range(9999) %}{% for m in range(9999) %}x{% endfor %}{% endfor %}\n", 10, "without end"),
    ];
    for (body, line, what) in mistakes {
        let error = check(&format!("{HEAD}{body}")).unwrap_err();
        assert_eq!(error.line, *line, "{body}: {error}");
        assert!(error.what.contains(what), "{body}: {error}");
    }
}

#[test]
fn a_head_that_can_not_be_read_says_why() {
    let with = |from: &str, to: &str| check(&HEAD.replace(from, to)).unwrap_err();
    assert_eq!(with("title = \"T\"", "title = T").line, 1);
    assert_eq!(with("kind = \"phone\"", "kind = \"secret\"").line, 6);
    assert_eq!(with("names = [\"{mac}.cfg\"]", "names = [\"{ip}.cfg\"]").line, 5);
    assert!(with("+++ phone", "+++ other").what.contains("+++ phone"));
    assert!(check(&format!("{HEAD}+++ more\n")).unwrap_err().what.contains("more"));
    assert!(check("").is_err());
}

#[test]
fn names_are_known_in_any_case_and_say_whose_they_are() {
    let snom = built_in("snom").unwrap();
    let (file, captured) = snom.find("SNOMD785-000413AABBCC.htm").unwrap();
    assert_eq!((file.id.as_str(), captured.model.as_str()), ("phone", "d785"));
    assert_eq!(captured.mac, Mac::read("000413aabbcc"));
    assert_eq!(snom.find("snomD785.htm").unwrap().0.id, "common");
    assert_eq!(snom.find("snomD785-firmware.xml").unwrap().0.id, "firmware");
    let yealink = built_in("yealink").unwrap();
    assert_eq!(yealink.find("y000000000028.cfg").unwrap().0.kind, Kind::Common);
    assert!(yealink.find("805ec0123456.boot").is_none() && yealink.find("").is_none());
    let grandstream = built_in("grandstream").unwrap();
    assert_eq!(grandstream.find("cfgc074ad0b63ee").unwrap().0.id, "phone");
    assert_eq!(grandstream.find("cfggrp2614.xml").unwrap().1.model, "grp2614");
    assert_eq!(built_in("polycom").unwrap().find("000000000000.cfg").unwrap().0.id, "common");
}

#[test]
fn a_common_file_is_that_of_the_vendor_who_asks() {
    let (templates, _) = Templates::of(&Office::default());
    assert_eq!(templates.common("cfg.xml", "grandstream").unwrap().0.name, "grandstream");
    assert_eq!(templates.common("cfguc903.xml", "htek").unwrap().0.name, "htek");
    assert_eq!(templates.common("spa504G.cfg", "").unwrap().0.name, "cisco-spa");
    assert!(templates.common("805ec0123456.cfg", "yealink").is_none());
    assert!(templates.common("nothing", "yealink").is_none());
}

#[test]
fn a_telephone_of_no_known_vendor_gets_the_general_template() {
    let (templates, _) = Templates::of(&Office::default());
    let of = |mac: &str, vendor: &str, template: &str| {
        let phone = Phone { vendor: vendor.to_owned(), template: template.to_owned(), ..Phone::new(mac) };
        templates.of_phone(&phone).name.clone()
    };
    assert_eq!(of("02:00:00:00:00:01", "", ""), "generic");
    assert_eq!(of("00:0b:82:00:00:01", "", ""), "grandstream");
    assert_eq!(of("00:0b:82:00:00:01", "Yealink", ""), "yealink");
    assert_eq!(of("00:0b:82:00:00:01", "Yealink", "snom"), "snom");
}

#[test]
fn an_office_with_a_spoilt_template_says_which_and_where_and_its_telephones_get_the_one_it_was_made_of() {
    let shipped = built_in_text("yealink").unwrap();
    let own = |name: &str, text: String| PhoneTemplate { name: name.to_owned(), base: "yealink".to_owned(), text };
    let office = Office {
        phone_templates: vec![
            own("A", shipped.to_owned()),
            own("B", shipped.replace("+++ common", "+++ other")),
            own("C", shipped.replace("urls.book", "urls.books")),
        ],
        ..Office::default()
    };
    let found = crate::provision::findings(&office);
    let said: Vec<&str> = found.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(found.len(), 2, "{said:?}");
    assert!(said[0].starts_with("phone template B: line ") && said[0].contains("common"), "{said:?}");
    assert!(said[1].starts_with("phone template C: line ") && said[1].contains("undefined"), "{said:?}");
    let (templates, mistakes) = Templates::of(&office);
    assert_eq!(mistakes.len(), 1, "what only fails at work is found by trying");
    assert_eq!(templates.named("B").unwrap().head.title, "Yealink");
}

proptest::proptest! {
    #[test]
    fn no_file_name_makes_it_stumble(name in "\\PC{0,60}") {
        let (templates, _) = Templates::of(&Office::default());
        templates.mac_in(&name);
        templates.common(&name, "");
        templates.mac_in(&format!("cfg{name}.xml"));
    }

    #[test]
    fn no_text_is_a_template_that_panics(text in "\\PC{0,80}") {
        let _ = check(&format!("{HEAD}{text}"));
        let _ = check(&text);
    }
}
