//! A directory (RFC 4511): whether a password is right, and in which groups its owner is. `ldap3` lives here. Each question has a
//! connection of its own, so that nobody asks with somebody else's rights.

use std::sync::Arc;

use ldap3::{
    Ldap as Connection, LdapConnAsync, LdapConnSettings, LdapError as Broken, LdapResult, Scope, SearchEntry,
    SearchOptions, StdStream, dn_escape, ldap_escape,
};

use super::dial::{WHOLE_TIME, connect, converse, no_tls};
use super::{OutError, Outgoing, Trust};
use crate::base::Duration;
use crate::io::accounts::is_login;
use crate::office::{Ldap, LdapSecurity};

/// For TLS, and for each answer of the directory.
const STEP_TIME: Duration = Duration::from_secs(5);
/// Entries that a search for one person may find: two say that it can't tell him from another.
const PEOPLE: i32 = 2;
/// Groups of one person.
const GROUPS: i32 = 500;
/// The longest password that is sent. Bytes.
const LONGEST_PASSWORD: usize = 256;

/// Why a directory is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LdapError {
    /// It was not heard.
    #[error("{0}")]
    Out(#[from] OutError),
    /// It has no StartTLS.
    #[error("the directory has no StartTLS")]
    NoStartTls,
    /// It wants a protected connection.
    #[error("the directory wants a protected connection")]
    Unprotected,
    /// The account that searches is refused.
    #[error("the account that searches is refused ({code}: {text})")]
    Bind {
        /// RFC 4511 §4.1.9; 49: name or password is wrong.
        code: u32,
        /// As the directory says.
        text: String,
    },
    /// There is an account that searches, but no password for it.
    #[error("there is no password for the account that searches")]
    NoBindPassword,
    /// Nothing is at `base`, or at `group_base`.
    #[error("there is nothing at {0}")]
    NoBase(String),
    /// A filter can't be read.
    #[error("the filter {0} can't be read")]
    Filter(String),
    /// The account may not search.
    #[error("the account may not search")]
    MayNotSearch,
    /// Nobody has this login.
    #[error("nobody has this login")]
    NotFound,
    /// Several have this login.
    #[error("several have this login")]
    Ambiguous,
    /// The password is wrong, or this account may not sign in.
    #[error("the password is refused")]
    WrongPassword,
    /// Something else.
    #[error("the directory answered {code}: {text}")]
    Other {
        /// RFC 4511 §4.1.9.
        code: u32,
        /// As the directory says.
        text: String,
    },
}

/// Somebody in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What the directory calls him.
    pub login: String,
    /// Where he is.
    pub dn: String,
    /// The DNs of his groups.
    pub groups: Vec<String>,
}

/// What a look at a directory found, step by step; it ends with the first that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The connection, with its protection.
    pub connected: Option<Result<(), LdapError>>,
    /// The account that searches.
    pub bound: Option<Result<(), LdapError>>,
    /// The place of people, and the person when one was asked for.
    pub searched: Option<Result<Option<Person>, LdapError>>,
    /// The person's password.
    pub password: Option<Result<(), LdapError>>,
}

/// Whom to ask, and how.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The settings.
    pub ldap: &'a Ldap,
    /// Whose certificates are believed.
    pub trust: &'a Trust,
    /// Where a directory may be.
    pub outgoing: Outgoing,
}

