//! One table of the document as a list of fields: typed, with the place of each, and with every key that nobody asked for
//! reported in the end.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Problem;
use super::fault::{Fault, Wanted};
use crate::office::words::Word;

/// No text of the file is longer, in characters.
const LONGEST_TEXT: usize = 1000;
/// But a few certificates as PEM.
const LONGEST_CERTIFICATE: usize = 20_000;
/// A key or a word further away than that is not suggested.
const NEAR: usize = 2;

/// Collects what is wrong.
pub(super) struct Report {
    lines: Vec<usize>,
    errors: RefCell<Vec<Told>>,
    warnings: RefCell<Vec<Told>>,
}

struct Told {
    at: Option<usize>,
    problem: Problem,
}

impl Report {
    pub(super) fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        Self { lines, errors: RefCell::default(), warnings: RefCell::default() }
    }

    fn line(&self, at: Option<usize>) -> usize {
        at.map_or(0, |at| self.lines.partition_point(|start| *start <= at))
    }

    pub(super) fn error(&self, at: Option<usize>, what: impl Display) {
        self.tell(at, true, what);
    }

    pub(super) fn warning(&self, at: Option<usize>, what: impl Display) {
        self.tell(at, false, what);
    }

    pub(super) fn tell(&self, at: Option<usize>, is_error: bool, what: impl Display) {
        self.push(at, is_error, None, what);
    }

    /// An error whose facts are known too.
    pub(super) fn fault(&self, at: Option<usize>, fault: Fault, what: impl Display) {
        self.push(at, true, Some(fault), what);
    }

    /// The thing at `at` lacks a key.
    pub(super) fn missing(&self, at: Option<usize>, key: &str, fault: Fault, what: impl Display) {
        self.fault(at, fault, what);
        if let (Some(_), Some(told)) = (at, self.errors.borrow_mut().last_mut()) {
            told.problem.pointer = format!("/{key}");
        }
    }

    fn push(&self, at: Option<usize>, is_error: bool, fault: Option<Fault>, what: impl Display) {
        let list = if is_error { &self.errors } else { &self.warnings };
        let problem = Problem { line: self.line(at), what: what.to_string(), pointer: String::new(), fault };
        list.borrow_mut().push(Told { at, problem });
    }

    /// An error of TOML itself: line and column, the latter in characters.
    pub(super) fn syntax(&self, text: &str, error: &toml::de::Error) {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = self.line(Some(at));
        let start = line.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or(0);
        let column = text.get(start..at).map_or(0, |before| before.chars().count()) + 1;
        self.error(Some(at), format_args!("column {column}: {}", error.message().trim_end()));
    }

    pub(super) fn has_errors(&self) -> bool {
        !self.errors.borrow().is_empty()
    }

    /// By line; what is said of kept things comes last. Pointers are those into `document`.
    pub(super) fn into_errors(self, document: &DeTable<'_>) -> Vec<Problem> {
        sorted(self.errors.into_inner(), document)
    }

    /// The warnings, or the errors when there are any.
    pub(super) fn into_warnings(self, document: &DeTable<'_>) -> Result<Vec<Problem>, Vec<Problem>> {
        if self.has_errors() {
            Err(self.into_errors(document))
        } else {
            Ok(sorted(self.warnings.into_inner(), document))
        }
    }
}

fn sorted(told: Vec<Told>, document: &DeTable<'_>) -> Vec<Problem> {
    let places = if told.is_empty() { HashMap::new() } else { pointers(document) };
    let mut problems: Vec<Problem> = told
        .into_iter()
        .map(|Told { at, problem }| {
            let place = at.and_then(|at| places.get(&at)).map_or("", String::as_str);
            Problem { pointer: format!("{place}{}", problem.pointer), ..problem }
        })
        .collect();
    problems.sort_by_key(|problem| problem.line.wrapping_sub(1));
    problems
}

/// Byte → JSON pointer (RFC 6901) of the innermost thing that begins there: `/extension/2/number`.
fn pointers(document: &DeTable<'_>) -> HashMap<usize, String> {
    let mut places = HashMap::new();
    point_table(document, "", &mut places);
    places
}

fn point_table(table: &DeTable<'_>, path: &str, places: &mut HashMap<usize, String>) {
    for (key, value) in table {
        let name = key.get_ref().replace('~', "~0").replace('/', "~1");
        let path = format!("{path}/{name}");
        places.insert(key.span().start, path.clone());
        point_value(value, path, places);
    }
}

