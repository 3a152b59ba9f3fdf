//! Signing in from outside: `[openid]`, `[ldap]`, `[[authority]]`.

use super::fault::Fault;
use super::fields::Fields;
use super::nouns::is_host;
use crate::office::sign_on::{certificates, pem};
use crate::office::{Authority, Ldap, Openid};

pub(super) fn openid(fields: &mut Fields<'_, '_>) -> Openid {
    let default = Openid::default();
    let openid = Openid {
        enabled: fields.flag_or("enabled", false),
        name: fields.text_or("name", ""),
        issuer: fields.text_or("issuer", ""),
        client_id: fields.text_or("client_id", ""),
        client_secret: fields.text_or("client_secret", ""),
        scopes: fields.texts("scopes").unwrap_or(default.scopes),
        role_claim: fields.text_or("role_claim", &default.role_claim),
        admin_values: fields.texts("admin_values").unwrap_or_default(),
        viewer_values: fields.texts("viewer_values").unwrap_or_default(),
        may_hear_recordings: fields.flag_or("may_hear_recordings", false),
        trust_any_certificate: fields.flag_or("trust_any_certificate", false),
    };
    for (key, text) in
        [("issuer", &openid.issuer), ("client_id", &openid.client_id), ("role_claim", &openid.role_claim)]
    {
        if openid.enabled && text.is_empty() {
            fields.fault(key, Fault::Missing, format_args!("`{key}` is missing"));
        }
    }
    if !openid.issuer.is_empty() && !is_issuer(&openid.issuer) {
        let what = format_args!("`issuer` \"{}\" is no https address without a query", openid.issuer);
        fields.fault("issuer", Fault::Issuer, what);
    }
    openid
}

pub(super) fn ldap(fields: &mut Fields<'_, '_>) -> Ldap {
    let default = Ldap::default();
    let ldap = Ldap {
        enabled: fields.flag_or("enabled", false),
        server: fields.text_or("server", ""),
        port: u16::try_from(fields.whole_or("port", 0, 0..=65_535)).unwrap_or(0),
        security: fields.word_or("security", default.security),
        trust_any_certificate: fields.flag_or("trust_any_certificate", false),
        bind_dn: fields.text_or("bind_dn", ""),
        bind_password: fields.text_or("bind_password", ""),
        user_dn: fields.text_or("user_dn", ""),
        base: fields.text_or("base", ""),
        filter: fields.text_or("filter", &default.filter),
        group_base: fields.text_or("group_base", ""),
        group_filter: fields.text_or("group_filter", &default.group_filter),
        admin_groups: fields.texts("admin_groups").unwrap_or_default(),
        viewer_groups: fields.texts("viewer_groups").unwrap_or_default(),
        may_hear_recordings: fields.flag_or("may_hear_recordings", false),
    };
    for (key, text) in [("server", &ldap.server), ("base", &ldap.base)] {
        if ldap.enabled && text.is_empty() {
            fields.fault(key, Fault::Missing, format_args!("`{key}` is missing"));
        }
    }
    if !ldap.server.is_empty() && !is_host(&ldap.server) {
        fields.fault("server", Fault::Host, format_args!("`server` \"{}\" is no host", ldap.server));
    }
    for (key, text, may_be_empty) in [("filter", &ldap.filter, false), ("user_dn", &ldap.user_dn, true)] {
        if !(text.contains("{login}") || (may_be_empty && text.is_empty())) {
            fields.fault(key, Fault::NoLogin, format_args!("`{key}` must have {{login}} in it"));
        }
    }
    ldap
}

pub(super) fn authority(fields: &mut Fields<'_, '_>) -> Authority {
    fields.name_by("authority", "name");
    let name = fields.required("name");
    let given = fields.required("certificate");
    match certificates(&given) {
        Some(found) => Authority { name, certificate: pem(&found) },
        None => {
            if !given.is_empty() {
                let what = "`certificate` holds no certificate as PEM: -----BEGIN CERTIFICATE-----";
                fields.fault("certificate", Fault::Certificate, what);
            }
            Authority { name, certificate: given }
        }
    }
}

/// OpenID Connect Discovery 1.0 §3: https, a host, perhaps a port and a path; neither query nor fragment.
fn is_issuer(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_path = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&byte);
    is_host(host)
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0))
        && path.bytes().all(is_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_https_address_without_a_query() {
        for good in [
            "https://login.example.org",
            "https://login.example.org:8443/realms/office",
            "https://[2001:db8::1]/",
            "https://192.168.1.9/auth/",
        ] {
            assert!(is_issuer(good), "{good}");
        }
        for bad in [
            "http://login.example.org",
            "https://",
            "https://a b",
            "https://login.example.org/?a=b",
            "https://login.example.org/#x",
            "https://user@login.example.org",
            "https://login.example.org:0",
            "login.example.org",
        ] {
            assert!(!is_issuer(bad), "{bad}");
        }
    }
}
