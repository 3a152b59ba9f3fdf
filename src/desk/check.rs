//! What is wrong with a desk before a call meets it: loops without a wait, elements that no call reaches, outputs that lead
//! nowhere, numbers without a start. The page shows it on the elements, `apply` by line.

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::office::file::{Finding, FindingAt};
use crate::office::{Element, ElementKind, Language, Office, Out};

/// One thing that is wrong. Displays in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The element at fault; `None` for a number that no element has.
    pub element: Option<String>,
    /// Whether the desk may be applied all the same.
    pub severity: Severity,
    /// What it is.
    pub kind: Kind,
}

/// Whether the desk may be applied all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is applied.
    Error,
    /// It is told, and applied.
    Warning,
}

/// What can be wrong with a desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A call could go round for ever without any time passing.
    LoopWithoutWait {
        /// The elements of the loop in order, the first one not repeated.
        through: Vec<String>,
    },
    /// No call gets there.
    Unreachable,
    /// The call is hung up there.
    DeadEnd {
        /// The output.
        out: Out,
    },
    /// One of the office's numbers is in no start element that takes part: its calls go to group 500.
    NoStart {
        /// E.164 digits.
        number: String,
    },
}

/// Everything that is wrong with the office's desk: errors first, then by the order of the elements, numbers last.
pub fn check(office: &Office) -> Vec<Problem> {
    let desk = Graph::of(office);
    let mut problems = desk.loops();
    problems.extend(desk.ways());
    for number in office.trunks.iter().flat_map(|trunk| trunk.all_numbers()) {
        if office.desk.start_of(number).is_none() {
            let kind = Kind::NoStart { number: number.to_owned() };
            problems.push(Problem { element: None, severity: Severity::Warning, kind });
        }
    }
    problems
}

/// [`check`] for the reader of the office file.
pub fn findings(office: &Office) -> Vec<Finding> {
    let finding = |problem: Problem| Finding {
        is_error: problem.severity == Severity::Error,
        what: problem.to_string(),
        at: match (problem.element, problem.kind) {
            (Some(id), _) => FindingAt::Element(id),
            (None, Kind::NoStart { number }) => FindingAt::Number(number),
            (None, _) => FindingAt::Desk,
        },
    };
    check(office).into_iter().map(finding).collect()
}

/// Whether time surely passes in an element. Prompts play, menus and «Донабор» wait for keys. A group doesn't count: it gives
/// the call back at once when it is empty or nobody of it is registered (contract.md, SIP).
const fn waits(kind: &ElementKind) -> bool {
    match kind {
        ElementKind::VoiceMessage { .. } | ElementKind::VoiceMenu { .. } | ElementKind::DialExtension { .. } => true,
        ElementKind::Incoming { .. } | ElementKind::Schedule { .. } | ElementKind::Group { .. } => false,
        ElementKind::Extension { .. } | ElementKind::HangUp => true, // the call's way ends here
    }
}

/// The desk by places in its list.
struct Graph<'a> {
    elements: &'a [Element],
    next: Vec<Vec<usize>>,
}

/// How far the search for loops is with an element.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    OnPath,
    Done,
}

impl<'a> Graph<'a> {
    fn of(office: &'a Office) -> Self {
        let elements = office.desk.elements.as_slice();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (at, element) in elements.iter().enumerate() {
            places.entry(&element.id).or_insert(at);
        }
        let targets = |element: &Element| {
            let linked = element.kind.outs().filter_map(|out| element.links.get(&out));
            linked.filter_map(|id| places.get(id.as_str()).copied()).collect()
        };
        Self { elements, next: elements.iter().map(targets).collect() }
    }

    fn next(&self, at: usize) -> &[usize] {
        self.next.get(at).map_or(&[], Vec::as_slice)
    }

    fn waits(&self, at: usize) -> bool {
        self.elements.get(at).is_none_or(|element| waits(&element.kind))
    }

    fn ids(&self, places: &[usize]) -> Vec<String> {
        places.iter().filter_map(|at| self.elements.get(*at)).map(|element| element.id.clone()).collect()
    }

    /// Cycles made only of elements that don't wait: a depth-first search among these, without recursion, since the file says
    /// how long a chain is.
    fn loops(&self) -> Vec<Problem> {
        let mut marks = vec![Mark::New; self.elements.len()];
        let mut problems = Vec::new();
        for start in 0..self.elements.len() {
            if marks.get(start) != Some(&Mark::New) || self.waits(start) {
                continue;
            }
            let mut path = vec![start];
            let mut tried = vec![0];
            set(&mut marks, start, Mark::OnPath);
            while let (Some(&at), Some(branch)) = (path.last(), tried.last_mut()) {
                let next = self.next(at).get(*branch).copied();
                *branch += 1;
                match next {
                    None => {
                        set(&mut marks, at, Mark::Done);
                        path.pop();
                        tried.pop();
                    }
                    Some(next) if self.waits(next) => {}
                    Some(next) => match marks.get(next).copied().unwrap_or(Mark::Done) {
                        Mark::New => {
                            set(&mut marks, next, Mark::OnPath);
                            path.push(next);
                            tried.push(0);
                        }
                        Mark::OnPath => problems.extend(self.found_loop(&path, next)),
                        Mark::Done => {}
                    },
                }
            }
        }
        problems
    }

