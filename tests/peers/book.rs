//! The phone book by LDAP, asked by OpenLDAP's client with the name and password that a telephone's own file tells it.

use std::process::{Command, Output};

use crate::exchange::{Exchange, words};
use crate::process::need;

const OFFICE: &str = "\
[[extension]]\nnumber = \"301\"\nemployee = \"Ёлкин Пётр\"\nemail = \"elkin@example.com\"\n\
[[extension.device]]\nkind = \"sip\"\nlogin = \"user301s0\"\npassword = \"a-long-password-301\"\nmac = \"00:0e:08:12:34:56\"\n\
[[extension]]\nnumber = \"302\"\nemployee = \"Anna Smith\"\n\
[[extension.device]]\nkind = \"sip\"\nlogin = \"user302s0\"\npassword = \"a-long-password-302\"\n\
[[group]]\nnumber = \"350\"\nname = \"Продажи\"\nmembers = [\"301\"]\n\
[[phone]]\nmac = \"00:0e:08:12:34:56\"\nvendor = \"cisco-spa\"\n";

/// What stands in an element of the telephone's file.
fn element(file: &str, name: &str) -> String {
    let found = file.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once('<'));
    found.unwrap_or_else(|| panic!("no {name} in\n{file}")).0.to_owned()
}

fn ldapsearch(address: &str, sign_in: &[&str], question: &[&str]) -> Output {
    need("ldapsearch", "ldap-utils");
    let mut command = Command::new("ldapsearch");
    command.args(["-x", "-LLL", "-o", "nettimeout=10", "-o", "ldif-wrap=no", "-H", address]).args(sign_in);
    command.args(["-b", "dc=dozvon"]).args(question).output().unwrap()
}

#[test]
fn a_telephone_searches_its_colleagues_by_ldap_and_nobody_else_does() {
    let exchange = Exchange::start("book", OFFICE);
    let address = exchange.get("/api/v1/phones/00:0e:08:12:34:56/address");
    let file = exchange.fetch(&[], &format!("{}000e08123456.xml", address["folder"].as_str().unwrap()));
    let (server, user) = (element(&file, "LDAP_Server"), element(&file, "LDAP_Client_DN"));
    let password = element(&file, "LDAP_Password");
    assert_eq!(server, format!("127.0.0.1:{}", exchange.ldap));
    let server = format!("ldap://{server}");
    let right = ["-D", user.as_str(), "-w", password.as_str()];

    let numbers = |filter: &str| -> Vec<String> {
        let found = ldapsearch(&server, &right, &[filter, "telephoneNumber"]);
        assert!(found.status.success(), "{filter}: {}", words(&found));
        let text = String::from_utf8_lossy(&found.stdout).into_owned();
        text.lines().filter_map(|line| line.strip_prefix("telephoneNumber: ")).map(str::to_owned).collect()
    };
    assert_eq!(numbers("(|(cn=*ПЕТР*)(sn=петр*))"), ["301"]);
    assert_eq!(numbers("(|(telephoneNumber=30*)(cn=прод*))"), ["302", "301", "350"]);
    assert_eq!(numbers("(&(ou=people)(!(cn=anna smith))(mail=elkin@*))"), ["301"]);

    let cut = ldapsearch(&server, &right, &["-z", "1", "(telephoneNumber=30*)"]);
    assert_eq!(cut.status.code(), Some(4), "there are more: {}", words(&cut));
    let changed = Command::new("ldapdelete").args(["-x", "-H", &server]).args(right).arg("dc=dozvon").output().unwrap();
    assert_eq!(changed.status.code(), Some(53), "{}", words(&changed));

    let anonymous = ldapsearch(&server, &[], &["(cn=*)"]);
    assert_eq!(anonymous.status.code(), Some(48), "{}", words(&anonymous));
    let other = user.replace("000e08123456", "000e08123457");
    for wrong in [["-D", &user, "-w", "wrong"], ["-D", &other, "-w", &password], ["-D", "cn=admin", "-w", &password]] {
        let refused = ldapsearch(&server, &wrong, &["(cn=*)"]);
        assert_eq!((refused.status.code(), refused.stdout.as_slice()), (Some(49), &b""[..]), "{}", words(&refused));
    }

    exchange.apply(&OFFICE.replace("00:0e:08:12:34:56", "00:0e:08:12:34:57"));
    let gone = ldapsearch(&server, &right, &["(cn=*)"]);
    assert_eq!(gone.status.code(), Some(49), "it is no telephone of the office any more: {}", words(&gone));
}