fn point_value(value: &Spanned<DeValue<'_>>, path: String, places: &mut HashMap<usize, String>) {
    match value.get_ref() {
        DeValue::Table(table) => point_table(table, &path, places),
        DeValue::Array(array) => {
            for (nth, item) in array.iter().enumerate() {
                point_value(item, format!("{path}/{nth}"), places);
            }
        }
        _ => {}
    }
    places.entry(value.span().start).or_insert(path);
}

/// Where a thing and its keys stand, in bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Spot {
    /// The thing itself; `None` when it is not in the file.
    pub(super) at: Option<usize>,
    keys: Vec<(&'static str, usize)>,
    items: Vec<(&'static str, Vec<usize>)>,
    parts: Vec<Spot>,
}

/// Of what is not in the file.
pub(super) static NOWHERE: Spot = Spot { at: None, keys: Vec::new(), items: Vec::new(), parts: Vec::new() };

impl Spot {
    /// The place of a key, or of the thing when it leaves the key out.
    pub(super) fn key(&self, key: &str) -> Option<usize> {
        self.keys.iter().find(|(known, _)| *known == key).map(|(_, at)| *at).or(self.at)
    }

    /// Whether the thing has this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|(known, _)| *known == key)
    }

    /// The place of the `nth` entry of a list.
    pub(super) fn item(&self, key: &str, nth: usize) -> Option<usize> {
        let items = self.items.iter().find(|(known, _)| *known == key);
        items.and_then(|(_, places)| places.get(nth).copied()).or_else(|| self.key(key))
    }

    /// The `nth` table inside: a device, or what `forward` holds.
    pub(super) fn part(&self, nth: usize) -> &Self {
        self.parts.get(nth).unwrap_or(&NOWHERE)
    }

    /// Keeps the place of a table inside.
    pub(super) fn add_part(&mut self, part: Self) {
        self.parts.push(part);
    }
}

/// One table.
pub(super) struct Fields<'r, 'd> {
    report: &'r Report,
    table: &'d DeTable<'d>,
    /// What it is, for messages: `group 500`.
    thing: String,
    pub(super) spot: Spot,
    known: Vec<&'static str>,
}

impl<'r, 'd> Fields<'r, 'd> {
    /// The document.
    pub(super) fn root(report: &'r Report, table: &'d DeTable<'d>) -> Self {
        Self { report, table, thing: String::new(), spot: Spot::default(), known: Vec::new() }
    }

    fn inner(&self, thing: String, table: &'d DeTable<'d>, at: usize) -> Self {
        let spot = Spot { at: Some(at), ..Spot::default() };
        Self { report: self.report, table, thing, spot, known: Vec::new() }
    }

    /// Names the thing by the text under `key`, when it has one: `extension 200`.
    pub(super) fn name_by(&mut self, kind: &str, key: &str) {
        if let Some(name) = self.table.get(key).and_then(|value| value.get_ref().as_str()).filter(|n| !n.is_empty()) {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
            self.thing = format!("{kind} {shown}");
        }
    }

    /// Says that the field `key` is wrong.
    pub(super) fn wrong(&self, key: &str, why: impl Display) {
        self.wrong_at(self.spot.key(key), why);
    }

    pub(super) fn wrong_at(&self, at: Option<usize>, why: impl Display) {
        if self.thing.is_empty() {
            self.report.error(at, why);
        } else {
            self.report.error(at, format_args!("{}: {why}", self.thing));
        }
    }

    /// Says that the field `key` is wrong, in words and as facts.
    pub(super) fn fault(&self, key: &str, fault: Fault, why: impl Display) {
        if self.spot.has(key) {
            self.fault_at(self.spot.key(key), fault, why);
        } else {
            self.missing(key, fault, why);
        }
    }

    /// Says that the table lacks a key.
    pub(super) fn missing(&self, key: &str, fault: Fault, why: impl Display) {
        if self.thing.is_empty() {
            self.report.missing(self.spot.at, key, fault, why);
        } else {
            self.report.missing(self.spot.at, key, fault, format_args!("{}: {why}", self.thing));
        }
    }

