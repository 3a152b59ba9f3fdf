//! An OpenID provider (OpenID Connect Core and Discovery 1.0): where to send somebody who wants to sign in, and who it was that came
//! back. Authorization code flow with PKCE (RFC 7636, S256). `openidconnect` lives here.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::header::{ACCEPT, AUTHORIZATION};
use hyper::{Request, Response, Uri};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreErrorResponseType,
    CoreJwsSigningAlgorithm as Algorithm, CoreTokenResponse,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, DiscoveryError,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    TokenResponse as _,
};
use serde_json::Value;

use super::{OutError, Outgoing, Trust, fetch};
use crate::base::{Duration, Instant};
use crate::office::Openid;

/// What a provider says of itself is asked for anew after this.
const KNOWN_FOR: Duration = Duration::from_secs(10 * 60);
/// One that is of no use is not tried again before this.
const SILENT_FOR: Duration = Duration::from_secs(3);
/// Values of a claim that are looked at, and their length.
const MOST_VALUES: usize = 1_000;
const LONGEST_VALUE: usize = 500;
/// Algorithms of signatures that are believed: only those whose key is public (RFC 8725 §3.2).
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// Why a provider is of no use, or somebody it sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenidError {
    /// It was not heard.
    #[error("{0}")]
    Out(#[from] OutError),
    /// It answered with this status.
    #[error("the provider answered {0}")]
    Status(u16),
    /// Its answer can't be read.
    #[error("the provider's answer can't be read: {0}")]
    Unreadable(String),
    /// It calls itself something else.
    #[error("the provider says that it is {0}")]
    OtherIssuer(String),
    /// It names an address without https.
    #[error("{0} is not https")]
    Plain(String),
    /// It does not know this client, or the secret is another one.
    #[error("the provider refuses client or secret: {0}")]
    Client(String),
    /// It refuses the code.
    #[error("the provider refuses the code: {0}")]
    Code(String),
    /// The token is none for us, or not signed by its keys.
    #[error("the token is refused: {0}")]
    Token(String),
    /// The token is over already: a clock is wrong.
    #[error("the token has expired: {0}")]
    Expired(String),
}

/// Who came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What the provider calls him, for people.
    pub login: String,
    /// Values of the claim that makes the role.
    pub values: Vec<String>,
    /// The token itself, for the sign-out.
    pub id_token: String,
}

/// What only the two ends of one sign-in know.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Comes back beside the code.
    pub state: String,
    /// Comes back in the token.
    pub nonce: String,
    /// Proves to the provider who fetches: RFC 7636 §4.1, 43 to 128 characters.
    pub verifier: String,
}

/// What a provider says of itself: endpoints and keys.
#[derive(Clone, Debug)]
pub struct Provider(Box<ProviderMetadataWithLogout>);

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Whom to ask, and how.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The settings.
    pub openid: &'a Openid,
    /// Whose certificates are believed.
    pub trust: &'a Trust,
    /// Where a provider may be.
    pub outgoing: Outgoing,
    /// Where the provider sends people back to: our address.
    pub back: &'a str,
}

/// The provider as it was last heard, or why it was not: that is not tried again at once, or whoever knocks at our door could keep us
/// busy with it.
#[derive(Debug, Default)]
pub struct Known(Mutex<Option<Heard>>);

/// By which settings and when a provider was asked, and what came of it.
type Heard = (Openid, Instant, Result<Provider, OpenidError>);

impl Known {
    /// The provider of these settings, asked when it was not heard for long.
    ///
    /// # Errors
    /// When it must be asked and can't.
    pub fn provider(&self, asking: Asking<'_>, now: Instant) -> Result<Provider, OpenidError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known.filter(|(of, ..)| of == asking.openid) {
            Some((_, at, Ok(provider))) if now.since(at) < KNOWN_FOR => Ok(provider),
            Some((_, at, Err(error))) if now.since(at) < SILENT_FOR => Err(error),
            _ => self.ask(asking, now),
        }
    }

    /// The same, asked in any case.
    ///
    /// # Errors
    /// When it can't be asked.
    pub fn ask(&self, asking: Asking<'_>, now: Instant) -> Result<Provider, OpenidError> {
        let found = Provider::discover(asking);
        let known = (asking.openid.clone(), now, found.clone());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        found
    }
}

impl Provider {
    /// Asks the provider about itself, and for its keys.
    ///
    /// # Errors
    /// When it is not heard, or is another one than it should be.
    pub fn discover(asking: Asking<'_>) -> Result<Self, OpenidError> {
        let issuer = IssuerUrl::new(asking.openid.issuer.clone());
        let issuer = issuer.map_err(|_| OutError::Address(asking.openid.issuer.clone()))?;
        let client = |request| asking.fetch(request);
        let found = ProviderMetadataWithLogout::discover(&issuer, &client).map_err(|error| match error {
            DiscoveryError::Request(why) => why,
            DiscoveryError::Response(status, ..) if status.as_u16() != 200 => OpenidError::Status(status.as_u16()),
            DiscoveryError::Validation(what) => OpenidError::OtherIssuer(quoted(&what)),
            DiscoveryError::Parse(what) => OpenidError::Unreadable(what.to_string()),
            other => OpenidError::Unreadable(other.to_string()),
        })?;
        Ok(Self(Box::new(found)))
    }

