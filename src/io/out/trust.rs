//! Whose certificates are believed: those of Mozilla's list and the office's own authorities.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::office::Authority;

/// How a server proves who it is. TLS 1.2 and 1.3.
#[derive(Clone, Debug)]
pub struct Trust(pub(super) Arc<ClientConfig>);

impl Trust {
    /// In Mozilla's authorities and `own`.
    pub fn new(own: &[Authority]) -> Self {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let own = own.iter().flat_map(Authority::certificates).map(CertificateDer::from);
        roots.add_parsable_certificates(own);
        let config = builder(provider()).with_root_certificates(roots).with_no_client_auth();
        Self(Arc::new(config))
    }

    /// In anybody who answers. The settings that ask for this say so loudly.
    pub fn any() -> Self {
        let provider = provider();
        let verifier = Arc::new(Any(Arc::clone(&provider)));
        let dangerous = builder(provider).dangerous().with_custom_certificate_verifier(verifier);
        Self(Arc::new(dangerous.with_no_client_auth()))
    }

    /// For who makes its connections itself.
    pub(in crate::io) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }

    /// As an item of the settings wants it.
    pub fn of(own: &[Authority], any: bool) -> Self {
        if any { Self::any() } else { Self::new(own) }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn builder(provider: Arc<CryptoProvider>) -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    builder.expect("ring has cipher suites of TLS 1.2 and 1.3")
}

/// Believes any certificate; its key must still be the peer's.
#[derive(Debug)]
struct Any(Arc<CryptoProvider>);

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
