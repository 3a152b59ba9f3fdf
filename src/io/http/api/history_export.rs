//! `history.csv` and `history.xlsx`: all calls that match, as a file for a spreadsheet. The handler judges what is asked; the
//! gate then sends the file while it is made, page by page, so that neither a million calls nor a slow client cost
//! memory or keep a handler.
//!
//! CSV is UTF-8 with a byte order mark, without which Excel takes it for the old code page. Excel splits at the list separator
//! of its country, and at nothing else: `;` where the decimal sign is a comma, `,` elsewhere. So the caller's language decides,
//! of the separator as of the decimal sign. LibreOffice and web spreadsheets see by themselves which it is.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_xlsxwriter::{Format as Look, Workbook, Worksheet, XlsxError};
use serde_json::{Value, json};

use super::super::House;
use super::super::reply::{Problem, Reply};
use super::super::sessions::random_word;
use super::super::words::{self, Words};
use super::super::workers::EXPORT;
use super::{Export, Visit, history};
use crate::base::WallTime;
use crate::io::clock;
use crate::io::store::{HistoryFilter, HistoryRow};
use crate::office::Language;

/// What the handler tells the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::io::http) struct Order {
    format: Format,
    language: Language,
    filter: HistoryFilter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Xlsx,
}

/// Takes a piece of the file; fails when nobody wants it any more.
pub(in crate::io::http) type Sink<'a> = &'a mut dyn FnMut(Vec<u8>) -> io::Result<()>;

pub(super) fn csv(visit: &Visit<'_>) -> Result<Reply, Problem> {
    order(visit, Format::Csv)
}

pub(super) fn xlsx(visit: &Visit<'_>) -> Result<Reply, Problem> {
    order(visit, Format::Xlsx)
}

fn order(visit: &Visit<'_>, format: Format) -> Result<Reply, Problem> {
    visit.ask.query.only(history::FILTERS)?;
    let filter = history::filter(visit)?;
    // A disk that does not answer is told while there is still a status to tell it with.
    visit.house.exchange.history(&filter, 1, None)?;
    let (content_type, ending) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        Format::Xlsx => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    };
    let day = visit.time(clock::wall()).chars().take(10).collect::<String>();
    let order = Order { format, language: visit.language(), filter };
    Ok(Reply::text(content_type, Vec::new())
        .with(EXPORT, Export::Calls(order).write())
        .with("content-disposition", format!("attachment; filename=\"calls-{day}.{ending}\"")))
}

impl Order {
    /// As text.
    pub(super) fn write(&self) -> String {
        let filter = &self.filter;
        let order = json!({
            "xlsx": self.format == Format::Xlsx,
            "ru": self.language == Language::Ru,
            "from": filter.from.map(WallTime::millis),
            "to": filter.to.map(WallTime::millis),
            "number": filter.number,
            "extension": filter.extension,
            "direction": filter.direction,
            "outcome": filter.outcome,
            "text": filter.text,
            "named": filter.named,
        });
        URL_SAFE_NO_PAD.encode(order.to_string())
    }

    /// Reads what [`Self::write`] wrote.
    pub(super) fn read(text: &str) -> Option<Self> {
        let order: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let word = |name: &str| order[name].as_str().map(str::to_owned);
        let named = order["named"].as_array()?.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
        Some(Self {
            format: if order["xlsx"].as_bool()? { Format::Xlsx } else { Format::Csv },
            language: if order["ru"].as_bool()? { Language::Ru } else { Language::En },
            filter: HistoryFilter {
                from: order["from"].as_i64().map(WallTime),
                to: order["to"].as_i64().map(WallTime),
                number: word("number"),
                extension: word("extension"),
                direction: word("direction"),
                outcome: word("outcome"),
                text: word("text"),
                named,
            },
        })
    }

    /// Makes the file. Blocks: on the disk, and on a client that is slow to take it.
    ///
    /// # Errors
    /// The database, the disk, or the sink.
    pub(super) fn run(&self, house: &House, sink: Sink<'_>) -> io::Result<()> {
        let office = house.exchange.office();
        let zone = TimeZone::get(&office.settings.timezone).unwrap_or(TimeZone::UTC);
        match self.format {
            Format::Csv => self.csv(house, &zone, sink),
            Format::Xlsx => self.xlsx(house, &zone, sink),
        }
    }

