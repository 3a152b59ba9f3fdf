//! What telephones' files are made of: a template a vendor, as data of `config/phones` or as an admin has changed it.
//!
//! A template is text. Its head is TOML and says whose telephones it is for and which files they ask for; then comes each file
//! behind a line `+++ ID`, in the language of Jinja (minijinja). A value that the office does not have is an error and no empty
//! text, and every value is escaped for the file's format. Mistakes name their line and are found before any telephone asks:
//! [`Template::read`] reads all, and `check` renders for telephones of every shape.

use std::sync::{Arc, LazyLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};
use serde::Deserialize;

use super::book::{self, Format};
use super::escape::{self, Escape};
use super::view::{Subject, View};
use super::{Mac, vendor};
use crate::office::{BUILT_IN_TEMPLATES, Office, Phone};

/// What a template says of itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// For people.
    pub title: String,
    /// Whether its telephones take a file over HTTPS from a box with a certificate of its own authority.
    #[serde(default)]
    pub https: bool,
    /// Whether they register over TLS at such a box: they don't ask who signed its certificate, or their files tell them.
    #[serde(default)]
    pub tls: bool,
    /// `Event` of the NOTIFY that makes a telephone ask for its settings: `check-sync;reboot=false`. Empty: it can't be told.
    #[serde(default)]
    pub sync: String,
    /// The same with a restart.
    #[serde(default)]
    pub restart: String,
    /// The phone book's format.
    pub book: Format,
    /// Lines beyond those that a telephone has, up to so many, are switched off in its file.
    #[serde(default = "one")]
    pub lines: u32,
    /// The same of keys.
    #[serde(default)]
    pub keys: u32,
    /// Its telephones fetch by TFTP alone, where no address is their own: whenever they are told of a change, they may fetch once more, as
    /// after an admin's word.
    #[serde(default)]
    pub tftp: bool,
    /// What a telephone's own address ends with: some take a folder and ask for the file by name, some the whole address.
    #[serde(default)]
    pub address: String,
    #[serde(rename = "file")]
    files: Vec<FileHead>,
}

const fn one() -> u32 {
    1
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileHead {
    id: String,
    names: Vec<String>,
    kind: Kind,
    escape: Escape,
    content_type: ContentType,
}

/// Whether a file holds what only one telephone may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One telephone's: with passwords.
    Phone,
    /// Everybody's: where to ask, and how often.
    Common,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum ContentType {
    #[serde(rename = "text/plain")]
    Text,
    #[serde(rename = "text/xml")]
    Xml,
    #[serde(rename = "application/json")]
    Json,
}

impl ContentType {
    const fn word(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Xml => "text/xml; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// One file of a template.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name inside of the template.
    pub id: String,
    /// Who may have it.
    pub kind: Kind,
    names: Vec<Pattern>,
    escape: Escape,
    content_type: ContentType,
    body: String,
    /// The line of the template's text before its first.
    line: usize,
}

/// A template that can be read.
#[derive(Clone, Debug)]
pub struct Template {
    /// As the office file calls it.
    pub name: String,
    /// What it says of itself.
    pub head: Head,
    /// In its own order.
    pub files: Vec<File>,
}

/// A mistake in a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct TemplateError {
    /// Of the template's text, from 1.
    pub line: usize,
    /// In English.
    pub what: String,
}

/// What a telephone gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The header's value.
    pub content_type: &'static str,
    /// The file.
    pub body: String,
}

/// What a file's name says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// Whose it is.
    pub mac: Option<Mac>,
    /// Which model.
    pub model: String,
}

/// `cfg{mac}.xml` and the like; case does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// In lower case.
    Text(String),
    Mac,
    Model,
}

