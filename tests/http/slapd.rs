//! Debian's slapd with a made-up directory of a made-up office, on ports of its own, with a certificate of its own authority.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

pub(crate) const SEARCHER: &str = "cn=searcher,dc=office,dc=example";
pub(crate) const SEARCHER_PASSWORD: &str = "the searcher's secret";
/// Of anna, who is a pbx-admin, and of everybody else.
pub(crate) const PASSWORD: &str = "pass word of people";

const PEOPLE: &str = "\
dn: dc=office,dc=example
objectClass: dcObject
objectClass: organization
o: Office
dc: office

dn: cn=searcher,dc=office,dc=example
objectClass: person
cn: searcher
sn: searcher
userPassword: the searcher's secret

dn: ou=people,dc=office,dc=example
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=office,dc=example
objectClass: organizationalUnit
ou: groups
";

/// Login, name, and the group; the group of nobody is that of `pavel`.
const STAFF: [(&str, &str, &str); 4] = [
    ("anna", "Anna (Sales)", "pbx-admins"),
    ("boris", "Boris", "pbx-viewers"),
    ("pavel", "Pavel", "gardeners"),
    ("twin", "Twin", "pbx-viewers"),
];

/// A running directory.
pub(crate) struct Slapd {
    child: Child,
    directory: PathBuf,
    /// Where it speaks plainly, and StartTLS.
    pub(crate) plain: u16,
    /// Where it speaks TLS.
    pub(crate) tls: u16,
    /// Of its authority, as PEM.
    pub(crate) authority: String,
}

impl Slapd {
    pub(crate) fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("dozvon-slapd-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(directory.join("db")).unwrap();
        let authority = certificates(&directory);
        let (plain, tls) = (free_port(), free_port());
        let file = configuration(&directory);
        fs::write(directory.join("office.ldif"), people()).unwrap();
        let program = |name: &str| Command::new(format!("/usr/sbin/{name}"));
        let loaded = program("slapadd").arg("-f").arg(&file).arg("-l").arg(directory.join("office.ldif")).output();
        let loaded = loaded.expect("Debian's slapd is installed");
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        let addresses = format!("ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{tls}");
        let mut slapd = program("slapd");
        slapd.arg("-f").arg(&file).args(["-h", &addresses, "-d", "0"]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = slapd.spawn().unwrap();
        let started = Self { child, directory, plain, tls, authority };
        let answers = |port| TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_ok();
        for _ in 0..3_000 {
            if answers(plain) && answers(tls) {
                return started;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("slapd does not answer")
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An authority and a certificate for `localhost` under it; returns the authority's.
fn certificates(directory: &Path) -> String {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Office directory CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
    fs::write(directory.join("ca.pem"), &root).unwrap();
    fs::write(directory.join("own.pem"), leaf.pem()).unwrap();
    fs::write(directory.join("own.key"), own.serialize_pem()).unwrap();
    root
}

fn configuration(directory: &Path) -> PathBuf {
    let at = directory.display();
    let schemas = ["core", "cosine", "inetorgperson"];
    let schemas: String = schemas.map(|name| format!("include /etc/ldap/schema/{name}.schema\n")).concat();
    let text = format!(
        "{schemas}modulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {at}/pid\nargsfile {at}/args\n\
         TLSCACertificateFile {at}/ca.pem\nTLSCertificateFile {at}/own.pem\nTLSCertificateKeyFile {at}/own.key\n\
         database mdb\nsuffix \"dc=office,dc=example\"\ndirectory {at}/db\n\
         access to attrs=userPassword by anonymous auth by * none\n\
         access to * by users read by * none\n"
    );
    let file = directory.join("slapd.conf");
    fs::write(&file, text).unwrap();
    file
}

fn people() -> String {
    let mut text = PEOPLE.to_owned();
    let dn = |login: &str| format!("uid={login},ou=people,dc=office,dc=example");
    for (login, name, _) in STAFF {
        text += &format!(
            "\ndn: {}\nobjectClass: inetOrgPerson\nuid: {login}\ncn: {name}\nsn: {name}\nmail: {login}@office.example\n\
             userPassword: {PASSWORD}\n",
            dn(login)
        );
    }
    // somebody else with the same login elsewhere
    text += &format!(
        "\ndn: cn=Twin,ou=groups,dc=office,dc=example\nobjectClass: inetOrgPerson\nuid: twin\ncn: Twin\nsn: Twin\n\
         userPassword: {PASSWORD}\n"
    );
    for group in ["pbx-admins", "pbx-viewers", "gardeners"] {
        let members: String = STAFF
            .iter()
            .filter(|(.., of)| *of == group)
            .map(|(login, ..)| format!("member: {}\n", dn(login)))
            .collect();
        text += &format!(
            "\ndn: cn={group},ou=groups,dc=office,dc=example\nobjectClass: groupOfNames\ncn: {group}\n{members}"
        );
    }
    text
}
