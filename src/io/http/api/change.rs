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
use crate::office::file::{self, Context};

/// Where the fields of a body stand in the office file.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// JSON pointer into the document: `/conference/2`.
    pub(super) file: String,
    /// JSON pointer into the body; mostly empty.
    pub(super) body: &'static str,
}

impl Place {
    pub(super) fn new(file: impl Into<String>) -> Self {
        Self { file: file.into(), body: "" }
    }

    /// A pointer of the document as one of the body, when it lies in it.
    fn pointer(&self, of_document: &str) -> Option<String> {
        let rest = of_document.strip_prefix(self.file.as_str())?;
        let inside = rest.is_empty() || rest.starts_with('/');
        (inside && !self.file.is_empty()).then(|| format!("{}{rest}", self.body))
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
/// nothing changes. `reason` stands beside the version.
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
    let mut edit = Some(edit);
    let mut refused = None;
    visit.house.exchange.change(visit.author(), reason, &mut |present| {
        let changed = edit.take().map(|edit| changed(visit, present, &before, edit))?;
        changed.map_err(|problem| refused = Some(problem)).ok().flatten()
    })?;
    refused.map_or_else(|| Ok(visit.house.exchange.office()), Err)
}

fn changed(
    visit: &Visit<'_>,
    present: &Office,
    before: &Before<'_>,
    edit: impl FnOnce(&mut Office) -> Result<Place, Problem>,
) -> Result<Option<Office>, Problem> {
    let given = visit.ask.header("if-match");
    match (before, given) {
        (Before::Seen(show), Some(given)) | (Before::MaybeSeen(show), Some(given)) => {
            if !names(given, &etag(&show(present)?)) {
                return Err(problems::changed_meanwhile());
            }
        }
        (Before::Seen(show), None) => {
            show(present)?; // what is not there is 404 first
            return Err(problems::if_match_needed());
        }
        (Before::MaybeSeen(_) | Before::Nothing, _) => {}
    }
    let mut office = present.clone();
    let place = edit(&mut office)?;
    let office = checked(&office, present, &place)?;
    Ok(Some(office).filter(|office| office != present))
}

/// If-Match: RFC 9110 §13.1.1, by strong comparison.
fn names(given: &str, etag: &str) -> bool {
    given.split(',').map(str::trim).any(|one| one == "*" || one == etag)
}

/// What would be wrong with an office.
pub(super) fn wrong(office: &Office, present: &Office) -> Result<Vec<file::Problem>, Problem> {
    Ok(read_back(office, present)?.err().unwrap_or_default())
}

/// The office as its own reader takes it.
fn checked(office: &Office, present: &Office, place: &Place) -> Result<Office, Problem> {
    read_back(office, present)?.map_err(|problems| refusal(&problems, place))
}

fn read_back(office: &Office, present: &Office) -> Result<Result<Office, Vec<file::Problem>>, Problem> {
    let entropy = clock::entropy().map_err(|error| {
        tracing::error!(%error, "web: no entropy");
        problems::unavailable()
    })?;
    let mut rng = Rng::from_entropy(entropy);
    let context = Context { rng: &mut rng, exists: &|_| true, check: &desk::check::findings };
    Ok(file::read(&file::write(office, true), present, context).map(|reading| reading.office))
}

fn refusal(wrong: &[file::Problem], place: &Place) -> Problem {
    let mut invalid = problems::invalid();
    let mut inside = false;
    for problem in wrong {
        if let Some(pointer) = place.pointer(&problem.pointer) {
            inside = true;
            invalid = invalid.at(pointer, faults::said(problem));
        }
    }
    if inside {
        return invalid;
    }
    let first = wrong.first().map(faults::said);
    first.map_or_else(problems::conflict, |said| problems::conflict().saying(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_document_becomes_one_in_the_body() {
        let room = Place::new("/conference/1");
        assert_eq!(room.pointer("/conference/1/pin").as_deref(), Some("/pin"));
        assert_eq!(room.pointer("/conference/1").as_deref(), Some(""));
        for other in ["/conference/10/pin", "/conference", "", "/extension/1/number"] {
            assert_eq!(room.pointer(other), None, "{other}");
        }
        let codes = Place { file: "/codes".to_owned(), body: "/codes" };
        assert_eq!(codes.pointer("/codes/park").as_deref(), Some("/codes/park"));
        assert_eq!(Place::default().pointer("/codes/park"), None);
    }

    #[test]
    fn an_if_match_names_the_tag_or_anything() {
        let tag = etag(&serde_json::json!({ "a": 1 }));
        assert!(names(&tag, &tag) && names("*", &tag) && names(&format!("\"x\", {tag}"), &tag));
        assert!(!names("\"x\"", &tag) && !names(&format!("W/{tag}"), &tag) && !names("", &tag));
        assert_ne!(tag, etag(&serde_json::json!({ "a": 2 })));
    }
}