impl Asking<'_> {
    /// Whose password this is.
    ///
    /// # Errors
    /// [`LdapError::NotFound`] and [`LdapError::WrongPassword`], when it is nobody's; others when that can't be told.
    pub fn sign_in(self, login: &str, password: &str) -> Result<Person, LdapError> {
        // RFC 4513 §5.1.2: a name with an empty password is a bind as nobody, which most directories let in.
        if !is_login(login) || password.is_empty() || password.len() > LONGEST_PASSWORD {
            return Err(LdapError::WrongPassword);
        }
        converse(WHOLE_TIME, async {
            let mut connection = self.open().await?;
            if self.is_direct() {
                let own = self.own_dn(login);
                self.bind_as(&mut connection, &own, password).await?;
                let person = self.find(&mut connection, login).await?;
                // Where the name is a DN, whoever is found must be the one whose password it was.
                let is_he = !own.contains('=') || same_dn(&own, &person.dn);
                return Some(person).filter(|_| is_he).ok_or(LdapError::WrongPassword);
            }
            self.bind(&mut connection).await?;
            let person = self.find(&mut connection, login).await?;
            self.bind_as(&mut connection, &person.dn, password).await?;
            Ok(person)
        })?
    }

    /// Tries everything, step by step, with a login and a password where there are some.
    pub fn look(self, login: Option<&str>, password: Option<&str>) -> Looked {
        let (login, password) = (login.filter(|login| is_login(login)), password.filter(|text| !text.is_empty()));
        let mut looked = Looked::default();
        let end = converse(WHOLE_TIME, self.look_on(&mut looked, login, password));
        if let Err(silent) = end {
            let failed = LdapError::Out(silent);
            match (&looked.connected, &looked.bound, &looked.searched) {
                (None, ..) => looked.connected = Some(Err(failed)),
                (_, None, _) => looked.bound = Some(Err(failed)),
                (.., None) => looked.searched = Some(Err(failed)),
                _ => looked.password = Some(Err(failed)),
            }
        }
        looked
    }

    async fn look_on(self, looked: &mut Looked, login: Option<&str>, password: Option<&str>) {
        let connection = self.open().await;
        looked.connected = Some(connection.as_ref().map(|_| ()).map_err(Clone::clone));
        let Ok(mut connection) = connection else { return };
        let own = login.zip(password).filter(|_| self.is_direct());
        let bound = match own {
            Some((login, password)) => self.bind_as(&mut connection, &self.own_dn(login), password).await,
            // nobody can bind directly without a password; the place of people stays unknown then
            None if self.is_direct() => return,
            None => self.bind(&mut connection).await,
        };
        let failed = bound.is_err();
        looked.bound = Some(bound);
        if failed {
            return;
        }
        let searched = match login {
            Some(login) => self.find(&mut connection, login).await.map(Some),
            None => {
                self.search(&mut connection, &self.ldap.base, "(objectClass=*)", Scope::Base, 1).await.map(|_| None)
            }
        };
        looked.searched = Some(searched);
        let Some(Ok(Some(person))) = &looked.searched else { return };
        if let (Some(password), None) = (password, own) {
            looked.password = Some(self.bind_as(&mut connection, &person.dn, password).await);
        }
    }

    /// Whether people bind by themselves, without an account that searches.
    fn is_direct(self) -> bool {
        self.ldap.bind_dn.is_empty() && !self.ldap.user_dn.is_empty()
    }

    fn own_dn(self, login: &str) -> String {
        self.ldap.user_dn.replace("{login}", &dn_escape(login))
    }

    async fn open(self) -> Result<Connection, LdapError> {
        let ldap = self.ldap;
        let stream = connect(&ldap.server, ldap.port(), self.outgoing).await?.into_std();
        let stream = stream.map_err(|error| OutError::Lost(error.to_string()))?;
        let scheme = if ldap.security == LdapSecurity::Tls { "ldaps" } else { "ldap" };
        let url = format!("{scheme}://{}:{}", ldap.server, ldap.port());
        let settings = LdapConnSettings::new()
            .set_conn_timeout(STEP_TIME)
            .set_starttls(ldap.security == LdapSecurity::Starttls)
            .set_config(Arc::clone(&self.trust.0))
            .set_std_stream(StdStream::Tcp(stream));
        let (driver, mut connection) =
            LdapConnAsync::with_settings(settings, &url).await.map_err(|error| match &error {
                Broken::LdapResult { .. } if ldap.security == LdapSecurity::Starttls => LdapError::NoStartTls,
                _ => broken(error),
            })?;
        tokio::spawn(async move {
            if let Err(error) = driver.drive().await {
                tracing::debug!(%error, "ldap: a connection ended");
            }
        });
        connection.with_timeout(STEP_TIME);
        Ok(connection)
    }

    /// As the account that searches, or as nobody.
    async fn bind(self, connection: &mut Connection) -> Result<(), LdapError> {
        let Ldap { bind_dn, bind_password, .. } = self.ldap;
        if !bind_dn.is_empty() && bind_password.is_empty() {
            return Err(LdapError::NoBindPassword);
        }
        let answer = connection.with_timeout(STEP_TIME).simple_bind(bind_dn, bind_password).await.map_err(broken)?;
        match answer.rc {
            0 => Ok(()),
            STRONGER | CONFIDENTIAL => Err(LdapError::Unprotected),
            code => Err(LdapError::Bind { code, text: answer.text }),
        }
    }

    async fn bind_as(self, connection: &mut Connection, dn: &str, password: &str) -> Result<(), LdapError> {
        let answer = connection.with_timeout(STEP_TIME).simple_bind(dn, password).await.map_err(broken)?;
        match answer.rc {
            0 => Ok(()),
            STRONGER | CONFIDENTIAL => Err(LdapError::Unprotected),
            // busy and unavailable say nothing of the password
            code @ (51 | 52) => Err(LdapError::Other { code, text: answer.text }),
            _ => Err(LdapError::WrongPassword),
        }
    }

    async fn find(self, connection: &mut Connection, login: &str) -> Result<Person, LdapError> {
        let filter = self.ldap.filter.replace("{login}", &ldap_escape(login));
        let found = self.search(connection, &self.ldap.base, &filter, Scope::Subtree, PEOPLE).await?;
        let mut found = found.into_iter();
        let entry = match (found.next(), found.next()) {
            (Some(entry), None) => entry,
            (None, _) => return Err(LdapError::NotFound),
            (Some(_), Some(_)) => return Err(LdapError::Ambiguous),
        };
        let own = |name: &str| {
            let (_, values) = entry.attrs.iter().find(|(attribute, _)| attribute.eq_ignore_ascii_case(name))?;
            Some(values.as_slice())
        };
        let named = ["sAMAccountName", "uid"].iter().find_map(|name| own(name)?.first());
        let login = named.filter(|name| is_login(name)).map_or(login, String::as_str).to_owned();
        let mut groups: Vec<String> = own("memberOf").unwrap_or_default().to_vec();
        groups.extend(self.groups(connection, &entry.dn, &login).await?);
        Ok(Person { login, dn: entry.dn, groups })
    }

    async fn groups(self, connection: &mut Connection, dn: &str, login: &str) -> Result<Vec<String>, LdapError> {
        let Ldap { base, group_base, group_filter, .. } = self.ldap;
        if group_filter.is_empty() {
            return Ok(Vec::new());
        }
        let base = if group_base.is_empty() { base } else { group_base };
        let filter = group_filter.replace("{login}", &ldap_escape(login)).replace("{dn}", &ldap_escape(dn));
        let found = self.search(connection, base, &filter, Scope::Subtree, GROUPS).await?;
        Ok(found.into_iter().map(|group| group.dn).collect())
    }

    async fn search(
        self,
        connection: &mut Connection,
        base: &str,
        filter: &str,
        scope: Scope,
        most: i32,
    ) -> Result<Vec<SearchEntry>, LdapError> {
        let options = SearchOptions::new().sizelimit(most).timelimit(5);
        let connection = connection.with_timeout(STEP_TIME).with_search_options(options);
        let found = connection.search(base, scope, filter, vec!["uid", "sAMAccountName", "memberOf"]).await;
        let found = found.map_err(|error| match error {
            Broken::FilterParsing => LdapError::Filter(filter.to_owned()),
            other => broken(other),
        })?;
        let (entries, LdapResult { rc, text, .. }) = (found.0, found.1);
        match rc {
            0 | SIZE_LIMIT => {
                Ok(entries.into_iter().filter(|entry| !entry.is_ref()).map(SearchEntry::construct).collect())
            }
            NO_SUCH_OBJECT | INVALID_DN => Err(LdapError::NoBase(base.to_owned())),
            INSUFFICIENT => Err(LdapError::MayNotSearch),
            STRONGER | CONFIDENTIAL => Err(LdapError::Unprotected),
            code => Err(LdapError::Other { code, text }),
        }
    }
}

