//! Offices for the tests of this room.

use std::sync::Arc;

use crate::base::Rng;
use crate::media::Clip;
use crate::office::Office;
use crate::office::file::{self, Context};

/// The example office, with two seconds of sound in every media file.
pub(super) fn example() -> Arc<Office> {
    with(|text| text)
}

/// The example office with its text changed; the desk's own checker doesn't look at it.
pub(super) fn with(change: impl Fn(String) -> String) -> Arc<Office> {
    let text = change(include_str!("../../config/office.example.toml").to_owned());
    let context = Context { rng: &mut Rng::from_seed(1), exists: &|_| true, check: &|_| Vec::new() };
    let mut office = file::read(&text, &Office::default(), context).unwrap_or_else(|p| panic!("{p:#?}")).office;
    for media in &mut office.media {
        media.clip = Some(Arc::new(Clip::from_narrow(&[0; 16_000])));
    }
    Arc::new(office)
}

/// The example office with another desk: `"in incoming 78126122981"`, and links `"in.next hours"`.
pub(super) fn desk(elements: &[&str], links: &[&str]) -> Arc<Office> {
    with(|text| {
        let kept = text.split("# --- Маршрутизация").next().unwrap_or_default().to_owned();
        let elements = elements.iter().map(|line| element(line));
        let links = links.iter().map(|line| {
            let (from, to) = line.split_once(' ').expect("a link is `from to`");
            format!("[[link]]\nfrom = \"{from}\"\nto = \"{to}\"\n")
        });
        kept + &elements.chain(links).collect::<String>()
    })
}

fn element(line: &str) -> String {
    let mut words = line.splitn(3, ' ');
    let (id, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let what = match (kind, words.next()) {
        ("incoming", Some(number)) => format!("numbers = [\"{number}\"]"),
        ("dial_extension", Some(prompt)) => format!("prompt = \"{prompt}\""),
        (kind, Some(what)) => format!("{kind} = \"{what}\""),
        (_, None) => String::new(),
    };
    format!("[[element]]\nid = \"{id}\"\nkind = \"{kind}\"\n{what}\n")
}