    pub(super) fn fault_at(&self, at: Option<usize>, fault: Fault, why: impl Display) {
        if self.thing.is_empty() {
            self.report.fault(at, fault, why);
        } else {
            self.report.fault(at, fault, format_args!("{}: {why}", self.thing));
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.known.push(key);
        let (name, value) = self.table.get_key_value(key)?;
        self.spot.keys.push((key, name.span().start));
        Some(value)
    }

    fn wrong_type(&self, at: usize, key: &str, (wanted, what): (Wanted, &str), found: &DeValue<'_>) {
        let found = match found {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time without quotes",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.fault_at(Some(at), Fault::WrongType(wanted), format_args!("`{key}` must be {what}, not {found}"));
    }

    /// The place of the `nth` entry of a list.
    pub(super) fn item(&self, key: &str, nth: usize) -> Option<usize> {
        self.spot.item(key, nth)
    }

    /// A text; `None` when it is absent or wrong, and then told.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        self.as_text(key, value)
    }

    /// A text of many lines that must be there and not empty.
    pub(super) fn long_text(&mut self, key: &'static str, most: usize) -> String {
        if !self.table.contains_key(key) {
            return self.required(key);
        }
        let Some(value) = self.value(key) else { return String::new() };
        let text = self.as_text_of(key, value, most, true).unwrap_or_default();
        if value.get_ref().as_str() == Some("") {
            self.fault(key, Fault::Missing, format_args!("`{key}` is empty"));
        }
        text
    }

    fn as_text(&self, key: &'static str, value: &Spanned<DeValue<'d>>) -> Option<String> {
        let most = if matches!(key, "certificate" | "private_key") { LONGEST_CERTIFICATE } else { LONGEST_TEXT };
        self.as_text_of(key, value, most, matches!(key, "comment" | "description" | "certificate" | "private_key"))
    }

    fn as_text_of(
        &self,
        key: &'static str,
        value: &Spanned<DeValue<'d>>,
        most: usize,
        is_prose: bool,
    ) -> Option<String> {
        let at = value.span().start;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(at, key, (Wanted::Text, "text in quotes"), value.get_ref());
            return None;
        };
        if text.chars().any(|c| c.is_control() && !(is_prose && matches!(c, '\n' | '\t' | '\r'))) {
            self.fault_at(Some(at), Fault::Control, format_args!("`{key}` holds a control character"));
            return None;
        }
        if text.chars().nth(most).is_some() {
            let fault = Fault::TooLong { most };
            self.fault_at(Some(at), fault, format_args!("`{key}` is longer than {most} characters"));
            return None;
        }
        Some(text.to_owned())
    }

    /// A text that may be left out.
    pub(super) fn text_or(&mut self, key: &'static str, default: &str) -> String {
        self.text(key).unwrap_or_else(|| default.to_owned())
    }

    /// A text that must be there and not empty; else empty, and told.
    pub(super) fn required(&mut self, key: &'static str) -> String {
        if !self.table.contains_key(key) {
            self.known.push(key);
            self.missing(key, Fault::Missing, format_args!("`{key}` is missing"));
            return String::new();
        }
        let text = self.text(key);
        if text.as_deref() == Some("") {
            self.fault(key, Fault::Missing, format_args!("`{key}` is empty"));
        }
        text.unwrap_or_default()
    }

