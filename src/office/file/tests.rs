use proptest::prelude::{ProptestConfig, TestCaseError, any, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::office::changes;
use crate::office::generated;
use crate::office::{Device, Extension, Forward, Out, Recordings, Role, SipDevice, Srtp};

const EXAMPLE: &str = include_str!("../../../config/office.example.toml");
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";

fn read_onto(text: &str, current: &Office) -> Result<Reading, Vec<Problem>> {
    let check = &crate::desk::check::findings;
    read(text, current, Context { rng: &mut Rng::from_seed(1), exists: &|_| true, check })
}

fn read_new(text: &str) -> Result<Reading, Vec<Problem>> {
    read_onto(text, &Office::default())
}

fn first_office() -> Office {
    Office::first_start(&mut Rng::from_seed(7), HASH, true)
}

/// The problems as text, one a line.
fn problems_of(text: &str) -> String {
    let problems = read_onto(text, &first_office()).expect_err("the document is wrong");
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn sip<'a>(office: &'a Office, number: &str) -> &'a SipDevice {
    office.extension(number).and_then(|e| e.sip_devices().next()).expect("the extension has a SIP device")
}

#[test]
fn the_example_is_valid_and_says_what_it_says() {
    let reading = read_onto(EXAMPLE, &first_office()).expect("the example is valid");
    let office = &reading.office;
    assert_eq!(office.settings.name, "ООО Ромашка");
    assert_eq!(office.trunk_of("78126122981").map(|t| t.server.as_str()), Some("127.0.0.1:5080"));
    assert_eq!(office.trunks[0].codecs, ["pcma", "pcmu", "g722", "opus"]);
    assert_eq!(office.settings.music, ["Мелодия ожидания"]);
    assert_eq!((office.trunks[0].srtp, sip(office, "201").srtp), (Srtp::Off, Srtp::Optional));
    let (extension, device) = office.device_by_login("rik33+user200s0").expect("200 has this login");
    assert_eq!((extension.number.as_str(), device.password.as_str()), ("200", "phone-secret-200"));
    assert!(matches!(&extension.devices[1], Device::Mobile(mobile) if mobile.number == "79211234567"));
    assert_eq!(office.extension("201").map(|e| e.outgoing_number.as_str()), Some("78126122981"));
    assert_eq!(office.extension("201").map(|e| e.permissions.words()), Some(vec!["internal"]));
    assert_eq!(office.group("500").map(|g| g.members.len()), Some(3));
    assert_eq!(office.desk.elements.len(), 8);
    assert_eq!(office.desk.element("menu").and_then(|e| e.links.get(&Out::Key('2'))).map(String::as_str), Some("ext"));
    assert_eq!(office.users[0].password_hash, HASH, "an empty hash keeps the present one");
    let imports: Vec<&str> = reading.imports.iter().map(|import| import.path.as_str()).collect();
    assert_eq!(imports, ["greeting.ogg", "moh.mp3"]);
    assert_eq!(reading.warnings, []);
}

#[test]
fn the_example_is_the_projects_document_and_its_shown_defaults_are_the_defaults() {
    let full = read_onto(EXAMPLE, &first_office()).expect("the example is valid").office;
    let optional = ["register ", "transport", "auth_login", "outbound_proxy", "from_domain", "number_format"];
    let more = ["caller_id_in", "codecs", "max_calls", "register_every", "numbers  =", "srtp", "format ", "keep_"];
    let is_default = |line: &&str| optional.iter().chain(&more).any(|key| line.trim_start().starts_with(key));
    let short: Vec<&str> = EXAMPLE.lines().filter(|line| !is_default(line)).collect();
    assert!(short.len() < EXAMPLE.lines().count() - 10);
    let short = read_onto(&short.join("\n"), &first_office()).expect("the defaults stand in").office;
    assert_eq!((&short.trunks, &short.recordings), (&full.trunks, &full.recordings));
    assert_eq!(sip(&short, "200").srtp, sip(&full, "200").srtp);
}