    /// The part of the path from `back_to` on.
    fn found_loop(&self, path: &[usize], back_to: usize) -> Option<Problem> {
        let from = path.iter().position(|at| *at == back_to)?;
        let through = self.ids(path.get(from..)?);
        let kind = Kind::LoopWithoutWait { through: through.clone() };
        Some(Problem { element: through.into_iter().next(), severity: Severity::Error, kind })
    }

    /// Elements that no call reaches, and outputs that lead nowhere. An element without any link takes no part.
    fn ways(&self) -> Vec<Problem> {
        let reached = self.reached();
        let mut problems = Vec::new();
        let mut tell = |element: &Element, kind| {
            problems.push(Problem { element: Some(element.id.clone()), severity: Severity::Warning, kind });
        };
        let targets: HashSet<usize> = self.next.iter().flatten().copied().collect();
        for (at, element) in self.elements.iter().enumerate() {
            let takes_part = targets.contains(&at) || !self.next(at).is_empty();
            if reached.contains(&at) {
                for out in element.kind.outs().filter(|out| !matches!(out, Out::Key(_))) {
                    if !element.links.contains_key(&out) {
                        tell(element, Kind::DeadEnd { out });
                    }
                }
            } else if takes_part {
                tell(element, Kind::Unreachable);
            }
        }
        problems
    }

    fn reached(&self) -> HashSet<usize> {
        let is_start =
            |element: &Element| matches!(element.kind, ElementKind::Incoming { .. }) && !element.links.is_empty();
        let starts = self.elements.iter().enumerate().filter(|(_, element)| is_start(element)).map(|(at, _)| at);
        let mut reached: HashSet<usize> = starts.collect();
        let mut open: Vec<usize> = reached.iter().copied().collect();
        while let Some(at) = open.pop() {
            open.extend(self.next(at).iter().filter(|next| reached.insert(**next)));
        }
        reached
    }
}

fn set(marks: &mut [Mark], at: usize, to: Mark) {
    if let Some(mark) = marks.get_mut(at) {
        *mark = to;
    }
}

impl Problem {
    /// In words, with the element's id, as the office file knows it.
    pub fn text(&self, language: Language) -> String {
        let words = self.words(language, |id| id.to_owned());
        match (&self.element, language) {
            (None, _) => words,
            (Some(id), Language::Ru) => format!("элемент {id}: {words}"),
            (Some(id), Language::En) => format!("element {id}: {words}"),
        }
    }

    /// In words for who sees it on the desk: elements have the names of what they stand for.
    pub fn words_on(&self, office: &Office, language: Language) -> String {
        self.words(language, |id| match office.desk.element(id) {
            Some(element) => element.kind.label(language),
            None => id.to_owned(),
        })
    }

    fn words(&self, language: Language, name: impl Fn(&str) -> String) -> String {
        match (&self.kind, language) {
            (Kind::LoopWithoutWait { through }, Language::Ru) => {
                format!("звонок ходит по кругу без ожидания: {}", round(through, name))
            }
            (Kind::LoopWithoutWait { through }, Language::En) => {
                format!("loop without a wait: {}", round(through, name))
            }
            (Kind::Unreachable, Language::Ru) => "сюда не приходит ни один звонок".to_owned(),
            (Kind::Unreachable, Language::En) => "no call reaches it".to_owned(),
            (Kind::DeadEnd { out }, Language::Ru) => {
                format!("выход «{}» никуда не ведёт, звонок там прекращается", out.label(language))
            }
            (Kind::DeadEnd { out }, Language::En) => {
                format!("output \"{}\" leads nowhere; the call is hung up there", out.label(language))
            }
            (Kind::NoStart { number }, Language::Ru) => {
                format!("номер {number} не указан ни в одном входящем звонке, его звонки идут в группу 500")
            }
            (Kind::NoStart { number }, Language::En) => {
                format!("number {number} is in no incoming call element; its calls go to group 500")
            }
        }
    }
}

fn round(through: &[String], name: impl Fn(&str) -> String) -> String {
    let round = through.iter().chain(through.first());
    round.map(|id| name(id)).collect::<Vec<_>>().join(" → ")
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::En))
    }
}

#[cfg(test)]
mod tests;
