//! Which mobile numbers belong to the office's own region: the official register of numbers, cut down to that one
//! region when it is read. Numbers move between operators and people between regions, so the answer is an estimate.
//!
//! The register's format: UTF-8 with or without a byte order mark, semicolons, a header line, and columns found by
//! their names: the first is the code, then `От`, `До` and `Регион`; `Территория ГАР` helps where `Регион` says
//! nothing, all others are passed over. Lines that begin with `#` are comments; `# date: 2026-04-20` says of when it is.

use std::collections::HashMap;

use super::country::Country;

/// Ranges of national digits, both ends included, sorted and merged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges {
    own: Vec<(u64, u64)>,
    date: Option<String>,
}

/// One line of the register.
struct Row<'a> {
    range: (u64, u64),
    /// The words for its region: both columns that may tell it.
    region: (&'a str, &'a str),
}

/// Where the columns stand.
struct Columns {
    from: usize,
    to: usize,
    region: usize,
    territory: Option<usize>,
    count: usize,
}

impl Ranges {
    /// Reads the register's `text`, keeping the ranges of the region at `own` (`None`: of no region).
    ///
    /// # Errors
    /// A sentence that names the line.
    pub(super) fn read(text: &str, country: &Country, own: Option<usize>) -> Result<Self, String> {
        let mut date = None;
        let mut columns = None;
        let mut rows = 0_usize;
        let mut ranges = Vec::new();
        let mut known = HashMap::new();
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let line = line.trim();
            if let Some(comment) = line.strip_prefix('#') {
                date = comment.trim().strip_prefix("date:").map(|date| date.trim().to_owned()).or(date);
                continue;
            }
            if line.is_empty() {
                continue;
            }
            let fields: Vec<&str> = line.split(';').map(str::trim).collect();
            let Some(columns) = &columns else {
                columns =
                    Some(Columns::find(&fields).ok_or_else(|| format!("line {number}: no column От, До or Регион"))?);
                continue;
            };
            let row = columns.row(&fields).ok_or_else(|| format!("line {number}: not a range of numbers"))?;
            rows += 1;
            let names_own = || own.is_some_and(|own| names_region(country, row.region, own));
            if *known.entry(row.region).or_insert_with(names_own) {
                ranges.push(row.range);
            }
        }
        let date = (rows > 0).then(|| date.unwrap_or_else(|| UNDATED.to_owned()));
        Ok(Self { own: merge(ranges), date })
    }

    /// Whether the number with these national digits belongs to the office's region.
    pub(super) fn is_own(&self, national: &str) -> bool {
        let Ok(number) = national.parse::<u64>() else { return false };
        let after = self.own.partition_point(|(from, _)| *from <= number);
        let before = after.checked_sub(1).and_then(|at| self.own.get(at));
        before.is_some_and(|(_, to)| number <= *to)
    }

    /// Of when the table is; `None` when it is empty.
    pub(super) fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }
}

impl Columns {
    fn find(header: &[&str]) -> Option<Self> {
        let at = |name: &str| header.iter().position(|field| *field == name);
        Some(Self {
            from: at("От")?,
            to: at("До")?,
            region: at("Регион")?,
            territory: at("Территория ГАР"),
            count: header.len(),
        })
    }

    fn row<'a>(&self, fields: &[&'a str]) -> Option<Row<'a>> {
        if fields.len() != self.count {
            return None;
        }
        let code = fields.first().filter(|code| code.len() == CODE_DIGITS)?;
        let number = |at: usize| {
            let digits = fields.get(at).filter(|digits| digits.len() == SUBSCRIBER_DIGITS)?;
            if !code.bytes().chain(digits.bytes()).all(|b| b.is_ascii_digit()) {
                return None;
            }
            format!("{code}{digits}").parse::<u64>().ok()
        };
        let range = (number(self.from)?, number(self.to)?);
        let territory = self.territory.and_then(|at| fields.get(at).copied()).unwrap_or("");
        let region = (fields.get(self.region).copied()?, territory);
        (range.0 <= range.1).then_some(Row { range, region })
    }
}

fn names_region(country: &Country, (region, territory): (&str, &str), own: usize) -> bool {
    country.names_region(region, own) || country.names_region(territory, own)
}

fn merge(mut ranges: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (from, to) in ranges {
        match merged.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// The date of a table that doesn't tell it.
const UNDATED: &str = "undated";
/// Digits of a mobile code.
const CODE_DIGITS: usize = 3;
/// Digits after it.
const SUBSCRIBER_DIGITS: usize = 7;