    fn csv(&self, house: &House, zone: &TimeZone, sink: Sink<'_>) -> io::Result<()> {
        let (separator, comma) = match self.language {
            Language::Ru => (';', true),
            Language::En => (',', false),
        };
        let mut piece = String::from('\u{feff}');
        line(&mut piece, separator, COLUMNS.iter().map(|(words, _)| words.say(self.language).to_owned()));
        self.each(house, &mut |row| {
            let cells = cells(row, self.language).into_iter().map(|cell| match cell {
                Cell::Text(text) => defused(text),
                Cell::Whole(number) => number.to_string(),
                Cell::Decimal(number) if comma => format!("{number:.1}").replace('.', ","),
                Cell::Decimal(number) => format!("{number:.1}"),
                Cell::Time(at) => civil(at, zone).strftime("%Y-%m-%d %H:%M:%S").to_string(),
                Cell::Nothing => String::new(),
            });
            line(&mut piece, separator, cells);
            if piece.len() >= PIECE { sink(std::mem::take(&mut piece).into_bytes()) } else { Ok(()) }
        })?;
        sink(piece.into_bytes())
    }

    fn xlsx(&self, house: &House, zone: &TimeZone, sink: Sink<'_>) -> io::Result<()> {
        let mut workbook = Workbook::new();
        // Rows wait in files without a name, in our own directory.
        workbook.set_tempdir(&house.data).map_err(io::Error::other)?;
        let time = Look::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        let (mut sheet, mut line) = (0, SHEET_ROWS);
        self.begin_sheet(&mut workbook, sheet).map_err(io::Error::other)?;
        line = line.min(1);
        self.each(house, &mut |row| {
            if line == SHEET_ROWS {
                (sheet, line) = (sheet + 1, 1);
                self.begin_sheet(&mut workbook, sheet).map_err(io::Error::other)?;
            }
            let page = workbook.worksheet_from_index(sheet).map_err(io::Error::other)?;
            put(page, line, cells(row, self.language), zone, &time).map_err(io::Error::other)?;
            line += 1;
            Ok(())
        })?;
        let path = house.data.join(format!("export-{}", random_word()));
        let options = std::fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
        let removed = std::fs::remove_file(&path);
        let mut file = options?;
        removed?;
        workbook.save_to_writer(&mut file).map_err(io::Error::other)?;
        file.seek(SeekFrom::Start(0))?;
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            if (&mut file).take(PIECE as u64).read_to_end(&mut piece)? == 0 {
                return Ok(());
            }
            sink(piece)?;
        }
    }

    fn begin_sheet(&self, workbook: &mut Workbook, index: usize) -> Result<(), XlsxError> {
        let name = Words::new("Звонки", "Calls").say(self.language);
        let name = if index == 0 { name.to_owned() } else { format!("{name} {}", index + 1) };
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        let bold = Look::new().set_bold();
        for (column, (words, width)) in (0..).zip(COLUMNS) {
            sheet.set_column_width(column, width)?;
            sheet.write_string_with_format(0, column, words.say(self.language), &bold)?;
        }
        Ok(())
    }

    fn each(&self, house: &House, act: &mut dyn FnMut(&HistoryRow) -> io::Result<()>) -> io::Result<()> {
        let mut before = None;
        loop {
            let page = house.exchange.history(&self.filter, PAGE, before).map_err(io::Error::other)?;
            page.rows.iter().try_for_each(&mut *act)?;
            if page.next.is_none() {
                return Ok(());
            }
            before = page.next;
        }
    }
}

enum Cell {
    Text(String),
    Whole(u64),
    Decimal(f64),
    Time(WallTime),
    Nothing,
}

impl Cell {
    fn text(text: Option<&str>) -> Self {
        text.filter(|text| !text.is_empty()).map_or(Self::Nothing, |text| Self::Text(text.to_owned()))
    }
}

/// Heads, and how wide their column is in letters.
const COLUMNS: [(Words, f64); 14] = [
    (Words::new("Начало", "Began"), 20.0),
    (Words::new("Направление", "Direction"), 12.0),
    (Words::new("Кто звонил", "Caller"), 16.0),
    (Words::new("Имя", "Name"), 24.0),
    (Words::new("Куда звонил", "Called"), 16.0),
    (Words::new("Внешний номер", "Trunk"), 24.0),
    (Words::new("Кто ответил", "Answered by"), 16.0),
    (Words::new("Итог", "Outcome"), 24.0),
    (Words::new("Ожидание, с", "Waited, s"), 12.0),
    (Words::new("Разговор, с", "Talked, s"), 12.0),
    (Words::new("Окончание", "Ended"), 20.0),
    (Words::new("Оценка связи (MOS)", "Quality (MOS)"), 12.0),
    (Words::new("Записей", "Recordings"), 10.0),
    (Words::new("Код звонка", "Call"), 22.0),
];

