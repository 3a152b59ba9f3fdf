//! Any datagram as SRTP and SRTCP: no panic, nothing forged is let in, and what we protect comes back once.
#![no_main]

use dozvon::rtp::srtp::{MOST_CONTROL_OVERHEAD, MasterKey, Protector, SrtpError, Suite, Unprotector};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, Vec<Vec<u8>>)| {
    let (gcm, datagrams) = input;
    let suite = if gcm { Suite::AeadAes128Gcm } else { Suite::AesCm128HmacSha1_80 };
    let key = MasterKey { key: [7; 16], salt: [9; 14] };
    let (mut protector, mut unprotector) = (Protector::new(suite, &key), Unprotector::new(suite, &key));
    for datagram in datagrams {
        assert!(unprotector.unprotect(&mut datagram.clone()).is_err());
        assert!(unprotector.unprotect_control(&mut datagram.clone()).is_err());
        let mut buffer = datagram.clone();
        buffer.resize(datagram.len() + MOST_CONTROL_OVERHEAD, 0);
        if let Some(length) = protector.protect(&mut buffer, datagram.len()) {
            // what we send in any order may be too old or before the first for the one who hears it so
            match unprotector.unprotect(&mut buffer[..length]) {
                Ok(plain) => assert_eq!(buffer[..plain], datagram),
                Err(error) => assert_eq!(error, SrtpError::Replayed),
            }
            assert!(unprotector.unprotect(&mut buffer[..length]).is_err());
        }
        let mut buffer = datagram.clone();
        buffer.resize(datagram.len() + MOST_CONTROL_OVERHEAD, 0);
        if let Some(length) = protector.protect_control(&mut buffer, datagram.len()) {
            let sent = buffer[..length].to_vec();
            let plain = unprotector.unprotect_control(&mut buffer[..length]).expect("our own");
            assert_eq!(buffer[..plain], datagram);
            assert_eq!(unprotector.unprotect_control(&mut sent.clone()), Err(SrtpError::Replayed));
        }
    }
});