#[test]
fn every_problem_is_told_with_its_line_and_thing() {
    let text = EXAMPLE
        .replace("members     = [\"200\", \"201\", \"202\"]", "members     = [\"200\",\n  \"207\"]")
        .replace("to = \"bye\"", "to = \"by\"")
        .replace("area_code = \"812\"", "area_cod = \"812\"")
        .replace("max_calls      = 0 ", "max_calls      = \"0\" ")
        .replace("from = \"10:00\"", "from = \"25:00\"");
    let told = problems_of(&text);
    let expected = "\
line 11: office: unknown key `area_cod`; did you mean `area_code`?
line 32: trunk Основной городской: `max_calls` must be a whole number, not text
line 104: schedule Рабочее время: hours no. 2: `from` \"25:00\" is no time like \"09:00\"
line 115: group 500: member 207 is no extension
line 204: link night.next: there is no element `by`; did you mean `bye`?";
    assert_eq!(told, expected);
}

/// (what stands in the example, what stands there instead, on which line it is told: the same one when empty, what is said)
const BROKEN: [(&str, &str, &str, &str); 61] = [
    (
        "timezone  = \"Europe/Moscow\"",
        "timezone = \"Europe/Moskow\"",
        "",
        "office: there is no time zone \"Europe/Moskow\"; did you mean \"Europe/Moscow\"?",
    ),
    ("language  = \"ru\"", "language = \"de\"", "", "office: `language` \"de\" is none of \"ru\", \"en\""),
    (
        "country   = \"RU\"",
        "country = \"Russia\"",
        "",
        "office: `country` must be an ISO code of two letters, as \"RU\"",
    ),
    (
        "number   = \"78126122981\"",
        "number = \"+7 812 612-29-81\"",
        "",
        "trunk Основной городской: number \"+7 812 612-29-81\" must be 7 to 15 digits with the country code, without +; write \"78126122981\"",
    ),
    (
        "numbers  = []",
        "numbers = [\"78126122981\"]",
        "",
        "trunk Основной городской: number 78126122981 is carried by trunk Основной городской already",
    ),
    (
        "server   = \"127.0.0.1:5080\"",
        "server = \"sip.example.org:99999\"",
        "",
        "trunk Основной городской: `server` \"sip.example.org:99999\" is neither host nor host:port",
    ),
    (
        "login    = \"78126122981\"",
        "",
        "[[trunk]]",
        "trunk Основной городской: `login` is missing; a trunk known by its address has `register = false`",
    ),
    (
        "transport      = \"udp\"",
        "transport = \"upd\"",
        "",
        "trunk Основной городской: `transport` \"upd\" is none of \"udp\", \"tcp\", \"tls\"",
    ),
    (
        "codecs         = [\"pcma\", ",
        "codecs = [\"g729\", ",
        "",
        "trunk Основной городской: `codecs` \"g729\" is none of \"pcma\", \"pcmu\", \"g722\", \"opus\"; did you mean \"g722\"?",
    ),
    (
        "register_every = 300",
        "register_every = -1",
        "",
        "trunk Основной городской: `register_every` must be 5 to 86400, not -1",
    ),
    (
        "number          = \"200\"",
        "number = \"100\"",
        "",
        "extension 100: a number has 3 to 5 digits and doesn't start with 0 or 1",
    ),
    ("number          = \"200\"", "number = \"705\"", "", "extension 705: this number is a parking place (701 to 709)"),
    (
        "number          = \"200\"",
        "number = \"201\"",
        "number   = \"201\"",
        "extension 201: there is another extension of this number",
    ),
    (
        "number          = \"200\"",
        "number = 200",
        "",
        "extension no. 1: `number` must be text in quotes, not a whole number",
    ),
    (
        "number      = \"500\"",
        "number = \"800\"",
        "number = \"800\"",
        "conference 800: there is another group of this number",
    ),
    (
        "number      = \"500\"",
        "number = \"201\"",
        "number      = \"500\"",
        "group 201: there is another extension of this number",
    ),
    (
        "email           = \"office@example.org\"",
        "email = \"office\"",
        "",
        "extension 200: `email` \"office\" is no address",
    ),
    (
        "outgoing_number = \"78126122981\"",
        "outgoing_number = \"88126122981\"",
        "",
        "extension 200: outgoing_number 88126122981 is no number of a trunk; write \"78126122981\"",
    ),
    (
        "\"mobile_region\", ",
        "\"mobile_regoin\", ",
        "",
        "extension 200: `permissions` \"mobile_regoin\" is none of \"internal\", \"city\", \"mobile_region\", \"mobile_national\", \"long_distance\", \"international\"; did you mean \"mobile_region\"?",
    ),
    ("record          = true", "record = \"yes\"", "", "extension 200: `record` must be true or false, not text"),
    (
        "kind         = \"sip\"",
        "kind = \"sipp\"",
        "",
        "extension 200: device no. 1: `kind` \"sipp\" is none of \"sip\", \"mobile\"; did you mean \"sip\"?",
    ),
    (
        "login        = \"rik33+user200s0\"",
        "login = \"user201s0\"",
        "login    = \"user201s0\"",
        "extension 201: login user201s0 belongs to a device of extension 200 already",
    ),
    (
        "login        = \"rik33+user200s0\"",
        "login = \"приёмная\"",
        "",
        "extension 200: device no. 1: `login` \"приёмная\" may hold Latin letters, digits and + - . _ only",
    ),
    (
        "ring_seconds = 20\n  allow_from",
        "ring_seconds = 0\n  allow_from",
        "",
        "extension 200: device no. 1: `ring_seconds` must be 1 to 300, not 0",
    ),
    (
        "allow_from   = [\"0.0.0.0/0\"]",
        "allow_from = [\"10.0.0.0/33\"]",
        "",
        "extension 200: device no. 1: `allow_from` \"10.0.0.0/33\" is no network: the prefix is 0 to 32",
    ),
    (
        "allow_from   = [\"0.0.0.0/0\"]",
        "allow_from = [\"10.0.0.7/8\"]",
        "",
        "extension 200: device no. 1: `allow_from` \"10.0.0.7/8\" is no network: bits behind the prefix are set",
    ),
    (
        "forward      = { mode = \"none\" }",
        "forward = { mode = \"always\" }",
        "",
        "extension 200: device no. 1: forward: `to` is missing",
    ),
    (
        "forward      = { mode = \"none\" }",
        "forward = { mode = \"conditional\", busy = \"209\" }",
        "",
        "extension 200: forwards to 209, which is no extension or group",
    ),
    (
        "forward      = { mode = \"none\" }",
        "forward = { mode = \"none\", to = \"201\" }",
        "",
        "extension 200: device no. 1: forward: unknown key `to`",
    ),
    (
        "mac          = \"80:5e:c0:12:34:56\"",
        "mac = \"80:5e:c0:12:34:5g\"",
        "",
        "extension 200: device no. 1: `mac` \"80:5e:c0:12:34:5g\" is no address like \"80:5e:c0:12:34:56\"",
    ),
    (
        "number       = \"89211234567\"",
        "number = \"12\"",
        "",
        "extension 200: mobile number \"12\" is no outside number",
    ),
    ("media  = \"Приветствие\"", "media = \"Привет\"", "", "voice message Здравствуйте: media Привет is no media"),
    (
        "name = \"Мелодия ожидания\"",
        "name = \"Приветствие\"",
        "name = \"Мелодия ожидания\"",
        "media Приветствие: there is another media of this name",
    ),
    (
        "repeat = 1",
        "repeat = 1.5",
        "",
        "voice message Здравствуйте: `repeat` must be a whole number, not a number with a point",
    ),
    (
        "days = \"mon-fri\"",
        "days = \"mon-fry\"",
        "",
        "schedule Рабочее время: hours no. 1: `days` \"mon-fry\" must be days like \"mon-fri\" or \"sat,sun\"",
    ),
    (
        "date = \"2026-12-31\"",
        "date = \"2026-02-30\"",
        "",
        "schedule Рабочее время: except no. 1: `date` \"2026-02-30\" is no date like \"2026-12-31\"",
    ),
    (
        "date = \"2026-12-31\"",
        "date = 2026-12-31",
        "",
        "schedule Рабочее время: except no. 1: `date` must be text in quotes, not a date or time without quotes",
    ),
    (
        "closed = [\"2027-01-01..2027-01-08\"]",
        "closed = [\"2027-01-08..2027-01-01\"]",
        "",
        "schedule Рабочее время: `closed`: 2027-01-01 is before 2027-01-08",
    ),
    (
        "strategy    = \"ring_all\"",
        "strategy = \"ringall\"",
        "",
        "group 500: `strategy` \"ringall\" is none of \"ring_all\", \"round_robin\", \"first_to_last\"; did you mean \"ring_all\"?",
    ),
    ("members     = [\"200\", ", "members = [\"201\", ", "", "group 500: member 201 is named twice"),
    (
        "music     = [\"Мелодия ожидания\"]",
        "music = [\"Приветствие\", \"Мелодия ожиданий\"]",
        "",
        "office: music Мелодия ожиданий is no media; did you mean \"Мелодия ожидания\"?",
    ),
    ("music     = [\"Мелодия ожидания\"]", "music = [\"\"]", "", "office: `music` holds an empty name"),
    (
        "music     = [\"Мелодия ожидания\"]",
        "music = \"Мелодия ожидания\"",
        "",
        "office: `music` must be a list of texts, not text",
    ),
    (
        "srtp           = \"off\"",
        "srtp = \"optionl\"",
        "",
        "trunk Основной городской: `srtp` \"optionl\" is none of \"off\", \"optional\", \"required\"; did you mean \"optional\"?",
    ),
    ("  srtp         = \"optional\"", "  srtp = \"on\"", "", "extension 200: device no. 1: `srtp` \"on\" is none of"),
    ("format         = \"opus\"", "format = \"mp3\"", "", "recordings: `format` \"mp3\" is none of \"opus\", \"wav\""),
    ("keep_days      = 0", "keep_days = 3651", "", "recordings: `keep_days` must be 0 to 3650, not 3651"),
    (
        "keep_gigabytes = 0",
        "keep_gigabyte = 1",
        "",
        "recordings: unknown key `keep_gigabyte`; did you mean `keep_gigabytes`?",
    ),
    ("music       = \"Мелодия ожидания\"", "music = \"Мелодия\"", "", "group 500: music Мелодия is no media"),
    ("greeting        = \"Приветствие\"", "", "[[voice_menu]]", "voice menu Главное меню: `greeting` is missing"),
    ("id = \"bye\"", "id = \"in\"", "", "element in: there is another element of this id"),
    ("kind = \"hang_up\"", "kind = \"hangup\"", "", "element bye: `kind` \"hangup\" is none of"),
    (
        "numbers = [\"78126122981\"]\nx",
        "numbers = [\"78126122982\"]\nx",
        "",
        "element in: number 78126122982 is no number of a trunk",
    ),
    (
        "schedule = \"Рабочее время\"\nx",
        "schedule = \"Рабочее\"\nx",
        "",
        "element hours: schedule Рабочее is no schedule",
    ),
    ("group = \"500\"", "group = \"501\"", "", "element all: group 501 is no group"),
    (
        "y = 320\n\n# outs",
        "y = nan\n\n# outs",
        "y = 320\n\n# outs",
        "element bye: `y` must be within ±1000000, not nan",
    ),
    (
        "from = \"menu.2\"",
        "from = \"menu.1\"",
        "",
        "link menu.1: two links leave this output; the first goes to `reception`",
    ),
    (
        "from = \"menu.2\"",
        "from = \"menu.yes\"",
        "",
        "link menu.yes: there is no output \"yes\"; a voice_menu has \"0\", \"1\"",
    ),
    (
        "from = \"all.reserve\"\nto = \"night\"",
        "from = \"all.reserve\"\nto = \"in\"",
        "to = \"night\"\n\n# --- Web",
        "link all.reserve: element `in` is the start of a call; nothing leads to it",
    ),
    (
        "from = \"hours.no\"\nto = \"night\"",
        "from = \"hours.no\"\nto = \"hours\"",
        "[[element]]\nid = \"hours\"",
        "element hours: loop without a wait: hours → hours",
    ),
    (
        "trusted_networks = []",
        "trusted_networks = [\"office\"]",
        "",
        "protection: `trusted_networks` \"office\" is no network: no IP address",
    ),
];