fn cells(row: &HistoryRow, language: Language) -> [Cell; COLUMNS.len()] {
    let outcome = row.outcome.as_deref().map(|outcome| words::outcome(outcome).say(language));
    [
        Cell::Time(row.started_at),
        Cell::text(Some(words::direction(&row.direction).say(language))),
        Cell::text(Some(&row.caller)),
        Cell::text(Some(&row.caller_name)),
        Cell::text(Some(&row.called)),
        Cell::text(row.trunk.as_deref()),
        Cell::text(row.answered_by.as_deref()),
        Cell::text(outcome),
        row.ended_at.map_or(Cell::Nothing, |_| Cell::Whole(row.ring_ms / 1000)),
        row.ended_at.map_or(Cell::Nothing, |_| Cell::Whole(row.talk_ms / 1000)),
        row.ended_at.map_or(Cell::Nothing, Cell::Time),
        worst(row).map_or(Cell::Nothing, Cell::Decimal),
        Cell::Whole(row.recordings.len() as u64),
        Cell::Text(row.call.to_string()),
    ]
}

/// The lower of both sides' MOS.
fn worst(row: &HistoryRow) -> Option<f64> {
    let sides = row.quality.as_ref()?.as_array()?;
    sides.iter().filter_map(|side| side["mos"].as_f64()).min_by(f64::total_cmp)
}

fn put(
    sheet: &mut Worksheet,
    line: u32,
    cells: [Cell; COLUMNS.len()],
    zone: &TimeZone,
    time: &Look,
) -> Result<(), XlsxError> {
    for (column, cell) in (0..).zip(cells) {
        match cell {
            // A cell of text is text, whatever it begins with.
            Cell::Text(text) => drop(sheet.write_string(line, column, text)?),
            Cell::Whole(number) => drop(sheet.write_number(line, column, number as f64)?),
            Cell::Decimal(number) => drop(sheet.write_number(line, column, (number * 10.0).round() / 10.0)?),
            Cell::Time(at) => drop(sheet.write_number_with_format(line, column, serial(civil(at, zone)), time)?),
            Cell::Nothing => {}
        }
    }
    Ok(())
}

/// What the office's clocks showed.
fn civil(at: WallTime, zone: &TimeZone) -> DateTime {
    zone.to_datetime(Timestamp::from_millisecond(at.millis()).unwrap_or_default())
}

/// Days since 1899-12-30: how spreadsheets count.
fn serial(at: DateTime) -> f64 {
    let seconds = TimeZone::UTC.to_timestamp(at).map(Timestamp::as_second).unwrap_or_default();
    seconds as f64 / 86_400.0 + 25_569.0
}

/// A spreadsheet takes a cell that begins like this for a formula, and a caller's name is a stranger's text.
fn defused(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// RFC 4180 §2.
fn line(out: &mut String, separator: char, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(separator);
        }
        if cell.contains([separator, '"', '\n', '\r']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    out.push_str("\r\n");
}

/// Calls that are read at a time; others read between.
const PAGE: usize = 1_000;
/// Bytes that are sent at a time.
const PIECE: usize = 64 * 1024;
/// Rows of a sheet; what is more goes on the next one.
const SHEET_ROWS: u32 = 1_048_576;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_nor_the_end_of_its_line() {
        let mut out = String::new();
        let cells = ["=1+1", "+7921", "-x", "@SUM(A1)", "a;b", "say \"a\"\r\nb", "plain"];
        line(&mut out, ';', cells.into_iter().map(|cell| defused(cell.to_owned())));
        assert_eq!(out, "'=1+1;'+7921;'-x;'@SUM(A1);\"a;b\";\"say \"\"a\"\"\r\nb\";plain\r\n");
    }

    #[test]
    fn an_order_is_read_as_it_was_written() {
        let filter = HistoryFilter {
            from: Some(WallTime(1)),
            text: Some("Ромашка".to_owned()),
            named: vec!["201".to_owned()],
            ..HistoryFilter::default()
        };
        let order = Order { format: Format::Xlsx, language: Language::Ru, filter };
        assert_eq!(Order::read(&order.write()), Some(order));
        assert_eq!(Order::read("x"), None);
    }

    #[test]
    fn a_time_is_what_the_spreadsheet_counts() {
        let at = civil(WallTime(1_795_605_600_000), &TimeZone::get("Europe/Moscow").expect("known"));
        assert_eq!(at.to_string(), "2026-11-25T14:20:00");
        assert!((serial(at) - 46_351.597_222).abs() < 0.000_01, "{}", serial(at));
    }
}