/// Whether two DNs are written alike, but for case and spaces.
fn same_dn(one: &str, other: &str) -> bool {
    let plain = |dn: &str| dn.split(',').map(|part| part.trim().to_lowercase()).collect::<Vec<_>>();
    plain(one) == plain(other)
}

/// Why a conversation with a directory broke off.
fn broken(error: Broken) -> LdapError {
    match error {
        Broken::Io { source } => LdapError::Out(no_tls(&source)),
        Broken::Timeout { .. } => LdapError::Out(OutError::Silent),
        Broken::Rustls { source } => LdapError::Out(OutError::Tls(source.to_string())),
        Broken::LdapResult { result } => LdapError::Other { code: result.rc, text: result.text },
        other => LdapError::Out(OutError::Lost(other.to_string())),
    }
}

// RFC 4511 §4.1.9
const SIZE_LIMIT: u32 = 4;
const STRONGER: u32 = 8;
const CONFIDENTIAL: u32 = 13;
const NO_SUCH_OBJECT: u32 = 32;
const INVALID_DN: u32 = 34;
const INSUFFICIENT: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_password_asks_nobody() {
        let ldap = Ldap { server: "192.0.2.1".to_owned(), ..Ldap::default() };
        let asking = Asking { ldap: &ldap, trust: &Trust::new(&[]), outgoing: Outgoing::default() };
        assert_eq!(asking.sign_in("anna", ""), Err(LdapError::WrongPassword));
        assert_eq!(asking.sign_in("anna)(uid=*", "password"), Err(LdapError::WrongPassword));
        assert_eq!(asking.sign_in("anna", &"x".repeat(LONGEST_PASSWORD + 1)), Err(LdapError::WrongPassword));
    }
}