    /// Where to send somebody who wants to sign in.
    ///
    /// # Errors
    /// When the provider has no such place.
    pub fn sign_in_url(&self, asking: Asking<'_>, secrets: &Secrets) -> Result<String, OpenidError> {
        let client = self.client(asking)?;
        let (state, nonce) = (secrets.state.clone(), secrets.nonce.clone());
        let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
        let (url, ..) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(asking.openid.scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        https(url.as_str())?;
        Ok(url.to_string())
    }

    /// Who came back with this code.
    ///
    /// # Errors
    /// When the code is refused, or the token does not prove itself: signature, issuer, audience, end, nonce.
    pub fn identify(&self, asking: Asking<'_>, code: &str, secrets: &Secrets) -> Result<Identity, OpenidError> {
        let client = self.client(asking)?;
        let answer = self.tokens(&client, asking, code, &secrets.verifier)?;
        let token = answer.id_token().ok_or_else(|| OpenidError::Token("there is none".to_owned()))?;
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
        let nonce = Nonce::new(secrets.nonce.clone());
        let claims = token.claims(&verifier, &nonce).map_err(|error| match error {
            ClaimsVerificationError::Expired(what) => OpenidError::Expired(what),
            ClaimsVerificationError::SignatureVerification(what) => OpenidError::Token(what.to_string()),
            other => OpenidError::Token(other.to_string()),
        })?;
        let id_token = token.to_string();
        // What was signed is these very bytes; the library's own claims leave out what it has no name for.
        let told = payload(&id_token).unwrap_or_default();
        let (mut login, mut values) = (name(&told), values(&told, &asking.openid.role_claim));
        if login.is_none() || values.is_empty() {
            let more = self.user_info(asking, answer.access_token().secret(), claims.subject().as_str());
            let more = more.unwrap_or_default();
            login = login.or_else(|| name(&more));
            if values.is_empty() {
                values = self::values(&more, &asking.openid.role_claim);
            }
        }
        let login = login.or_else(|| readable(claims.subject().as_str())).unwrap_or_default();
        Ok(Identity { login, values, id_token })
    }

    /// Where to send somebody who signs out, so that the provider forgets him too; `None`: it has no such place.
    pub fn sign_out_url(&self, asking: Asking<'_>, id_token: &str) -> Option<String> {
        let end = self.0.additional_metadata().end_session_endpoint.as_ref()?;
        let mut url = end.url().clone();
        https(url.as_str()).ok()?;
        url.query_pairs_mut()
            .append_pair("id_token_hint", id_token)
            .append_pair("client_id", &asking.openid.client_id)
            .append_pair("post_logout_redirect_uri", asking.back);
        Some(url.to_string())
    }

    /// Whether the provider knows this client and its secret: asks with a code that nobody has.
    ///
    /// # Errors
    /// [`OpenidError::Client`] when it does not; others when it can't be told.
    pub fn try_client(&self, asking: Asking<'_>) -> Result<(), OpenidError> {
        let client = self.client(asking)?;
        let nobodys = URL_SAFE_NO_PAD.encode([0; 32]);
        match self.tokens(&client, asking, &nobodys, &nobodys) {
            Err(OpenidError::Code(_)) | Ok(_) => Ok(()),
            Err(other) => Err(other),
        }
    }

    fn client(&self, asking: Asking<'_>) -> Result<Client, OpenidError> {
        let openid = asking.openid;
        let secret = Some(openid.client_secret.clone()).filter(|secret| !secret.is_empty()).map(ClientSecret::new);
        let id = ClientId::new(openid.client_id.clone());
        let client = CoreClient::from_provider_metadata((*self.0).clone(), id, secret);
        let back = RedirectUrl::new(asking.back.to_owned());
        let back = back.map_err(|_| OutError::Address(asking.back.to_owned()))?;
        // RFC 6749 §2.3.1 wants Basic; a provider that has only the other says so.
        let methods = self.0.token_endpoint_auth_methods_supported();
        let basic = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let how = if basic { AuthType::BasicAuth } else { AuthType::RequestBody };
        Ok(client.set_redirect_uri(back).set_auth_type(how))
    }

    fn tokens(
        &self,
        client: &Client,
        asking: Asking<'_>,
        code: &str,
        verifier: &str,
    ) -> Result<CoreTokenResponse, OpenidError> {
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        let request = request.map_err(|error| OpenidError::Unreadable(error.to_string()))?;
        let fetch = |request| asking.fetch(request);
        let answer = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned())).request(&fetch);
        answer.map_err(|error| match error {
            RequestTokenError::Request(why) => why,
            RequestTokenError::ServerResponse(refusal) => match refusal.error() {
                CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                    OpenidError::Client(refusal.to_string())
                }
                _ => OpenidError::Code(refusal.to_string()),
            },
            RequestTokenError::Parse(what, _) => OpenidError::Unreadable(what.to_string()),
            RequestTokenError::Other(what) => OpenidError::Unreadable(what),
        })
    }

    /// Core 1.0 §5.3: providers that keep tokens small tell the rest here. Of somebody else it counts nothing (§5.3.2).
    fn user_info(&self, asking: Asking<'_>, access_token: &str, subject: &str) -> Option<Value> {
        let url = self.0.userinfo_endpoint()?.url().to_string();
        let request = Request::get(url).header(ACCEPT, "application/json");
        let request = request.header(AUTHORIZATION, format!("Bearer {access_token}")).body(Vec::new()).ok()?;
        let answer = asking.fetch(request).ok().filter(|answer| answer.status() == 200)?;
        let told: Value = serde_json::from_slice(answer.body()).ok()?;
        Some(told).filter(|told| told.get("sub").and_then(Value::as_str) == Some(subject))
    }
}