/// The line of the example on which `text` begins, from 1.
fn line_of(text: &str) -> usize {
    let at = EXAMPLE.find(text).unwrap_or_else(|| panic!("the example has no {text:?}"));
    EXAMPLE[..at].lines().count() + usize::from(EXAMPLE[..at].ends_with('\n') || at == 0)
}

#[test]
fn each_mistake_is_refused_in_words() {
    for (right, wrong, told_at, what) in BROKEN {
        let line = line_of(if told_at.is_empty() { right } else { told_at });
        let expected = format!("line {line}: {what}");
        let told = problems_of(&EXAMPLE.replacen(right, wrong, 1));
        assert!(told.contains(&expected), "{wrong:?} gave:\n{told}\nexpected:\n{expected}");
    }
}

#[test]
fn a_syntax_error_names_line_and_column() {
    let told = problems_of("[office]\nname = \"Ромашка\"\n\n[[trunk]\nname = 1\nжук = =");
    assert!(told.starts_with("line 4: column 9: "), "{told}");
    assert!(told.contains("\nline 6: column "), "every one is told: {told}");
    assert!(problems_of("a = 1\na = 2").starts_with("line 2: column 1: "));
}

#[test]
fn kinds_that_do_not_exist_are_unknown_keys() {
    let told = problems_of("feature_codes = []\n[[extensions]]\nnumber = \"200\"\n[trunk]\nname = \"x\"");
    assert_eq!(
        told,
        "line 1: unknown key `feature_codes`\nline 2: unknown key `extensions`; did you mean `extension`?\nline 4: `trunk` must be a list of tables, as in [[trunk]], not a table"
    );
}

