//! Reason phrases: RFC 3261 §21 and its extensions.

use rsip::StatusCode as Code;

use super::Response;

impl Response {
    /// The RFCs' reason phrase for a status; for one that none defines, that of its class.
    pub fn reason_for(status: u16) -> &'static str {
        match status {
            // what rsip's vocabulary lacks: RFC 6665 §8.3.1 (rsip files it under 201), RFC 5626 §11.6, RFC 8688
            202 => "Accepted",
            430 => "Flow Failed",
            608 => "Rejected",
            _ => phrase(&Code::from(status)),
        }
    }
}

/// Complete by the compiler's word.
fn phrase(code: &Code) -> &'static str {
    match code {
        Code::Trying => "Trying",
        Code::Ringing => "Ringing",
        Code::CallIsBeingForwarded => "Call Is Being Forwarded",
        Code::Queued => "Queued",
        Code::SessionProgress => "Session Progress",
        Code::EarlyDialogTerminated => "Early Dialog Terminated",
        Code::OK => "OK",
        Code::Accepted => "Accepted",
        Code::NoNotification => "No Notification",
        Code::MultipleChoices => "Multiple Choices",
        Code::MovedPermanently => "Moved Permanently",
        Code::MovedTemporarily => "Moved Temporarily",
        Code::UseProxy => "Use Proxy",
        Code::AlternativeService => "Alternative Service",
        Code::BadRequest => "Bad Request",
        Code::Unauthorized => "Unauthorized",
        Code::PaymentRequired => "Payment Required",
        Code::Forbidden => "Forbidden",
        Code::NotFound => "Not Found",
        Code::MethodNotAllowed => "Method Not Allowed",
        Code::NotAcceptable => "Not Acceptable",
        Code::ProxyAuthenticationRequired => "Proxy Authentication Required",
        Code::RequestTimeout => "Request Timeout",
        Code::Conflict => "Conflict",
        Code::Gone => "Gone",
        Code::LengthRequired => "Length Required",
        Code::ConditionalRequestFailed => "Conditional Request Failed",
        Code::RequestEntityTooLarge => "Request Entity Too Large",
        Code::RequestUriTooLong => "Request-URI Too Long",
        Code::UnsupportedMediaType => "Unsupported Media Type",
        Code::UnsupportedUriScheme => "Unsupported URI Scheme",
        Code::UnknownResourcePriority => "Unknown Resource-Priority",
        Code::BadExtension => "Bad Extension",
        Code::ExtensionRequired => "Extension Required",
        Code::SessionIntervalTooSmall => "Session Interval Too Small",
        Code::IntervalTooBrief => "Interval Too Brief",
        Code::BadLocationInformation => "Bad Location Information",
        Code::UseIdentityHeader => "Use Identity Header",
        Code::ProvideReferrerIdentity => "Provide Referrer Identity",
        Code::AnonymityDisallowed => "Anonymity Disallowed",
        Code::BadIdentityInfo => "Bad Identity Info",
        Code::UnsupportedCertificate => "Unsupported Certificate",
        Code::InvalidIdentityHeader => "Invalid Identity Header",
        Code::FirstHopLacksOutboundSupport => "First Hop Lacks Outbound Support",
        Code::MaxBreadthExceeded => "Max Breadth Exceeded",
        Code::BadInfoPackage => "Bad Info Package",
        Code::ConsentNeeded => "Consent Needed",
        Code::TemporarilyUnavailable => "Temporarily Unavailable",
        Code::CallTransactionDoesNotExist => "Call/Transaction Does Not Exist",
        Code::LoopDetected => "Loop Detected",
        Code::TooManyHops => "Too Many Hops",
        Code::AddressIncomplete => "Address Incomplete",
        Code::Ambiguous => "Ambiguous",
        Code::BusyHere => "Busy Here",
        Code::RequestTerminated => "Request Terminated",
        Code::NotAcceptableHere => "Not Acceptable Here",
        Code::BadEvent => "Bad Event",
        Code::RequestPending => "Request Pending",
        Code::Undecipherable => "Undecipherable",
        Code::SecurityAgreementRequired => "Security Agreement Required",
        Code::ServerInternalError => "Server Internal Error",
        Code::NotImplemented => "Not Implemented",
        Code::BadGateway => "Bad Gateway",
        Code::ServiceUnavailable => "Service Unavailable",
        Code::ServerTimeOut => "Server Time-out",
        Code::VersionNotSupported => "Version Not Supported",
        Code::MessageTooLarge => "Message Too Large",
        Code::PreconditionFailure => "Precondition Failure",
        Code::BusyEverywhere => "Busy Everywhere",
        Code::Decline => "Decline",
        Code::DoesNotExistAnywhere => "Does Not Exist Anywhere",
        Code::NotAcceptableGlobal => "Not Acceptable",
        Code::Unwanted => "Unwanted",
        Code::Other(101..=199, _) => "Session Progress",
        Code::Other(200..=299, _) => "OK",
        Code::Other(300..=399, _) => "Redirection",
        Code::Other(400..=499, _) => "Request Failure",
        Code::Other(500..=599, _) => "Server Failure",
        Code::Other(600..=699, _) => "Global Failure",
        Code::Other(..) => "Unknown",
    }
}
