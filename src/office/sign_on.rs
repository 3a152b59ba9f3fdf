//! Who may sign in from outside: `[openid]`, `[ldap]`; and `[[authority]]`, whose certificates prove the servers that the box asks.
//! Knows no network: which values a provider or a directory gave comes in as text, which role they make goes out.

use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{CertificateFacts, Role};

/// `[openid]`: signing in at an OpenID provider (OpenID Connect Core 1.0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Openid {
    /// Whether the sign-in page offers it.
    pub enabled: bool,
    /// What the button says: «Войти через …».
    pub name: String,
    /// The provider's address as in its discovery document: https, without query.
    pub issuer: String,
    /// What the provider calls this box.
    pub client_id: String,
    /// Empty: a public client, which PKCE alone proves.
    pub client_secret: String,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that makes the role; with points inside: `realm_access.roles`.
    pub role_claim: String,
    /// Values of the claim that make an admin.
    pub admin_values: Vec<String>,
    /// Values of the claim that make a viewer.
    pub viewer_values: Vec<String>,
    /// Whether its viewers may hear recordings and messages.
    pub may_hear_recordings: bool,
    /// Whether any certificate is good enough. Whoever stands in between is then the provider.
    pub trust_any_certificate: bool,
}

impl Default for Openid {
    fn default() -> Self {
        Self {
            enabled: false,
            name: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            client_secret: String::new(),
            scopes: ["profile", "email"].map(str::to_owned).into(),
            role_claim: "groups".to_owned(),
            admin_values: Vec::new(),
            viewer_values: Vec::new(),
            may_hear_recordings: false,
            trust_any_certificate: false,
        }
    }
}

impl Openid {
    /// The role of somebody whose claim has these values; `None`: nobody here.
    pub fn role(&self, values: &[String]) -> Option<Role> {
        role(values, &self.admin_values, &self.viewer_values, |value, wanted| value == wanted)
    }
}

/// `[ldap]`: signing in with the password of a directory (RFC 4511).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ldap {
    /// Whether it is asked for logins that no local account has.
    pub enabled: bool,
    /// Host.
    pub server: String,
    /// 0: that of the security's kind (636; 389).
    pub port: u16,
    /// How the connection is protected.
    pub security: LdapSecurity,
    /// Whether any certificate is good enough. Whoever stands in between then hears the passwords.
    pub trust_any_certificate: bool,
    /// Who searches; empty: the person himself by `user_dn`, or nobody in particular.
    pub bind_dn: String,
    /// For `bind_dn`.
    pub bind_password: String,
    /// With what a person binds when there is no `bind_dn`: `{login}@office.example`.
    pub user_dn: String,
    /// Where people are.
    pub base: String,
    /// Which of them it is: has `{login}`.
    pub filter: String,
    /// Where groups are; empty: `base`.
    pub group_base: String,
    /// Which groups somebody is in, by `{dn}` and `{login}`; empty: only those that `memberOf` names.
    pub group_filter: String,
    /// Groups of admins, by name or DN.
    pub admin_groups: Vec<String>,
    /// Groups of viewers, by name or DN.
    pub viewer_groups: Vec<String>,
    /// Whether its viewers may hear recordings and messages.
    pub may_hear_recordings: bool,
}

impl Default for Ldap {
    fn default() -> Self {
        Self {
            enabled: false,
            server: String::new(),
            port: 0,
            security: LdapSecurity::Tls,
            trust_any_certificate: false,
            bind_dn: String::new(),
            bind_password: String::new(),
            user_dn: String::new(),
            base: String::new(),
            filter: "(|(uid={login})(sAMAccountName={login}))".to_owned(),
            group_base: String::new(),
            group_filter: "(|(member={dn})(uniqueMember={dn})(memberUid={login}))".to_owned(),
            admin_groups: Vec::new(),
            viewer_groups: Vec::new(),
            may_hear_recordings: false,
        }
    }
}

impl Ldap {
    /// The role of somebody in these groups; `None`: nobody here.
    pub fn role(&self, groups: &[String]) -> Option<Role> {
        role(groups, &self.admin_groups, &self.viewer_groups, is_group)
    }

    /// Where the directory listens.
    pub fn port(&self) -> u16 {
        match (self.port, self.security) {
            (0, LdapSecurity::Tls) => 636,
            (0, LdapSecurity::Starttls | LdapSecurity::None) => 389,
            (port, _) => port,
        }
    }
}

/// `security` of `[ldap]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LdapSecurity {
    /// From the first byte: `ldaps`.
    #[default]
    Tls,
    /// RFC 4511 §4.14.
    Starttls,
    /// Unprotected: everybody on the way hears the passwords.
    None,
}

/// `[[authority]]`: certificates that prove servers, beside those that everybody trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Unique.
    pub name: String,
    /// One certificate or more, as PEM and nothing else.
    pub certificate: String,
}

