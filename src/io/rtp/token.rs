//! What epoll hands back with a socket.

/// Whose socket has something to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Orders wait.
    Wake,
    /// A pair in no call, by the port of its RTP.
    Free { port: u16, rtcp: bool },
    /// The slot of an endpoint.
    Link { slot: usize, rtcp: bool },
}

/// Above every slot and every port.
const WAKE: u64 = u64::MAX;
const FREE: u64 = 1 << 62;

impl From<Token> for u64 {
    fn from(token: Token) -> Self {
        match token {
            Token::Wake => WAKE,
            Token::Free { port, rtcp } => FREE | Self::from(port) << 1 | Self::from(rtcp),
            Token::Link { slot, rtcp } => (slot as Self) << 1 | Self::from(rtcp),
        }
    }
}

impl From<u64> for Token {
    fn from(bits: u64) -> Self {
        let (number, rtcp) = ((bits & !FREE) >> 1, bits & 1 == 1);
        match bits {
            WAKE => Self::Wake,
            _ if bits & FREE != 0 => Self::Free { port: number as u16, rtcp },
            _ => Self::Link { slot: number as usize, rtcp },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_same_after_epoll_has_had_it() {
        let both = [false, true];
        let free = both.into_iter().flat_map(|rtcp| [0, 1024, u16::MAX].map(|port| Token::Free { port, rtcp }));
        let links = both.into_iter().flat_map(|rtcp| [0, 1, 70_000].map(|slot| Token::Link { slot, rtcp }));
        for token in free.chain(links).chain([Token::Wake]) {
            assert_eq!(Token::from(u64::from(token)), token);
        }
    }
}
