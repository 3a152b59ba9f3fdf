//! How scanners call themselves. Whoever bears such a name says himself what he is; who hides it meets the counters of the
//! [`Ward`](super::Ward). The list holds programs that nothing but looks for telephones and passwords; general tools are not on it.

/// Whether a request tells that a scanner sends it: by its User-Agent, or by the From that it comes with.
pub fn is_scanner(user_agent: &str, from: &str) -> bool {
    let (agent, from) = (user_agent.to_ascii_lowercase(), from.to_ascii_lowercase());
    AGENTS.iter().any(|name| agent.contains(name)) || SENDERS.iter().any(|name| from.contains(name))
}

/// Parts of User-Agent, in lower case.
const AGENTS: [&str; 14] = [
    // sipvicious: svmap, svwar, svcrack
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sipcli",
    "sundayddr",
    // sippts
    "pplsip",
    "sippts",
    "sip-scan",
    "sipscan",
    "siparmyknife",
    "sivus",
    // «iWar», dials and guesses
    "iwar",
    // the kit of callers at others' expense
    "vaxsipuseragent",
    "gulp",
];
/// Parts of From, in lower case: sipvicious and Nmap's probe leave them where they change their User-Agent.
const SENDERS: [&str; 2] = ["\"sipvicious\"", "<sip:nm@nm>"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanners_are_known_by_their_names_and_telephones_are_not() {
        let scans = |agent: &str| is_scanner(agent, "<sip:100@1.1.1.1>");
        assert!(scans("friendly-scanner") && scans("sipcli/v1.8") && scans("pplsip") && scans("SIPVicious 0.3.3"));
        assert!(
            is_scanner("Yealink", "\"sipvicious\"<sip:100@1.1.1.1>;tag=1") && is_scanner("", "<sip:nm@nm>;tag=root")
        );
        let telephones = [
            "Yealink SIP-T46U 108.86.0.20",
            "Grandstream GXP2170 1.0.11.64",
            "Fanvil X4U 2.12.2",
            "snomD785/10.1.73.16",
            "Cisco/SPA525G2-7.6.2",
            "Panasonic-KX-HDV130",
            "MicroSIP/3.21.3",
            "Zoiper rv2.10.20.4",
            "Linphone-Desktop/5.2.6",
            "baresip v3.12.0 (x86_64/Linux)",
            "Asterisk PBX 20.5.0",
            "FPBX-16.0.40(20.5.0)",
            "OpenSIPS (3.4.2 (x86_64/linux))",
            "MERA MVTS3G",
            "SIPp",
            "",
        ];
        assert!(telephones.iter().all(|agent| !scans(agent)));
    }
}