#[test]
fn a_kind_that_is_absent_is_left_alone() {
    let mut current = read_onto(EXAMPLE, &first_office()).expect("valid").office;
    current.settings.name = "Другая".to_owned();
    current.recordings.keep_days = 30;
    let reading = read_onto("[protection]\ntrusted_networks = [\"10.0.0.0/8\"]", &current).expect("valid");
    let mut expected = current.clone();
    expected.protection.trusted_networks = vec!["10.0.0.0/8".parse().expect("a network")];
    assert_eq!(reading.office, expected);
    assert_eq!(read_onto("", &current).expect("an empty file changes nothing").office, current);
}

#[test]
fn a_kind_that_is_present_is_made_exactly_so() {
    let mut current = read_onto(EXAMPLE, &first_office()).expect("valid").office;
    current.recordings.keep_gigabytes = 10;
    let reading = read_onto("group = []\nelement = []", &current).expect("valid");
    assert_eq!(read_onto("[recordings]", &current).expect("valid").office.recordings, Recordings::default());
    assert!(reading.office.groups.is_empty() && reading.office.desk.elements.is_empty());
    assert_eq!(reading.office.extensions, current.extensions);
}

#[test]
fn a_kept_thing_whose_reference_is_gone_is_told_without_a_line() {
    let mut current = first_office();
    current.groups[0].description = "everybody".to_owned();
    let problems = read_onto(ONLY_200, &current).expect_err("201 and 202 are gone");
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "group 500: member 201 is no extension (not in this file)",
            "group 500: member 202 is no extension (not in this file)"
        ]
    );
}