impl Pattern {
    fn read(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (before, after) = rest.split_once('{').unwrap_or((rest, ""));
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_ascii_lowercase()));
            }
            if before.len() == rest.len() {
                break;
            }
            let (name, after) = after.split_once('}')?;
            pieces.push(match name {
                "mac" | "MAC" => Piece::Mac,
                "model" => Piece::Model,
                _ => return None,
            });
            rest = after;
        }
        (!pieces.is_empty()).then(|| Self { text: text.to_owned(), pieces })
    }

    fn fits(&self, name: &str) -> Option<Captured> {
        let mut found = Captured::default();
        fits(&self.pieces, &name.to_ascii_lowercase(), &mut found).then_some(found)
    }

    /// The name for this telephone; `None` when a model is needed.
    fn of(&self, mac: Option<Mac>) -> Option<String> {
        let mut rest = self.text.clone();
        if let Some(mac) = mac {
            rest = rest.replace("{mac}", &mac.plain()).replace("{MAC}", &mac.upper());
        }
        (!rest.contains('{')).then_some(rest)
    }
}

/// Whether a name in lower case is of this shape.
fn fits(pieces: &[Piece], name: &str, found: &mut Captured) -> bool {
    let Some((piece, rest)) = pieces.split_first() else { return name.is_empty() };
    match piece {
        Piece::Text(text) => name.strip_prefix(text.as_str()).is_some_and(|name| fits(rest, name, found)),
        Piece::Mac => name.split_at_checked(12).is_some_and(|(digits, name)| {
            let mac = Mac::read(digits).filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            mac.is_some_and(|mac| {
                found.mac = Some(mac);
                fits(rest, name, found)
            })
        }),
        Piece::Model => (1..=name.len().min(LONGEST_MODEL)).any(|length| {
            let Some((model, name)) = name.split_at_checked(length) else { return false };
            let is_model = model.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            let fits = is_model && fits(rest, name, found);
            if fits {
                model.clone_into(&mut found.model);
            }
            fits
        }),
    }
}

impl Template {
    /// Reads a template's text.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub fn read(name: &str, text: &str) -> Result<Self, TemplateError> {
        let (head_text, parts) = split(text);
        let head: Head = toml::from_str(&head_text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = head_text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
            TemplateError { line, what: error.message().to_owned() }
        })?;
        let mut files = Vec::new();
        let wrong = |line: usize, what: String| TemplateError { line, what };
        let line_of = |word: &str| {
            let at = head_text.lines().position(|line| line.contains(word));
            at.map_or(1, |at| at + 1)
        };
        for file in &head.files {
            let part = parts.iter().find(|part| part.id == file.id);
            let part = part.ok_or_else(|| {
                wrong(line_of(&format!("\"{}\"", file.id)), format!("there is no `+++ {}` for this file", file.id))
            })?;
            let mut names = Vec::new();
            for name in &file.names {
                let pattern = Pattern::read(name).ok_or_else(|| {
                    wrong(
                        line_of(name),
                        format!("`{name}` is no file name: it may hold {{mac}}, {{MAC}} and {{model}}"),
                    )
                })?;
                names.push(pattern);
            }
            files.push(File {
                id: file.id.clone(),
                kind: file.kind,
                names,
                escape: file.escape,
                content_type: file.content_type,
                body: part.body.clone(),
                line: part.line,
            });
        }
        if let Some(part) = parts.iter().find(|part| !head.files.iter().any(|file| file.id == part.id)) {
            return Err(wrong(part.line, format!("the head names no file `{}`", part.id)));
        }
        let template = Self { name: name.to_owned(), head, files };
        for file in &template.files {
            let environment = environment(file.escape);
            environment.template_from_named_str(&file.id, &file.body).map_err(|error| file.mistake(&error))?;
        }
        Ok(template)
    }

    /// The file that a telephone of this template means by a name.
    pub fn find(&self, name: &str) -> Option<(&File, Captured)> {
        self.files.iter().find_map(|file| Some((file, file.fits(name)?)))
    }

    /// A file by its name inside of the template.
    pub fn file(&self, id: &str) -> Option<&File> {
        self.files.iter().find(|file| file.id == id)
    }

    /// The names of the files that a telephone asks for, those with secrets first.
    pub fn names(&self, mac: Mac) -> Vec<(Kind, String)> {
        let of = |kind: Kind| {
            let files = self.files.iter().filter(move |file| file.kind == kind);
            files.filter_map(move |file| Some((kind, file.names.first()?.of(Some(mac))?)))
        };
        of(Kind::Phone).chain(of(Kind::Common)).collect()
    }

    /// Makes a file.
    ///
    /// # Errors
    /// A mistake of the template, with its line: a value that there is not, work without end, a file too large.
    pub fn render(&self, file: &File, subject: &Subject<'_>) -> Result<Rendered, TemplateError> {
        let view = View::of(self, subject);
        let environment = environment(file.escape);
        let body = environment
            .render_named_str(&file.id, &file.body, Value::from(minijinja::value::Serde(&view)))
            .map_err(|error| file.mistake(&error))?;
        if body.len() > LARGEST_FILE {
            let what = format!("the file would be larger than {LARGEST_FILE} bytes");
            return Err(TemplateError { line: file.line + 1, what });
        }
        Ok(Rendered { content_type: file.content_type.word(), body })
    }

    /// The phone book of the office for telephones of this template.
    pub fn book(&self, office: &Office) -> Rendered {
        Rendered { content_type: ContentType::Xml.word(), body: book::write(self.head.book, office) }
    }
}

