use super::*;
use crate::io::scratch::Scratch;
use crate::io::store::{AuditFilter, Reader};

fn office_file(scratch: &Scratch) -> PathBuf {
    scratch.path().join("office.toml")
}

fn apply_request(scratch: &Scratch, text: &str, dry_run: bool) -> Request {
    Request::Apply { path: office_file(scratch), text: text.to_owned(), dry_run }
}

fn order(handle: &Handle, request: Request) -> Answer {
    perform(handle, request, &mut |_| {})
}

fn done(answer: Answer) -> (Vec<String>, Vec<String>) {
    match answer {
        Answer::Done { changes, warnings } => (changes, warnings),
        other => panic!("{other:?}"),
    }
}

fn files_of(handle: &Handle) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(handle.data().join("media"))
        .expect("made at the start")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn wav() -> Vec<u8> {
    let sound: Vec<u8> = (0..8000).flat_map(|n| ((n % 50) * 100_i16).to_le_bytes()).collect();
    let length = u32::try_from(sound.len()).expect("short").to_le_bytes();
    let format = b"\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data";
    [b"RIFF", &format[..], &length, &sound].concat()
}

const GREETING: &str = "[[media]]\nname = \"Приветствие\"\nfile = \"greeting.wav\"\n";

#[test]
fn a_running_exchange_is_asked_and_answers_over_its_socket() {
    let scratch = Scratch::new();
    let data = scratch.path().join("d".repeat(120));
    let request = apply_request(&scratch, "[office]\nname = \"Ромашка\"\n", false);
    assert_eq!(ask(&data, &request, &mut |_| {}).expect("nobody there"), None);
    let mut beginning = Handle::open(&data).expect("fresh");
    assert_eq!(ask(&data, &request, &mut |_| {}).expect("nobody there"), None);
    serve(beginning.handle.clone()).expect("a socket");
    let mode = fs::metadata(socket_path(&data)).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let (changes, _) = done(ask(&data, &request, &mut |_| {}).expect("answers").expect("runs"));
    assert_eq!(changes, ["office: name changed"]);
    assert_eq!(beginning.handle.office().settings.name, "Ромашка");
    assert!(matches!(beginning.orders.try_recv(), Ok(super::super::handle::Order::Office(..))));
    close(&data);
    assert_eq!(ask(&data, &request, &mut |_| {}).expect("nobody there"), None);
}

#[test]
fn what_was_applied_outlives_a_restart_with_its_media_and_applies_to_nothing_again() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    fs::write(scratch.path().join("greeting.wav"), wav()).expect("writable");
    let handle = Handle::open(&data).expect("fresh").handle;
    let (changes, _) = done(order(&handle, apply_request(&scratch, GREETING, false)));
    assert_eq!(changes, ["media Приветствие: added"]);
    let before = handle.office();
    assert_eq!(before.media[0].clip.as_ref().expect("loaded").frames(), 50);
    let files = files_of(&handle);
    assert_eq!(files.len(), 4, "the original and what is played: {files:?}");
    let again = done(order(&handle, apply_request(&scratch, GREETING, false))).0;
    assert_eq!(again, [""; 0]);
    handle.store().close();
    drop(handle);

    let handle = Handle::open(&data).expect("kept").handle;
    assert_eq!(handle.office(), before);
    let exported = crate::office::file::write(&before, false);
    assert_eq!(done(order(&handle, apply_request(&scratch, &exported, false))).0, [""; 0]);
}

#[test]
fn the_progress_of_a_long_media_file_is_told_over_the_socket() {
    let scratch = Scratch::new();
    let mut long = wav();
    let second = long.split_off(44);
    long.extend(second.repeat(70));
    long[40..44].copy_from_slice(&(70 * 16_000_u32).to_le_bytes());
    fs::write(scratch.path().join("greeting.wav"), long).expect("writable");
    let data = scratch.path().join("data");
    let beginning = Handle::open(&data).expect("fresh");
    serve(beginning.handle.clone()).expect("free");
    let mut told = Vec::new();
    let answer = ask(&data, &apply_request(&scratch, GREETING, false), &mut |words| told.push(words));
    let (changes, _) = done(answer.expect("answers").expect("runs"));
    assert_eq!(changes, ["media Приветствие: added"]);
    let steps: Vec<&str> = told.iter().filter_map(|words| words.strip_prefix("media Приветствие: ")).collect();
    assert!(steps.len() > 4 && steps.len() == told.len() && steps.last() == Some(&"100 %"), "{told:?}");
    close(&data);
}