const ONLY_200: &str = "[[extension]]\nnumber = \"200\"\n[[extension.device]]\nkind = \"sip\"";

#[test]
fn the_group_of_a_new_box_follows_the_extensions_of_the_first_file() {
    let office = read_onto(ONLY_200, &first_office()).expect("valid").office;
    assert_eq!(office.group("500").map(|group| group.members.clone()), Some(vec!["200".to_owned()]));
    let others = ONLY_200.replace("200", "2001");
    let office = read_onto(&others, &first_office()).expect("valid").office;
    assert_eq!(office.group("500").map(|group| group.members.len()), Some(0));
    let written = format!(
        "{ONLY_200}\n[[group]]\nnumber = \"500\"\nname = \"Все сотрудники\"\nmembers = [\"200\", \"201\", \"202\"]"
    );
    assert!(read_onto(&written, &first_office()).is_err(), "a group that the file names is the file's");
}

#[test]
fn links_alone_redraw_the_present_desk() {
    let current = read_onto(EXAMPLE, &first_office()).expect("valid").office;
    let office = read_onto("[[link]]\nfrom = \"in.next\"\nto = \"bye\"", &current).expect("valid").office;
    assert_eq!(office.desk.elements.len(), 8);
    assert_eq!(office.desk.elements.iter().map(|e| e.links.len()).sum::<usize>(), 1);
}

