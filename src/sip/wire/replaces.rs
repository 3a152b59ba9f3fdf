//! Which dialog an INVITE takes over: RFC 3891 §6.1. As a header field, and inside of a Refer-To URI (RFC 3515 §2.1,
//! RFC 3261 §19.1.1: `?Replaces=…`, escaped).

use super::text::unescape;
use super::{Headers, Name, Params, Uri};

/// A dialog, by the words of its three parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// Call-ID.
    pub call_id: String,
    /// The tag of who receives the INVITE.
    pub to_tag: String,
    /// The tag of the other side of that dialog.
    pub from_tag: String,
    /// Only a call that has not been answered yet is to be taken.
    pub early_only: bool,
}

impl Replaces {
    /// Of an INVITE's header fields.
    ///
    /// # Errors
    /// There is such a field, and it can't be read or there are two: 400 (RFC 3891 §3).
    pub fn of(headers: &Headers) -> Result<Option<Self>, BadReplaces> {
        match headers.all(&Name::Replaces).count() {
            0 => Ok(None),
            1 => {
                let (call_id, params) = headers.value(&Name::Replaces).ok_or(BadReplaces)?;
                Self::from_parts(call_id, &params).map(Some).ok_or(BadReplaces)
            }
            _ => Err(BadReplaces),
        }
    }

    /// Of a Refer-To URI; `None` when it has none.
    ///
    /// # Errors
    /// It has one that can't be read.
    pub fn in_uri(uri: &Uri) -> Result<Option<Self>, BadReplaces> {
        let fields = uri.headers.as_deref().unwrap_or("").split('&').filter_map(|field| field.split_once('='));
        let Some((_, text)) = fields.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("replaces")) else {
            return Ok(None);
        };
        let text = unescape(text);
        let (call_id, rest) = text.split_once(';').ok_or(BadReplaces)?;
        let params: Params = format!(";{rest}").parse().map_err(|_| BadReplaces)?;
        Self::from_parts(call_id.trim().to_owned(), &params).map(Some).ok_or(BadReplaces)
    }

    fn from_parts(call_id: String, params: &Params) -> Option<Self> {
        let tag = |name| params.get(name).filter(|tag| !tag.is_empty()).map(str::to_owned);
        let (to_tag, from_tag) = (tag("to-tag")?, tag("from-tag")?);
        (!call_id.is_empty()).then(|| Self { call_id, to_tag, from_tag, early_only: params.has("early-only") })
    }
}

/// A Replaces that names no dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unreadable Replaces")]
pub struct BadReplaces;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_is_named_in_a_field_and_in_a_uri() {
        let mut headers = Headers::new();
        assert_eq!(Replaces::of(&headers), Ok(None));
        headers.push(Name::Replaces, "425928@a.example;to-tag=7743;from-tag=6472;early-only");
        let named = Replaces::of(&headers).unwrap().unwrap();
        assert_eq!((named.call_id.as_str(), named.to_tag.as_str()), ("425928@a.example", "7743"));
        assert_eq!((named.from_tag.as_str(), named.early_only), ("6472", true));
        headers.push(Name::Replaces, "1@b;to-tag=1;from-tag=2");
        assert_eq!(Replaces::of(&headers), Err(BadReplaces), "two of them");

        let uri: Uri = "sip:202@pbx?Replaces=425928%40a.example%3Bto-tag%3D7743%3Bfrom-tag%3D6472&X=y".parse().unwrap();
        let named = Replaces::in_uri(&uri).unwrap().unwrap();
        assert_eq!(
            (named.call_id.as_str(), named.from_tag.as_str(), named.early_only),
            ("425928@a.example", "6472", false)
        );
        let bare: Uri = "sip:202@pbx?Replaces=425928%40a.example".parse().unwrap();
        assert_eq!(Replaces::in_uri(&bare), Err(BadReplaces));
        let other: Uri = "sip:202@pbx?Subject=x".parse().unwrap();
        assert_eq!(Replaces::in_uri(&other), Ok(None));
    }
}
