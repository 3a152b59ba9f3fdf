//! One change taken back while later ones stay: a three-way merge of what the change found (`before`), what it left (`after`)
//! and what is there now.

use toml::{Table, Value};

use super::{DEVICE, Document, Place, is_list, key, kinds, same, tables};

/// Where a later change stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// Of what.
    pub at: Place,
    /// Which field; `None`: the thing as a whole, or the order of its kind.
    pub field: Option<String>,
}

/// What to do where a later change stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    /// Tell it; nothing is to be applied then.
    Neither,
    /// Take what was before.
    Before,
}

impl Document {
    /// This document without the change that made `after` of `before`.
    ///
    /// # Errors
    /// Every place where a later change stands in the way; none with [`Prefer::Before`].
    pub fn undo(&self, before: &Self, after: &Self, prefer: Prefer) -> Result<Self, Vec<Clash>> {
        let mut merge = Merge { clashes: Vec::new(), prefer };
        let place = |kind: &str| Place { kind: kind.to_owned(), key: String::new(), part: None };
        let mut merged = Table::new();
        for kind in kinds([&self.0, &before.0, &after.0]) {
            let at = place(kind);
            let three = Three { now: self.0.get(kind), before: before.0.get(kind), after: after.0.get(kind) };
            let value = if is_list(kind, &[three.now, three.before, three.after]) {
                Some(merge.list(kind, &at, three))
            } else {
                merge.fields(&at, three)
            };
            if let Some(value) = value {
                merged.insert(kind.to_owned(), value);
            }
        }
        if merge.clashes.is_empty() { Ok(Self(merged)) } else { Err(merge.clashes) }
    }
}

/// The same place in three documents.
#[derive(Clone, Copy)]
struct Three<'a> {
    now: Option<&'a Value>,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
}

/// What becomes of a place without looking inside.
enum Verdict {
    Now,
    Before,
    /// Both the change and a later one have touched it.
    Both,
}

impl Three<'_> {
    fn verdict(self) -> Verdict {
        if same(self.before, self.after) || same(self.now, self.before) {
            Verdict::Now
        } else if same(self.now, self.after) {
            Verdict::Before
        } else {
            Verdict::Both
        }
    }
}

struct Merge {
    clashes: Vec<Clash>,
    prefer: Prefer,
}

impl Merge {
    fn value(&mut self, at: &Place, field: Option<&str>, three: Three<'_>) -> Option<Value> {
        match three.verdict() {
            Verdict::Now => three.now.cloned(),
            Verdict::Before => three.before.cloned(),
            Verdict::Both => {
                self.clash(at, field);
                three.before.cloned()
            }
        }
    }

    fn clash(&mut self, at: &Place, field: Option<&str>) {
        if self.prefer == Prefer::Neither {
            self.clashes.push(Clash { at: at.clone(), field: field.map(str::to_owned) });
        }
    }

    /// A table field by field; one that is not there in all three, as a whole.
    fn fields(&mut self, at: &Place, three: Three<'_>) -> Option<Value> {
        let table = |value: Option<&Value>| value.and_then(Value::as_table).cloned();
        if !matches!(three.verdict(), Verdict::Both) {
            return self.value(at, None, three);
        }
        let (Some(now), Some(before), Some(after)) = (table(three.now), table(three.before), table(three.after)) else {
            return self.value(at, None, three);
        };
        let mut merged = Table::new();
        for name in kinds([&now, &before, &after]) {
            let three = Three { now: now.get(name), before: before.get(name), after: after.get(name) };
            let value = if name == DEVICE && is_list(DEVICE, &[three.now, three.before, three.after]) {
                Some(self.list(DEVICE, at, three))
            } else {
                self.value(at, Some(name), three)
            };
            if let Some(value) = value {
                merged.insert(name.to_owned(), value);
            }
        }
        Some(Value::Table(merged))
    }

    fn list(&mut self, kind: &str, of: &Place, three: Three<'_>) -> Value {
        let (now, before, after) =
            (Keyed::of(kind, three.now), Keyed::of(kind, three.before), Keyed::of(kind, three.after));
        let mut merged = Keyed(Vec::new());
        for key in self.order(of, &now, &before, &after) {
            let at = match kind {
                DEVICE => Place { part: Some(key.clone()), ..of.clone() },
                _ => Place { key: key.clone(), ..of.clone() },
            };
            let three = Three { now: now.get(&key), before: before.get(&key), after: after.get(&key) };
            if let Some(value) = self.fields(&at, three) {
                merged.0.push((key, value));
            }
        }
        Value::Array(merged.0.into_iter().map(|(_, value)| value).collect())
    }

    /// The keys that may be in the result, in its order: those of now, in the order of before where it was the change that moved
    /// them; what comes back stands behind what it stood behind.
    fn order(&mut self, of: &Place, now: &Keyed, before: &Keyed, after: &Keyed) -> Vec<String> {
        let common = |list: &Keyed| -> Vec<String> {
            let everywhere = |key: &&String| [now, before, after].iter().all(|other| other.get(key).is_some());
            list.keys().filter(everywhere).cloned().collect()
        };
        let (is, was, left) = (common(now), common(before), common(after));
        let mut order: Vec<String> = now.keys().cloned().collect();
        if was != left && is != was {
            if is != left {
                self.clash(of, None);
            }
            let mut moved = was.iter();
            for slot in order.iter_mut().filter(|key| was.contains(key)) {
                if let Some(key) = moved.next() {
                    slot.clone_from(key);
                }
            }
        }
        let mut behind: Option<&String> = None;
        for key in before.keys() {
            if !order.contains(key) {
                let at = behind.and_then(|behind| order.iter().position(|one| one == behind)).map_or(0, |at| at + 1);
                order.insert(at, key.clone());
            }
            behind = Some(key);
        }
        order
    }
}

/// A list of things with their keys, in order.
struct Keyed(Vec<(String, Value)>);

impl Keyed {
    fn of(kind: &str, list: Option<&Value>) -> Self {
        Self(tables(list).into_iter().map(|one| (key(kind, one), Value::Table(one.clone()))).collect())
    }

    fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(key, _)| key)
    }

    fn get(&self, wanted: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| key == wanted).map(|(_, value)| value)
    }
}
