//! The rows of a dump as mysqldump writes it: CREATE TABLE names the columns, INSERT brings the rows.

use std::collections::HashMap;

use super::{Row, Tables};

/// Takes the rows of these tables out of a dump.
pub fn inserts(dump: &str, wanted: &[&str], into: &mut Tables) {
    let mut columns: HashMap<&str, Vec<String>> = HashMap::new();
    let mut rest = dump;
    while let Some(at) = next_statement(rest) {
        rest = rest.get(at..).unwrap_or("");
        if let Some(after) = rest.strip_prefix("CREATE TABLE ") {
            let after = after.strip_prefix("IF NOT EXISTS ").unwrap_or(after);
            let (name, body) = name(after);
            let body = body.split(";\n").next().unwrap_or("");
            columns.insert(name, body.lines().filter_map(column).collect());
            rest = after;
        } else if let Some(after) = rest.strip_prefix("INSERT INTO ") {
            let (name, values) = name(after);
            rest = if wanted.contains(&name) {
                take(name, values, columns.get(name).map_or(&[], Vec::as_slice), into)
            } else {
                into.leave(name);
                after
            };
        }
    }
}

/// Statements begin lines.
fn next_statement(text: &str) -> Option<usize> {
    let starts =
        |at: usize| text.get(at..).is_some_and(|t| t.starts_with("CREATE TABLE ") || t.starts_with("INSERT INTO "));
    if starts(0) {
        return Some(0);
    }
    text.match_indices('\n').map(|(at, _)| at + 1).find(|at| starts(*at))
}

fn name(text: &str) -> (&str, &str) {
    match text.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
        Some(found) => found,
        None => text.split_once([' ', '(']).unwrap_or((text, "")),
    }
}

/// A line of CREATE TABLE that names a column: "  `id` varchar(20) NOT NULL,".
fn column(line: &str) -> Option<String> {
    let (name, _) = line.trim_start().strip_prefix('`')?.split_once('`')?;
    Some(name.to_owned())
}

/// Reads `(a,b) VALUES (1,'x'),(2,'y');` and returns what comes behind.
fn take<'a>(table: &str, text: &'a str, columns: &[String], into: &mut Tables) -> &'a str {
    let mut text = text.trim_start();
    let mut named: Vec<String> = columns.to_vec();
    if let Some((list, rest)) = text.strip_prefix('(').and_then(|text| text.split_once(')')) {
        named = list.split(',').map(|column| column.trim().trim_matches('`').to_owned()).collect();
        text = rest.trim_start();
    }
    let Some(mut text) = text.strip_prefix("VALUES").map(str::trim_start) else { return text };
    while let Some(inside) = text.strip_prefix('(') {
        let (values, rest) = tuple(inside);
        let mut row = Row::default();
        for (column, value) in named.iter().zip(values) {
            row.put(column, value);
        }
        into.push(table, row);
        text = rest.trim_start().trim_start_matches(',').trim_start();
    }
    text
}

/// The values up to the closing parenthesis.
fn tuple(text: &str) -> (Vec<String>, &str) {
    let (mut values, mut value, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match (quoted, letter) {
            (true, '\\') => match letters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, '0')) | None => {}
                Some((_, other)) => value.push(other),
            },
            // '' is one quote
            (true, '\'') if letters.next_if(|(_, next)| *next == '\'').is_some() => value.push('\''),
            (_, '\'') => quoted = !quoted,
            (false, ',') => values.push(finished(&mut value)),
            (false, ')') => {
                values.push(finished(&mut value));
                return (values, text.get(at + 1..).unwrap_or(""));
            }
            (_, other) => value.push(other),
        }
    }
    (values, "")
}

fn finished(value: &mut String) -> String {
    let value = std::mem::take(value);
    if value.trim() == "NULL" { String::new() } else { value }
}