#[test]
fn an_absent_password_keeps_the_present_one_or_makes_one() {
    let current = first_office();
    let login = sip(&current, "200").login.clone();
    let text = format!(
        "group = []\n[[extension]]\nnumber = \"200\"\n[[extension.device]]\nkind = \"sip\"\nlogin = \"{login}\"\n\
         [[extension]]\nnumber = \"203\"\n[[extension.device]]\nkind = \"sip\"\n[[extension.device]]\nkind = \"sip\""
    );
    let office = read_onto(&text, &current).expect("valid").office;
    assert_eq!(sip(&office, "200"), sip(&current, "200"));
    let prefix = login.split_once('+').expect("a prefix").0;
    let made: Vec<&SipDevice> = office.extension("203").into_iter().flat_map(Extension::sip_devices).collect();
    assert_eq!(made[0].login, format!("{prefix}+user203s0"));
    assert_eq!(made[1].login, format!("{prefix}+user203s1"));
    assert_eq!(made[0].password.len(), 16);
    assert_ne!(made[0].password, made[1].password);
    let again = read_onto(&text, &office).expect("valid").office;
    assert_eq!(again, office, "the second apply changes nothing");
}

#[test]
fn a_trunk_keeps_its_password_by_its_name() {
    let current = read_onto(EXAMPLE, &first_office()).expect("valid").office;
    let text = EXAMPLE.replace("password = \"carrier-secret\"", "").replace("127.0.0.1:5080", "sip.example.org");
    let office = read_onto(&text, &current).expect("valid").office;
    assert_eq!(office.trunks[0].password, "carrier-secret");
    let new = read_onto(&text, &first_office()).expect("valid");
    let told: Vec<String> = new.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["line 15: trunk Основной городской: has no password, and the box keeps none for it"]);
}

#[test]
fn the_last_admin_is_never_removed() {
    let current = first_office();
    for text in
        ["user = []", "[[user]]\nlogin = \"eve\"\nrole = \"viewer\"", "[[user]]\nlogin = \"admin\"\nrole = \"viewer\""]
    {
        let reading = read_onto(text, &current).expect("valid");
        let admin = reading.office.user("admin").expect("kept");
        assert_eq!((admin.role, admin.password_hash.as_str()), (Role::Admin, HASH));
        assert!(reading.warnings.iter().any(|w| w.what.contains("last admin is never removed")), "{text}");
    }
    let text = format!("[[user]]\nlogin = \"boss\"\nrole = \"admin\"\npassword_hash = \"{HASH}\"");
    let office = read_onto(&text, &current).expect("valid").office;
    assert!(office.user("admin").is_none(), "another admin who can sign in is enough");
}