#[test]
fn a_dry_run_and_a_refused_file_leave_nothing_behind() {
    let scratch = Scratch::new();
    let handle = Handle::open(&scratch.path().join("data")).expect("fresh").handle;
    let before = handle.office();
    fs::write(scratch.path().join("greeting.wav"), wav()).expect("writable");
    let (changes, _) = done(order(&handle, apply_request(&scratch, GREETING, true)));
    assert_eq!(changes, ["media Приветствие: added"]);
    let faults = [
        (format!("{GREETING}\n[office]\nnmae = \"x\"\n"), "office.toml:6: "),
        (format!("{GREETING}\n[[media]]\nname = \"Шум\"\nfile = \"noise.wav\"\n"), "media Шум: noise.wav: "),
        (format!("{GREETING}\n[office]\narea_code = \"81290000\"\n"), ""),
        (format!("{GREETING}\n[office]\ncountry = \"ZZ\"\n"), "numbering plan: "),
    ];
    fs::write(scratch.path().join("noise.wav"), "no sound at all").expect("writable");
    for (text, reason) in faults {
        let Answer::Refused { reasons } = order(&handle, apply_request(&scratch, &text, false)) else {
            panic!("applied: {text}")
        };
        assert!(reasons.iter().all(|line| line.starts_with(reason)), "{reasons:?}");
        assert_eq!(files_of(&handle), [""; 0], "{text}");
        assert_eq!(handle.office(), before);
    }
}

#[test]
fn a_lost_clip_is_made_again_from_its_original() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    fs::write(scratch.path().join("greeting.wav"), wav()).expect("writable");
    let handle = Handle::open(&data).expect("fresh").handle;
    done(order(&handle, apply_request(&scratch, GREETING, false)));
    let before = handle.office();
    let files = files_of(&handle);
    let opus = files.iter().find(|name| name.ends_with(".opus")).expect("kept");
    fs::remove_file(data.join("media").join(opus)).expect("there");
    // As versions before kept it.
    fs::write(data.join("media").join(opus.replace(".opus", ".clip.wav")), wav()).expect("writable");
    handle.store().close();
    drop(handle);
    let handle = Handle::open(&data).expect("kept").handle;
    assert_eq!((handle.office(), files_of(&handle)), (before, files));
}

#[test]
fn users_and_tokens_are_made_once() {
    let scratch = Scratch::new();
    let handle = Handle::open(&scratch.path().join("data")).expect("fresh").handle;
    let user = Request::User(UserChange::Add {
        login: "boss".to_owned(),
        admin: true,
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned(),
        must_change: true,
    });
    done(order(&handle, user.clone()));
    assert!(handle.office().users.iter().any(|user| user.login == "boss" && user.role == Role::Admin));
    assert!(matches!(order(&handle, user), Answer::Refused { .. }));
    let token = Request::Token { name: "grafana".to_owned(), admin: false, sha256: to_hex(&[7; 32]) };
    done(order(&handle, token.clone()));
    assert!(matches!(order(&handle, token), Answer::Refused { .. }));
    let odd = Request::Token { name: "other".to_owned(), admin: false, sha256: "7".repeat(63) };
    assert!(matches!(order(&handle, odd), Answer::Refused { .. }));
}

#[test]
fn the_console_learns_how_the_exchange_is_and_the_first_password_only_while_it_is_good() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    let beginning = Handle::open(&data).expect("fresh");
    let (handle, made) = (beginning.handle, beginning.first_sign_in.expect("fresh").password);
    let status = |handle: &Handle| match order(handle, Request::Status) {
        Answer::Status(status) => *status,
        other => panic!("{other:?}"),
    };
    let known = status(&handle);
    assert!(made.is_some() && known.exchange.is_new);
    assert_eq!(known.exchange.first_password, made);
    assert_eq!((known.exchange.trunks_up, known.exchange.phones_up, known.exchange.calls), (0, 0, 0));
    assert_eq!(known.timezone, handle.office().settings.timezone);
    assert!(known.exchange.pages.iter().all(|page| page.starts_with("https://")), "{known:?}");

    done(order(&handle, Request::Note { deed: "restart".to_owned() }));
    let password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned();
    let change = UserChange::Password { login: "admin".to_owned(), password_hash, must_change: true };
    done(order(&handle, Request::User(change)));
    assert_eq!(status(&handle).exchange.first_password, None, "there is another one");
    handle.store().close();
    let rows =
        Reader::open(&data).and_then(|reader| reader.audit(&AuditFilter::default(), 10, None)).expect("readable");
    assert!(rows.iter().any(|row| row.deed.who == AUTHOR && row.deed.subject == "restart"), "{rows:?}");
}