impl File {
    /// Its names, as the head writes them.
    pub fn patterns(&self) -> Vec<&str> {
        self.names.iter().map(|pattern| pattern.text.as_str()).collect()
    }

    /// What a name says, when it is one of this file's.
    pub fn fits(&self, name: &str) -> Option<Captured> {
        self.names.iter().find_map(|pattern| pattern.fits(name))
    }

    fn mistake(&self, error: &minijinja::Error) -> TemplateError {
        let line = self.line + error.line().unwrap_or(1);
        let what = match (error.kind(), error.detail()) {
            (ErrorKind::OutOfFuel, _) => "the template works without end".to_owned(),
            (kind, Some(detail)) => format!("{kind}: {detail}"),
            (kind, None) => kind.to_string(),
        };
        TemplateError { line, what }
    }
}

struct Part {
    id: String,
    /// The line of its `+++`.
    line: usize,
    body: String,
}

/// The head, and the parts behind their `+++`.
fn split(text: &str) -> (String, Vec<Part>) {
    let mut head = String::new();
    let mut parts: Vec<Part> = Vec::new();
    for (nth, line) in text.lines().enumerate() {
        let id = line.strip_prefix("+++ ").map(str::trim);
        match (id, parts.last_mut()) {
            (Some(id), _) => parts.push(Part { id: id.to_owned(), line: nth + 1, body: String::new() }),
            (None, Some(part)) => {
                part.body.push_str(line);
                part.body.push('\n');
            }
            (None, None) => {
                head.push_str(line);
                head.push('\n');
            }
        }
    }
    (head, parts)
}

fn environment(escape: Escape) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let mut syntax = SyntaxConfig::builder();
    if let Ok(syntax) = syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    // so that what a macro has made is not escaped once more
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("file".into()));
    environment.set_formatter(move |out, _, value| {
        if value.is_none() {
            return Err(minijinja::Error::new(ErrorKind::UndefinedError, "there is no such value"));
        }
        let text = value.to_string();
        out.write_str(&if value.is_safe() { text } else { escape.text(&text) })?;
        Ok(())
    });
    environment.add_filter("url", |text: String| escape::url(&text));
    environment.add_filter("line", |text: String| escape::line(&text));
    // what stands in a table under a word, or something else
    environment.add_filter("pick", |table: Value, word: Value, other: Value| {
        table.get_item(&word).ok().filter(|found| !found.is_undefined()).unwrap_or(other)
    });
    environment
}

/// All templates: those of the program and those of an office.
#[derive(Clone, Debug)]
pub struct Templates {
    own: Vec<Arc<Template>>,
}

impl Templates {
    /// Those of an office. One that can't be read is left out and told; its telephones get that of which it was made.
    pub fn of(office: &Office) -> (Self, Vec<(String, TemplateError)>) {
        let (mut own, mut mistakes) = (Vec::new(), Vec::new());
        for template in &office.phone_templates {
            match Template::read(&template.name, &template.text) {
                Ok(read) => own.push(Arc::new(read)),
                Err(error) => {
                    mistakes.push((template.name.clone(), error));
                    let base = built_in(&template.base)
                        .map(|base| Arc::new(Template { name: template.name.clone(), ..Template::clone(base) }));
                    own.extend(base);
                }
            }
        }
        (Self { own }, mistakes)
    }

