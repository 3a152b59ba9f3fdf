//! Who has a port: from /proc, as far as we may look.

use std::fs;

/// Name and number of the process that has a port, such as `asterisk (process 812)`. `protocol` is `udp` or `tcp`.
/// `None` when nobody has it, or we may not see who.
pub fn holder(protocol: &str, port: u16) -> Option<String> {
    let tables = [format!("/proc/net/{protocol}"), format!("/proc/net/{protocol}6")];
    let sockets: Vec<String> = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| inodes(&table, protocol, port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    if sockets.is_empty() {
        return None;
    }
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let process: u32 = entry.file_name().to_str()?.parse().ok()?;
        let mut open = fs::read_dir(entry.path().join("fd")).ok()?.flatten();
        open.find(|fd| fs::read_link(fd.path()).is_ok_and(|to| sockets.iter().any(|s| to.as_os_str() == s.as_str())))?;
        let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        Some(format!("{} (process {process})", name.trim()))
    })
}

/// Column 1 is the local address and port in hexadecimal, column 3 the state (0A: listening), column 9 the inode.
fn inodes(table: &str, protocol: &str, port: u16) -> Vec<String> {
    let column = |line: &str, nth| line.split_whitespace().nth(nth).map(str::to_owned);
    table
        .lines()
        .skip(1)
        .filter(|line| {
            let own = column(line, 1).and_then(|local| local.rsplit_once(':').map(|(_, port)| port.to_owned()));
            own.and_then(|own| u16::from_str_radix(&own, 16).ok()) == Some(port)
        })
        .filter(|line| protocol != "tcp" || column(line, 3).as_deref() == Some("0A"))
        .filter_map(|line| column(line, 9))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_port_is_ours() {
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback");
        let tcp = std::net::TcpListener::bind("[::1]:0")
            .or_else(|_| std::net::TcpListener::bind("127.0.0.1:0"))
            .expect("loopback");
        let own = format!("(process {})", std::process::id());
        for (protocol, port) in [("udp", udp.local_addr()), ("tcp", tcp.local_addr())] {
            let port = port.expect("bound").port();
            let holder = holder(protocol, port).expect("we have it");
            assert!(holder.ends_with(&own), "{holder}");
        }
    }
}