impl Asking<'_> {
    fn fetch(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, OpenidError> {
        https(&request.uri().to_string())?;
        Ok(fetch(request, self.trust, self.outgoing)?)
    }
}

impl OpenidError {
    /// Whether the keys may have changed since they were fetched.
    pub fn is_of_old_keys(&self) -> bool {
        let old = SignatureVerificationError::NoMatchingKey.to_string();
        matches!(self, Self::Token(what) if *what == old)
    }
}

fn https(url: &str) -> Result<(), OpenidError> {
    let is_https = url.parse::<Uri>().is_ok_and(|uri| uri.scheme_str() == Some("https"));
    if is_https { Ok(()) } else { Err(OpenidError::Plain(url.to_owned())) }
}

/// The first thing between backticks.
fn quoted(text: &str) -> String {
    text.split('`').nth(1).unwrap_or(text).to_owned()
}

/// What a token says, as it was signed. Only after its signature was found right.
fn payload(token: &str) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// The values of a claim; one with points in its name first, then one inside of others.
fn values(claims: &Value, claim: &str) -> Vec<String> {
    let inside = || claim.split('.').try_fold(claims, |value, key| value.get(key));
    let list = match claims.get(claim).or_else(inside) {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let texts = list.iter().take(MOST_VALUES).filter_map(|value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    });
    texts.filter(|text| text.len() <= LONGEST_VALUE).collect()
}

/// What people call him: Core 1.0 §5.1. An address that is not his is not his name.
fn name(claims: &Value) -> Option<String> {
    let text = |key: &str| claims.get(key).and_then(Value::as_str).and_then(readable);
    let is_his = claims.get("email_verified") != Some(&Value::Bool(false));
    text("preferred_username").or_else(|| text("email").filter(|_| is_his))
}

/// A name as it can be shown.
fn readable(text: &str) -> Option<String> {
    let plain = text.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect::<String>();
    Some(plain).filter(|plain| !plain.is_empty())
}

/// Of a person. Characters.
const LONGEST_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn list(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_claim_is_found_by_its_name_or_by_its_way() {
        let claims = json!({
            "groups": ["staff", "pbx", 7, null, {"a": 1}],
            "admin": true,
            "one": "staff",
            "realm_access": { "roles": ["office"] },
            "https://example.org/roles": ["dotted"],
            "a": { "b": 1 }, "a.b": "nearer",
        });
        assert_eq!(values(&claims, "groups"), list(&["staff", "pbx", "7"]));
        assert_eq!(values(&claims, "admin"), list(&["true"]));
        assert_eq!(values(&claims, "one"), list(&["staff"]));
        assert_eq!(values(&claims, "realm_access.roles"), list(&["office"]));
        assert_eq!(values(&claims, "https://example.org/roles"), list(&["dotted"]));
        assert_eq!(values(&claims, "a.b"), list(&["nearer"]));
        assert_eq!(values(&claims, "nothing.there"), list(&[]));
        assert_eq!(values(&Value::Null, "groups"), list(&[]));
    }

    #[test]
    fn somebody_is_called_as_he_likes_or_by_his_own_address() {
        let of = |claims: Value| name(&claims);
        assert_eq!(of(json!({ "preferred_username": " anna\u{7} ", "email": "a@b" })).as_deref(), Some("anna"));
        assert_eq!(of(json!({ "preferred_username": "", "email": "a@b" })).as_deref(), Some("a@b"));
        assert_eq!(of(json!({ "email": "boss@office", "email_verified": false })), None);
        assert_eq!(of(json!({ "sub": "7" })), None);
        assert_eq!(of(json!({ "preferred_username": "x".repeat(100) })).map(|name| name.len()), Some(LONGEST_NAME));
    }

    #[test]
    fn an_address_without_tls_is_never_asked() {
        assert_eq!(https("https://login.example.org/token"), Ok(()));
        for plain in ["http://login.example.org/token", "ftp://x/", "login"] {
            assert!(https(plain).is_err(), "{plain}");
        }
    }
}