    pub(super) fn flag_or(&mut self, key: &'static str, default: bool) -> bool {
        let Some(value) = self.value(key) else { return default };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(value.span().start, key, (Wanted::Flag, "true or false"), value.get_ref());
            default
        })
    }

    /// A whole number within `range`.
    pub(super) fn whole_or(&mut self, key: &'static str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let Some(value) = self.value(key) else { return default };
        let DeValue::Integer(integer) = value.get_ref() else {
            self.wrong_type(value.span().start, key, (Wanted::Whole, "a whole number"), value.get_ref());
            return default;
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok().and_then(|n| u32::try_from(n).ok());
        number.filter(|n| range.contains(n)).unwrap_or_else(|| {
            let (from, to) = range.clone().into_inner();
            self.fault(key, Fault::Range { from, to }, format_args!("`{key}` must be {from} to {to}, not {integer}"));
            default
        })
    }

    /// The same where nothing stands for it; `None` when it is absent.
    pub(super) fn whole(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let number = self.whole_or(key, *range.start(), range);
        self.spot.has(key).then_some(number)
    }

    /// A place on the canvas.
    pub(super) fn coordinate(&mut self, key: &'static str) -> f64 {
        const FURTHEST: f64 = 1_000_000.0;
        let Some(value) = self.value(key) else { return 0.0 };
        let (number, shown) = match value.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => {
                (integer.as_str().parse::<f64>().ok(), integer.as_str())
            }
            DeValue::Float(float) => (float.as_str().parse::<f64>().ok(), float.as_str()),
            other => {
                self.wrong_type(value.span().start, key, (Wanted::Number, "a number"), other);
                return 0.0;
            }
        };
        number.filter(|n| n.abs() <= FURTHEST).unwrap_or_else(|| {
            self.fault(key, Fault::Far, format_args!("`{key}` must be within ±{FURTHEST}, not {shown}"));
            0.0
        })
    }

    /// One of a few words.
    pub(super) fn word_or<W: Word>(&mut self, key: &'static str, default: W) -> W {
        let Some(text) = self.text(key) else { return default };
        W::from_word(&text).unwrap_or_else(|| {
            self.no_such_word(self.spot.key(key), key, &text, W::WORDS.iter().map(|(word, _)| *word));
            default
        })
    }

    /// Says that `text` is none of `words`, and which is near.
    pub(super) fn no_such_word<'w>(
        &self,
        at: Option<usize>,
        key: &str,
        text: &str,
        words: impl Iterator<Item = &'w str> + Clone,
    ) {
        let text: String = text.chars().take(60).collect();
        let all = words.clone().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        let near = nearest(&text, words.clone()).map(str::to_owned);
        let hint = near.as_ref().map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
        let fault = Fault::UnknownWord { words: words.map(str::to_owned).collect(), near };
        self.fault_at(at, fault, format_args!("`{key}` \"{text}\" is none of {all}{hint}"));
    }

    /// A list of texts; `None` when it is absent. Entries that are wrong are told and left out.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(value.span().start, key, (Wanted::List, "a list of texts"), value.get_ref());
            return None;
        };
        let read = array.iter().filter_map(|item| Some((self.as_text(key, item)?, item.span().start)));
        let (texts, places) = read.unzip();
        self.spot.items.push((key, places));
        Some(texts)
    }

    /// A table inside; `None` when it is absent.
    pub(super) fn table(&mut self, key: &'static str) -> Option<Self> {
        let value = self.value(key)?;
        let at = value.span().start;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(at, key, (Wanted::Table, "a table"), value.get_ref());
            return None;
        };
        let thing = if self.thing.is_empty() { key.to_owned() } else { format!("{}: {key}", self.thing) };
        Some(self.inner(thing, table, at))
    }

    /// A list of tables, `[[key]]` or `[{…}, …]`; `None` when it is absent.
    pub(super) fn tables(&mut self, key: &'static str) -> Option<Vec<Self>> {
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            let wanted = format!("a list of tables, as in [[{key}]]");
            self.wrong_type(value.span().start, key, (Wanted::List, &wanted), value.get_ref());
            return Some(Vec::new());
        };
        let mut tables = Vec::with_capacity(array.len());
        for (nth, item) in array.iter().enumerate() {
            let at = item.span().start;
            let Some(table) = item.get_ref().as_table() else {
                self.wrong_type(at, key, (Wanted::Table, "a list of tables"), item.get_ref());
                continue;
            };
            let own = format!("{key} no. {}", nth + 1);
            let thing = if self.thing.is_empty() { own } else { format!("{}: {own}", self.thing) };
            tables.push(self.inner(thing, table, at));
        }
        Some(tables)
    }

    /// Tells every key that nobody asked for, and hands out the places.
    pub(super) fn finish(self) -> Spot {
        for key in self.table.keys() {
            let name = key.get_ref();
            if self.known.iter().any(|known| known == name) {
                continue;
            }
            let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
            let near = nearest(name, self.known.iter().copied());
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let fault = Fault::UnknownKey { near: near.map(str::to_owned) };
            self.fault_at(Some(key.span().start), fault, format_args!("unknown key `{shown}`{hint}"));
        }
        self.spot
    }
}

/// The word nearest to `text`, when one is near enough to be a slip of the hand.
pub(super) fn nearest<'w>(text: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    if text.len() > 60 {
        return None;
    }
    let near = |word: &&str| distance(text, word);
    let limit = if text.chars().count() < 4 { 1 } else { NEAR };
    words
        .map(|word| (near(&word), word))
        .filter(|(far, _)| *far <= limit)
        .min_by_key(|(far, _)| *far)
        .map(|(_, word)| word)
}

/// Letters to change, add or drop to make one text of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = at;
        let mut left = at + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, theirs) in row.iter_mut().skip(1).zip(&other) {
            let changed = diagonal + usize::from(letter != *theirs);
            diagonal = *cell;
            left = changed.min(*cell + 1).min(left + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}
