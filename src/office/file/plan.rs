//! `[[element]]` and `[[link]]` → the desk. A link lives in the element that it leaves.

use std::collections::HashMap;

use super::fault::Fault;
use super::fields::{Fields, nearest};
use crate::office::{DeskPlan, ELEMENT_KINDS, Element, ElementKind, Out, Word};

pub(super) fn element(fields: &mut Fields<'_, '_>) -> Element {
    fields.name_by("element", "id");
    let (id, kind) = (fields.required("id"), fields.required("kind"));
    let kind = element_kind(fields, &kind);
    Element { id, kind, x: fields.coordinate("x"), y: fields.coordinate("y"), links: HashMap::new() }
}

fn element_kind(fields: &mut Fields<'_, '_>, kind: &str) -> ElementKind {
    match kind {
        "incoming" => {
            let numbers = fields.texts("numbers").unwrap_or_default();
            if numbers.is_empty() {
                fields.fault("numbers", Fault::Missing, "an incoming call needs one or more `numbers`");
            }
            ElementKind::Incoming { numbers }
        }
        "extension" => ElementKind::Extension { extension: fields.required("extension") },
        "group" => ElementKind::Group { group: fields.required("group") },
        "voice_message" => ElementKind::VoiceMessage { voice_message: fields.required("voice_message") },
        "voice_menu" => ElementKind::VoiceMenu { voice_menu: fields.required("voice_menu") },
        "schedule" => ElementKind::Schedule { schedule: fields.required("schedule") },
        "dial_extension" => ElementKind::DialExtension {
            prompt: fields.required("prompt"),
            digits: fields.whole_or("digits", 3, 3..=5),
            timeout_seconds: fields.whole_or("timeout_seconds", 5, 1..=300),
        },
        "hang_up" => ElementKind::HangUp,
        other => {
            if !other.is_empty() {
                fields.no_such_word(fields.spot.key("kind"), "kind", other, ELEMENT_KINDS.into_iter());
            }
            for key in ["extension", "group", "voice_message", "voice_menu", "schedule", "prompt"] {
                fields.text(key);
            }
            fields.texts("numbers");
            for key in ["digits", "timeout_seconds"] {
                fields.whole_or(key, 0, 0..=u32::MAX);
            }
            ElementKind::HangUp
        }
    }
}

/// Elements and links are one drawing: when the file has either, all links are the file's.
pub(super) fn links(root: &mut Fields<'_, '_>, desk: &mut DeskPlan) {
    let Some(tables) = root.tables("link") else { return };
    for element in &mut desk.elements {
        element.links.clear();
    }
    let mut places: HashMap<String, usize> = HashMap::new();
    for (at, element) in desk.elements.iter().enumerate() {
        places.entry(element.id.clone()).or_insert(at);
    }
    for mut fields in tables {
        fields.name_by("link", "from");
        let (from, to) = (fields.required("from"), fields.required("to"));
        if !from.is_empty() && !to.is_empty() {
            link(&fields, desk, &places, &from, to);
        }
        fields.finish();
    }
}

fn link(fields: &Fields<'_, '_>, desk: &mut DeskPlan, places: &HashMap<String, usize>, from: &str, to: String) {
    let place = |key: &str, id: &str| {
        let found = places.get(id).copied();
        if found.is_none() {
            let near = nearest(id, places.keys().map(String::as_str));
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            fields.fault(key, Fault::NoElement(id.to_owned()), format_args!("there is no element `{id}`{hint}"));
        }
        found
    };
    let Some((id, out)) = from.rsplit_once('.') else {
        fields.wrong("from", "`from` must name an element and its output, as \"in.next\"");
        return;
    };
    let (source, target) = (place("from", id), place("to", &to));
    if let Some(target) = target.and_then(|at| desk.elements.get(at)) {
        if matches!(target.kind, ElementKind::Incoming { .. }) {
            let what = format_args!("element `{to}` is the start of a call; nothing leads to it");
            fields.fault("to", Fault::LeadsToStart, what);
        }
    }
    let Some(element) = source.and_then(|at| desk.elements.get_mut(at)) else { return };
    let Some(out) = Out::from_word(out).filter(|out| element.kind.has(*out)) else {
        let outs: Vec<String> = element.kind.outs().map(|out| format!("\"{out}\"")).collect();
        let has = if outs.is_empty() { "has none".to_owned() } else { format!("has {}", outs.join(", ")) };
        let what = format_args!("there is no output \"{out}\"; a {} {has}", element.kind.word());
        fields.fault("from", Fault::NoOutput(out.to_owned()), what);
        return;
    };
    if let Some(first) = element.links.get(&out) {
        fields.fault(
            "from",
            Fault::OutputTaken,
            format_args!("two links leave this output; the first goes to `{first}`"),
        );
    } else if target.is_some() {
        element.links.insert(out, to);
    }
}