    /// A template by its name.
    pub fn named(&self, name: &str) -> Option<&Arc<Template>> {
        self.own.iter().find(|template| template.name == name).or_else(|| built_in(name))
    }

    /// The one that makes a telephone's files: that which its settings name, else that of its vendor, else the general one.
    pub fn of_phone(&self, phone: &Phone) -> &Arc<Template> {
        let by_vendor = || {
            let known = vendor::named(&phone.vendor);
            let by_mac = || vendor::named(&vendor::of_mac(Mac::read(&phone.mac)?).vendor);
            built_in(&known.or_else(by_mac)?.template)
        };
        self.named(&phone.template).or_else(by_vendor).unwrap_or_else(|| general())
    }

    /// A file for everybody by its name. Where several vendors have one of this name, `vendor` chooses.
    pub fn common(&self, name: &str, vendor: &str) -> Option<(&'static Template, &'static File, Captured)> {
        let wanted = vendor::named(vendor).map_or("", |vendor| vendor.template.as_str());
        let first = built_ins().iter().filter(|template| template.name == wanted);
        let all = first.chain(built_ins().iter().filter(|template| template.name != wanted));
        all.into_iter().find_map(|template| {
            let common = template.files.iter().filter(|file| file.kind == Kind::Common);
            common.into_iter().find_map(|file| Some((&**template, file, file.fits(name)?)))
        })
    }

    /// The MAC in a file's name, as any vendor's telephone writes it.
    pub fn mac_in(&self, name: &str) -> Option<Mac> {
        let all = built_ins().iter().chain(&self.own);
        let mut named = all.flat_map(|template| &template.files).filter_map(|file| file.fits(name)?.mac);
        named.next()
    }
}

/// The text of a template that the program brings.
pub fn built_in_text(name: &str) -> Option<&'static str> {
    Some(match name {
        "yealink" => include_str!("../../config/phones/yealink.template"),
        "grandstream" => include_str!("../../config/phones/grandstream.template"),
        "fanvil" => include_str!("../../config/phones/fanvil.template"),
        "snom" => include_str!("../../config/phones/snom.template"),
        "cisco-spa" => include_str!("../../config/phones/cisco-spa.template"),
        "cisco-mpp" => include_str!("../../config/phones/cisco-mpp.template"),
        "cisco" => include_str!("../../config/phones/cisco.template"),
        "polycom" => include_str!("../../config/phones/polycom.template"),
        "htek" => include_str!("../../config/phones/htek.template"),
        "gigaset" => include_str!("../../config/phones/gigaset.template"),
        "linphone" => include_str!("../../config/phones/linphone.template"),
        "generic" => include_str!("../../config/phones/generic.template"),
        _ => return None,
    })
}

/// The templates that the program brings, read.
pub fn built_ins() -> &'static [Arc<Template>] {
    static READ: LazyLock<Vec<Arc<Template>>> = LazyLock::new(|| {
        let read = |name: &str| Template::read(name, built_in_text(name).unwrap_or_default()).ok().map(Arc::new);
        BUILT_IN_TEMPLATES.into_iter().filter_map(read).collect()
    });
    &READ
}

/// One of them.
pub fn built_in(name: &str) -> Option<&'static Arc<Template>> {
    built_ins().iter().find(|template| template.name == name)
}

fn general() -> &'static Arc<Template> {
    static NONE: LazyLock<Arc<Template>> = LazyLock::new(|| {
        let head = Head {
            title: String::new(),
            https: false,
            tls: false,
            sync: String::new(),
            restart: String::new(),
            book: Format::Yealink,
            lines: 1,
            keys: 0,
            tftp: false,
            address: String::new(),
            files: Vec::new(),
        };
        Arc::new(Template { name: "generic".to_owned(), head, files: Vec::new() })
    });
    built_in("generic").unwrap_or(&NONE)
}

/// Steps of a template: a real one takes some thousands.
const FUEL: u64 = 500_000;
/// No telephone's file is larger. Bytes.
const LARGEST_FILE: usize = 512 * 1024;
/// The longest model in a file's name. Bytes.
const LONGEST_MODEL: usize = 40;

#[cfg(test)]
mod tests;