#[test]
fn media_is_imported_kept_or_refused() {
    let text = "[[media]]\nname = \"A\"\nfile = \"a.wav\"\n[[media]]\nname = \"B\"\nfile = \"b.wav\"\n[[media]]\nname = \"C\"\nfile = \"c.wav\"";
    let clip = std::sync::Arc::new(crate::media::Clip::from_narrow(&[1, 2]));
    let kept = MediaFile { name: "A".to_owned(), file: "a.wav".to_owned(), clip: Some(clip) };
    let current = Office { media: vec![kept.clone()], ..Office::default() };
    let read = |exists: &dyn Fn(&str) -> bool| {
        read(text, &current, Context { rng: &mut Rng::from_seed(1), exists, check: &|_| Vec::new() })
    };
    let reading = read(&|path| path != "a.wav").expect("valid");
    assert_eq!(reading.office.media[0], kept);
    assert_eq!(
        reading.imports.iter().map(|i| (i.name.as_str(), i.path.as_str())).collect::<Vec<_>>(),
        [("B", "b.wav"), ("C", "c.wav")]
    );
    let told = read(&|path| path == "b.wav").expect_err("c is missing");
    assert_eq!(told[0].to_string(), "line 9: media C: there is no file c.wav");
}

#[test]
fn targets_of_forwarding_become_e164_unless_they_are_inside() {
    let with = |to: &str| {
        let text = EXAMPLE.replace("{ mode = \"none\" }", &format!("{{ mode = \"always\", to = \"{to}\" }}"));
        let office = read_onto(&text, &first_office()).expect("valid").office;
        sip(&office, "200").forward.clone()
    };
    for (written, stored) in [
        ("201", "201"),
        ("500", "500"),
        ("89211234567", "79211234567"),
        ("+7 (921) 123-45-67", "79211234567"),
        ("6122981", "78126122981"),
        ("8104930123456", "4930123456"),
    ] {
        assert_eq!(with(written), Forward::Always { to: stored.to_owned() }, "{written}");
    }
}

#[test]
fn what_is_odd_but_possible_is_a_warning() {
    let text = EXAMPLE
        .replace("phone-secret-201", "201")
        .replace("phone-secret-202", "12345678")
        .replace("number   = \"202\"", "number   = \"902\"")
        .replace("\"202\"]", "\"902\"]")
        .replace("[[link]]\nfrom = \"menu.timeout\"\nto = \"all\"", "")
        .replace("[[link]]\nfrom = \"hours.no\"\nto = \"night\"", "")
        .replace("numbers  = []", "numbers  = [\"78126122982\"]");
    let reading = read_onto(&text, &first_office()).expect("warnings only");
    let expected = [
        "number 78126122982 is in no incoming call element; its calls go to group 500",
        "extension 201: device user201s0: the password is the login or the number",
        "extension 902: outside numbers that start like this can't be dialled any more",
        "extension 902: device user202s0: the password is only digits",
        "element hours: output \"no\" leads nowhere; the call is hung up there",
        "element menu: output \"timeout\" leads nowhere; the call is hung up there",
    ];
    assert_eq!(reading.warnings.iter().map(|w| w.what.as_str()).collect::<Vec<_>>(), expected);
    for warning in &reading.warnings {
        let line = text.lines().nth(warning.line - 1).unwrap_or_default();
        let place =
            ["numbers  = [\"78126122982\"]", "password = \"201\"", "number   = \"902\"", "\"12345678\"", "[[element]]"];
        assert!(place.iter().any(|text| line.contains(text)), "{warning} is not at {line:?}");
    }
}

#[test]
fn an_element_that_no_call_reaches_is_a_warning() {
    let text = EXAMPLE.replace("[[link]]\nfrom = \"menu.2\"\nto = \"ext\"", "");
    let reading = read_onto(&text, &first_office()).expect("warnings only");
    let told: Vec<String> = reading.warnings.iter().map(|w| w.what.clone()).collect();
    assert_eq!(told, ["element ext: no call reaches it"]);
}

#[test]
fn carriage_returns_and_a_byte_order_mark_do_no_harm() {
    let windows = format!("\u{feff}{}", EXAMPLE.replace('\n', "\r\n"));
    let one = read_onto(&windows, &first_office()).expect("valid").office;
    assert_eq!(one, read_onto(EXAMPLE, &first_office()).expect("valid").office);
    let told = problems_of(&windows.replace("country   = \"RU\"", "country   = \"R\""));
    assert!(told.starts_with("line 10: "), "{told}");
}

