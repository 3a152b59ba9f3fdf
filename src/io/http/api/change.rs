//! How a resource changes the office: one way for all. The change is made on the present office while nobody else changes it,
//! held against what its maker has seen (If-Match), read back by the office file's own reader, which checks it as a whole,
//! and put in force. What the reader finds wrong becomes `errors` with pointers into the body.

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::super::reply::{Problem, Reply, problems};
use super::{Visit, faults};
use crate::base::Rng;
use crate::desk;
use crate::io::clock;
use crate::office::Office;
use crate::office::file::{self, Context, Fault, Finding};

/// Where the fields of a body stand in the office file.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// The first that fits counts.
    rules: Vec<Rule>,
    /// What the body wants to have for itself, with its field: who had it before is told there, though the file's reader finds the
    /// fault at the later one of both.
    wants: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
struct Rule {
    /// JSON pointer into the document: `/conference/2`.
    file: String,
    /// JSON pointer into the body.
    body: String,
    /// Whether what comes behind is the same in both; else it is dropped.
    goes_on: bool,
}

impl Place {
    /// The body is what stands there.
    pub(super) fn new(file: impl Into<String>) -> Self {
        Self::default().and(file, "")
    }

    /// And what stands in the file at `file` is in the body at `body`.
    #[must_use]
    pub(super) fn and(mut self, file: impl Into<String>, body: impl Into<String>) -> Self {
        self.rules.push(Rule { file: file.into(), body: body.into(), goes_on: true });
        self
    }

    /// And all that stands in the file at `file` is the one field `body`.
    #[must_use]
    pub(super) fn and_all_of(mut self, file: impl Into<String>, body: impl Into<String>) -> Self {
        self.rules.push(Rule { file: file.into(), body: body.into(), goes_on: false });
        self
    }

    /// Fields with what they want to have for themselves: a number, a name, a login.
    #[must_use]
    pub(super) fn wanting(mut self, wants: Vec<(String, String)>) -> Self {
        self.wants = wants;
        self
    }

    /// Where a problem lies in the body, when it does.
    fn pointer(&self, problem: &file::Problem) -> Option<String> {
        self.inside(&problem.pointer).or_else(|| {
            let taken = match problem.fault.as_ref()? {
                Fault::NumberTaken { number, .. } | Fault::NumberCarried { number, .. } => number,
                Fault::NameTaken(name) => name,
                Fault::LoginTaken { login, .. } => login,
                _ => return None,
            };
            self.wants.iter().find(|(_, text)| text == taken).map(|(pointer, _)| pointer.clone())
        })
    }

    /// A pointer of the document as one of the body, when it lies in it.
    fn inside(&self, of_document: &str) -> Option<String> {
        self.rules.iter().find_map(|rule| {
            let rest = of_document.strip_prefix(rule.file.as_str())?;
            let rest = Some(rest).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
            Some(if rule.goes_on { format!("{}{rest}", rule.body) } else { rule.body.clone() })
        })
    }
}

