//! Busybox's DHCP client, one process a port: it renews, rebinds and declines as RFC 2131 has it, and tells us by a script.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::Sender;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Order;
use crate::io::steward::{Places, begin};
use crate::machine::interface::News;

/// Longest line of the script's.
const LONGEST_LINE: u64 = 4096;

/// A client that asks on one port. It ends with this.
pub(super) struct Client {
    /// The port.
    pub(super) device: String,
    /// Tells its news from those of one before it.
    pub(super) number: u32,
    process: Child,
}

impl Client {
    /// Starts one. To be called by a thread that lives as long as the steward: the client ends with that.
    pub(super) fn start(
        places: &Places,
        device: &str,
        host_name: &str,
        number: u32,
        news: Sender<Order>,
    ) -> io::Result<Self> {
        let (busybox, script) = (places.busybox.display().to_string(), places.lease_script.display().to_string());
        let name = format!("hostname:{host_name}");
        // four questions in eight seconds, then a rest of five; an address that somebody has already is declined
        let words =
            ["udhcpc", "-f", "-a500", "-i", device, "-s", &script, "-t", "4", "-T", "2", "-A", "5", "-x", &name];
        let program: Vec<String> = [busybox.as_str()].into_iter().chain(words).map(str::to_owned).collect();
        let mut command = begin::command("", &program)?;
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        if let Some(said) = process.stdout.take() {
            let listen = move || {
                let mut said = BufReader::new(said);
                let mut line = String::new();
                loop {
                    line.clear();
                    match said.by_ref().take(LONGEST_LINE).read_line(&mut line) {
                        Ok(0) | Err(_) => return,
                        Ok(_) => {}
                    }
                    let told = News::parse(&line).is_none_or(|what| news.send(Order::News { number, what }).is_ok());
                    if !told {
                        return;
                    }
                }
            };
            std::thread::Builder::new().name("lease".to_owned()).spawn(listen)?;
        }
        Ok(Self { device: device.to_owned(), number, process })
    }

    /// Whether it has ended by itself.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It keeps its lease: whoever comes next at this port gets the same address.
        let _ = i32::try_from(self.process.id()).map(|id| kill(Pid::from_raw(id), Signal::SIGKILL));
        let _ = self.process.wait();
    }
}