impl Authority {
    /// Its certificates as DER.
    pub fn certificates(&self) -> Vec<Vec<u8>> {
        certificates(&self.certificate).unwrap_or_default()
    }

    /// What its first certificate says of itself.
    pub fn about(&self) -> Option<CertificateFacts> {
        CertificateFacts::of_pem(&self.certificate)
    }
}

/// The certificates of a PEM text as DER; `None` when there is none in it, or one that is no certificate. Whatever else the text
/// holds, a private key for one, is left out.
pub(super) fn certificates(pem: &str) -> Option<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for block in Pem::iter_from_buffer(pem.as_bytes()).take(MOST_BLOCKS) {
        let block = block.ok()?;
        if block.label == LABEL {
            let whole = X509Certificate::from_der(&block.contents).is_ok_and(|(rest, _)| rest.is_empty());
            found.push(Some(block.contents).filter(|_| whole)?);
        }
    }
    Some(found).filter(|found| !found.is_empty())
}

/// Certificates as PEM, RFC 7468 §5.
pub(super) fn pem(certificates: &[Vec<u8>]) -> String {
    use base64::Engine as _;
    let mut text = String::new();
    for certificate in certificates {
        let body = base64::engine::general_purpose::STANDARD.encode(certificate);
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in body.as_bytes().chunks(64) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

/// The most that one of the values makes of somebody.
fn role(values: &[String], admin: &[String], viewer: &[String], is: impl Fn(&str, &str) -> bool) -> Option<Role> {
    let wants = |wanted: &String| !wanted.trim().is_empty() && values.iter().any(|value| is(value, wanted));
    let any = |of: &[String]| of.iter().any(wants);
    if any(admin) { Some(Role::Admin) } else { any(viewer).then_some(Role::Viewer) }
}

/// Whether a group's DN is the wanted one: as a DN, or by the name that stands first in it. Case says nothing in either.
fn is_group(dn: &str, wanted: &str) -> bool {
    let plain = |text: &str| text.split(',').map(str::trim).collect::<Vec<_>>().join(",").to_lowercase();
    let first = dn.split(',').next().and_then(|part| part.split_once('=')).map(|(_, name)| name.trim().to_lowercase());
    plain(dn) == plain(wanted) || first.is_some_and(|first| first == wanted.trim().to_lowercase())
}

/// Of a PEM block that is looked at.
const LABEL: &str = "CERTIFICATE";
/// Blocks of a text that are looked at.
const MOST_BLOCKS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn who_has_no_mapped_value_is_nobody_and_the_greater_role_wins() {
        let openid = Openid {
            admin_values: texts(&["pbx-admin"]),
            viewer_values: texts(&["staff", "pbx-viewer"]),
            ..Openid::default()
        };
        assert_eq!(openid.role(&texts(&["staff", "pbx-admin"])), Some(Role::Admin));
        assert_eq!(openid.role(&texts(&["pbx-viewer"])), Some(Role::Viewer));
        assert_eq!(openid.role(&texts(&["PBX-admin", "", "pbx-administrators"])), None);
        assert_eq!(openid.role(&[]), None);
        assert_eq!(Openid::default().role(&texts(&["", "anything"])), None);
        let slip = Openid { admin_values: texts(&["", " "]), ..Openid::default() };
        assert_eq!(slip.role(&texts(&["", " "])), None, "an empty value is nobody's");
    }

    #[test]
    fn a_group_is_known_by_its_dn_or_by_its_name() {
        let ldap = Ldap {
            admin_groups: texts(&["PBX Admins"]),
            viewer_groups: texts(&["cn=staff, ou=groups,dc=office,dc=example"]),
            ..Ldap::default()
        };
        assert_eq!(ldap.role(&texts(&["CN=pbx admins,OU=Groups,DC=office,DC=example"])), Some(Role::Admin));
        assert_eq!(ldap.role(&texts(&["CN=Staff,ou=groups, dc=office,DC=example"])), Some(Role::Viewer));
        assert_eq!(ldap.role(&texts(&["cn=staff,ou=other,dc=office,dc=example", "cn=pbx admins 2,dc=x"])), None);
    }

    #[test]
    fn only_certificates_are_kept_of_a_text() {
        assert_eq!(certificates("no PEM at all"), None);
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(certificates(key), None);
        assert_eq!(certificates("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), None);
        let text = format!("{key}{}", crate::office::generated::CERTIFICATE);
        let found = certificates(&text).unwrap();
        assert_eq!(pem(&found), crate::office::generated::CERTIFICATE);
        let authority = Authority { name: "own".to_owned(), certificate: pem(&found) };
        assert_eq!(authority.about().unwrap().subject, "Office CA");
    }
}