/// Who must have seen what before he changes it.
pub(super) enum Before<'a> {
    /// PUT: If-Match is needed, and must name what `show` shows of the present office.
    Seen(&'a dyn Fn(&Office) -> Result<Value, Problem>),
    /// DELETE: when there is an If-Match, it must be right.
    MaybeSeen(&'a dyn Fn(&Office) -> Result<Value, Problem>),
    /// POST: there is nothing yet.
    Nothing,
}

/// A representation with its ETag.
pub(super) fn shown(value: &Value) -> Reply {
    Reply::json(value).with("etag", etag(value))
}

/// The strong entity tag of a representation: RFC 9110 §8.8.3. It is made of what everybody who may look sees, so that it tells
/// nothing of a secret; a change of a secret alone goes unnoticed by it.
pub(super) fn etag(value: &Value) -> String {
    let hash = Sha256::digest(value.to_string());
    let digits: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

/// Changes the office. `edit` makes the change and says where in the office file the body's fields stand. Nothing is written when
/// nothing changes. `reason` stands beside the version, which the answer names in `Dozvon-Version`.
///
/// # Errors
/// 412 and 428 of `before`; what `edit` refuses; 422 with pointers when the body is at fault, 409 when what it says contradicts
/// something else; 503 when the disk refuses.
pub(super) fn change(
    visit: &Visit<'_>,
    reason: &str,
    before: Before<'_>,
    edit: impl FnOnce(&mut Office) -> Result<Place, Problem>,
) -> Result<Arc<Office>, Problem> {
    change_to(visit, reason, before, |present| {
        let mut office = present.clone();
        let place = edit(&mut office)?;
        read_back(&file::write(&office, true), present, present, &place)
    })
}

/// The same with the whole of it in `edit`'s hands: it makes the next office of the present one, with [`read_back`].
pub(super) fn change_to(
    visit: &Visit<'_>,
    reason: &str,
    before: Before<'_>,
    edit: impl FnOnce(&Office) -> Result<Office, Problem>,
) -> Result<Arc<Office>, Problem> {
    let author = visit.author();
    let mut edit = Some(edit);
    let mut refused = None;
    let version = visit.house.exchange.change(&author, reason, &mut |present| {
        let edit = edit.take()?;
        let next = seen(visit, present, &before).and_then(|()| edit(present));
        let next = next.map_err(|problem| refused = Some(problem)).ok()?;
        Some(next).filter(|office| office != present)
    })?;
    visit.version.set(version);
    refused.map_or_else(|| Ok(visit.house.exchange.office()), Err)
}

/// PUT of what is none of the office's: If-Match is needed, and must name what is shown now.
///
/// # Errors
/// 412, 428.
pub(super) fn is_seen(visit: &Visit<'_>, shown: &Value) -> Result<(), Problem> {
    match visit.ask.header("if-match") {
        None => Err(problems::if_match_needed()),
        Some(given) if names(given, &etag(shown)) => Ok(()),
        Some(_) => Err(problems::changed_meanwhile()),
    }
}

fn seen(visit: &Visit<'_>, present: &Office, before: &Before<'_>) -> Result<(), Problem> {
    match (before, visit.ask.header("if-match")) {
        (Before::Seen(show), Some(given)) | (Before::MaybeSeen(show), Some(given)) => {
            if names(given, &etag(&show(present)?)) { Ok(()) } else { Err(problems::changed_meanwhile()) }
        }
        (Before::Seen(show), None) => {
            show(present)?; // what is not there is 404 first
            Err(problems::if_match_needed())
        }
        (Before::MaybeSeen(_) | Before::Nothing, _) => Ok(()),
    }
}

/// If-Match: RFC 9110 §13.1.1, by strong comparison.
fn names(given: &str, etag: &str) -> bool {
    given.split(',').map(str::trim).any(|one| one == "*" || one == etag)
}

/// A document onto `base`, as the office file's own reader takes it. `place` says where the body's fields stand in it, `present` who
/// has what is asked for. Loops of the desk are not looked for: only a change of the desk can make them, and says so itself.
///
/// # Errors
/// 422 with pointers when the body is at fault, 409 when something else is; 503 without entropy.
pub(super) fn read_back(document: &str, base: &Office, present: &Office, place: &Place) -> Result<Office, Problem> {
    read_checked(document, base, present, place, &|_| Vec::new())
}

/// A whole document as a change of the present office, its desk included.
///
/// # Errors
/// As [`read_back`].
pub(super) fn read(text: &str, present: &Office, place: &Place) -> Result<Office, Problem> {
    read_checked(text, present, present, place, &desk::check::findings)
}

/// What would be wrong with an office that came of the present one.
///
/// # Errors
/// 503 without entropy.
pub(super) fn wrong(office: &Office, present: &Office) -> Result<Vec<file::Problem>, Problem> {
    Ok(reading(&file::write(office, true), present, &desk::check::findings)?.err().unwrap_or_default())
}

fn read_checked(
    document: &str,
    base: &Office,
    present: &Office,
    place: &Place,
    check: &dyn Fn(&Office) -> Vec<Finding>,
) -> Result<Office, Problem> {
    reading(document, base, check)?.map_err(|problems| refusal(&problems, present, place))
}

fn reading(
    document: &str,
    base: &Office,
    check: &dyn Fn(&Office) -> Vec<Finding>,
) -> Result<Result<Office, Vec<file::Problem>>, Problem> {
    let entropy = clock::entropy().map_err(|error| {
        tracing::error!(%error, "web: no entropy");
        problems::unavailable()
    })?;
    let mut rng = Rng::from_entropy(entropy);
    let context = Context { rng: &mut rng, exists: &|_| true, check };
    Ok(file::read(document, base, context).map(|reading| reading.office))
}

fn refusal(wrong: &[file::Problem], present: &Office, place: &Place) -> Problem {
    let mut invalid = problems::invalid();
    let mut inside = false;
    for problem in wrong {
        if let Some(pointer) = place.pointer(problem) {
            inside = true;
            invalid = invalid.at(pointer, faults::said(problem, present));
        }
    }
    if inside {
        return invalid;
    }
    let first = wrong.first().map(|problem| faults::said(problem, present));
    first.map_or_else(problems::conflict, |said| problems::conflict().saying(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_document_becomes_one_in_the_body() {
        let room = Place::new("/conference/1");
        assert_eq!(room.inside("/conference/1/pin").as_deref(), Some("/pin"));
        assert_eq!(room.inside("/conference/1").as_deref(), Some(""));
        for other in ["/conference/10/pin", "/conference", "", "/extension/1/number"] {
            assert_eq!(room.inside(other), None, "{other}");
        }
        let codes = Place::default().and("/codes", "/codes");
        assert_eq!(codes.inside("/codes/park").as_deref(), Some("/codes/park"));
        assert_eq!(Place::default().inside("/codes/park"), None);
        let extension = Place::default().and("/extension/1/device", "/devices").and("/extension/1", "");
        assert_eq!(extension.inside("/extension/1/device/0/mac").as_deref(), Some("/devices/0/mac"));
        assert_eq!(extension.inside("/extension/1/number").as_deref(), Some("/number"));
        let link = Place::default().and_all_of("/link/2", "/elements/0/links/next");
        assert_eq!(link.inside("/link/2/to").as_deref(), Some("/elements/0/links/next"));
        assert_eq!(link.inside("/link/20/to"), None);
    }

    #[test]
    fn an_if_match_names_the_tag_or_anything() {
        let tag = etag(&serde_json::json!({ "a": 1 }));
        assert!(names(&tag, &tag) && names("*", &tag) && names(&format!("\"x\", {tag}"), &tag));
        assert!(!names("\"x\"", &tag) && !names(&format!("W/{tag}"), &tag) && !names("", &tag));
        assert_ne!(tag, etag(&serde_json::json!({ "a": 2 })));
    }
}