#[test]
fn control_characters_do_not_get_into_names() {
    let told = problems_of(&EXAMPLE.replace("employee        = \"Приёмная\"", "employee = \"a\\r\\nVia: x\""));
    assert_eq!(told, "line 39: extension 200: `employee` holds a control character");
}

#[test]
fn passwords_are_written_only_with_secrets() {
    let mut current = read_onto(EXAMPLE, &first_office()).expect("valid").office;
    current.users[0].must_change = false;
    let open = write(&current, false);
    for secret in ["carrier-secret", "phone-secret", "argon2"] {
        assert!(!open.contains(secret), "{secret}");
        assert!(write(&current, true).contains(secret), "{secret}");
    }
}

#[test]
fn times_and_days_are_read_as_people_write_them() {
    for (text, minutes) in [
        ("09:00", Some(540)),
        ("9:05", Some(545)),
        ("24:00", Some(1440)),
        ("24:01", None),
        ("9:5", None),
        ("+9:00", None),
        ("09:60", None),
        ("", None),
    ] {
        assert_eq!(times::minutes(text), minutes, "{text}");
    }
    assert_eq!(times::days("sat-mon, wed").map(times::spell_days).as_deref(), Some("mon,wed,sat-sun"));
    assert_eq!(times::days("mon-"), None);
    assert_eq!(times::date("2026-6-01"), None);
}

/// What the desk's checker refuses is no matter of reading and writing.
fn unchecked(text: &str, current: &Office) -> Result<Reading, Vec<Problem>> {
    read(text, current, Context { rng: &mut Rng::from_seed(1), exists: &|_| true, check: &|_| Vec::new() })
}

fn without_clips(office: &Office) -> Office {
    let mut office = office.clone();
    office.media.iter_mut().for_each(|media| media.clip = None);
    office
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_office_that_is_written_reads_back_as_itself(seed in any::<u64>()) {
        let office = generated::office(&mut Rng::from_seed(seed));
        let text = write(&office, true);
        let reading = unchecked(&text, &Office::default()).map_err(|p| TestCaseError::fail(format!("{p:#?}\n{text}")))?;
        prop_assert_eq!(&reading.office, &without_clips(&office));
        prop_assert_eq!(write(&reading.office, true), text, "the order is stable");
    }

    #[test]
    fn an_office_replaces_any_other(one in any::<u64>(), other in any::<u64>()) {
        let office = generated::office(&mut Rng::from_seed(one));
        let mut current = generated::office(&mut Rng::from_seed(other));
        current.users.clear(); // the last admin would be kept
        current.media.clear(); // a stored file of the same name would be kept with its clip
        let reading = unchecked(&write(&office, true), &current).map_err(|p| TestCaseError::fail(format!("{p:#?}")))?;
        prop_assert_eq!(reading.office, without_clips(&office));
    }

    #[test]
    fn an_export_without_secrets_changes_nothing(seed in any::<u64>()) {
        let office = generated::office(&mut Rng::from_seed(seed));
        let reading = unchecked(&write(&office, false), &office).map_err(|p| TestCaseError::fail(format!("{p:#?}")))?;
        prop_assert_eq!(&reading.office, &office);
        prop_assert!(reading.imports.is_empty());
        prop_assert_eq!(changes::between(&office, &reading.office), []);
    }

    #[test]
    fn no_text_makes_the_reader_panic(at in 0..EXAMPLE.len(), cut in 0usize..40, insert in "[\\PC\n\\[\\]=\"{}]{0,12}") {
        let start = EXAMPLE.floor_char_boundary_here(at);
        let end = EXAMPLE.floor_char_boundary_here((at + cut).min(EXAMPLE.len()));
        let text = format!("{}{insert}{}", &EXAMPLE[..start], &EXAMPLE[end.max(start)..]);
        if let Err(problems) = read_new(&text) {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|p| p.line <= text.lines().count() + 1));
        }
    }
}

trait Boundary {
    fn floor_char_boundary_here(&self, at: usize) -> usize;
}

impl Boundary for str {
    fn floor_char_boundary_here(&self, at: usize) -> usize {
        (0..=at).rev().find(|at| self.is_char_boundary(*at)).unwrap_or(0)
    }
}
