//! The floor: a process that does nothing but move packets between the two sides of each call, with one socket a side and
//! batched system calls. What an exchange costs above this is its own doing.

use std::io::{self, BufRead, BufReader, Write};
use std::mem::zeroed;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};

use crate::process::Running;

const BATCH: usize = 32;
const SIZE: usize = 1500;

/// Starts it for these pairs of ports of loopback; gives it and its own ports, in the same order.
pub fn start(pairs: &[(u16, u16)]) -> io::Result<(Running, Vec<(u16, u16)>)> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut running = Running::start(command.arg("floor").stdin(Stdio::piped()).stdout(Stdio::piped()))?;
    let mut to = running.0.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let list: Vec<String> = pairs.iter().map(|(one, other)| format!("{one} {other}")).collect();
    writeln!(to, "{}", list.join(" "))?;
    let from = running.0.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut line = String::new();
    BufReader::new(from).read_line(&mut line)?;
    Ok((running, in_pairs(&line)))
}

fn in_pairs(line: &str) -> Vec<(u16, u16)> {
    let ports: Vec<u16> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    ports.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

/// The process itself: reads the phones' ports, prints its own, moves packets until it is ended.
pub fn run() -> io::Result<()> {
    crate::process::allow_files();
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let mut sides = Vec::new();
    for (one, other) in in_pairs(&line) {
        for port in [one, other] {
            sides.push((UdpSocket::bind("127.0.0.1:0")?, address(port)));
        }
    }
    let ports: Result<Vec<String>, _> =
        sides.iter().map(|(socket, _)| Ok(socket.local_addr()?.port().to_string())).collect();
    println!("{}", ports.map_err(|error: io::Error| error)?.join(" "));
    forward(&sides)
}

fn address(port: u16) -> libc::sockaddr_in {
    // SAFETY: an address of all zeros is valid.
    let mut address: libc::sockaddr_in = unsafe { zeroed() };
    address.sin_family = libc::AF_INET as libc::sa_family_t;
    address.sin_port = port.to_be();
    address.sin_addr.s_addr = u32::from_ne_bytes([127, 0, 0, 1]);
    address
}

/// Side 2n is one side of call n, and 2n + 1 the other.
fn forward(sides: &[(UdpSocket, libc::sockaddr_in)]) -> io::Result<()> {
    let mut buffers = vec![[0u8; SIZE]; BATCH];
    // SAFETY: all zeros is valid for these plain structs of C; every pointer put into them below points into `buffers`,
    // `vectors` or `sides`, which live until the loop ends with the process; lengths are those of what is pointed at.
    unsafe {
        let mut vectors: Vec<libc::iovec> = buffers
            .iter_mut()
            .map(|buffer| libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: SIZE })
            .collect();
        let mut messages: Vec<libc::mmsghdr> = vec![zeroed(); BATCH];
        let poll = libc::epoll_create1(0);
        for (at, (socket, _)) in sides.iter().enumerate() {
            socket.set_nonblocking(true)?;
            let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: at as u64 };
            if libc::epoll_ctl(poll, libc::EPOLL_CTL_ADD, socket.as_raw_fd(), &mut event) != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        let mut events: Vec<libc::epoll_event> = vec![zeroed(); 256];
        loop {
            let ready = libc::epoll_wait(poll, events.as_mut_ptr(), events.len() as i32, -1);
            for event in events.iter().take(ready.max(0) as usize) {
                let at = event.u64 as usize;
                for (message, vector) in messages.iter_mut().zip(&mut vectors) {
                    vector.iov_len = SIZE;
                    message.msg_hdr = zeroed();
                    message.msg_hdr.msg_iov = vector;
                    message.msg_hdr.msg_iovlen = 1;
                }
                let from = sides[at].0.as_raw_fd();
                let got = libc::recvmmsg(
                    from,
                    messages.as_mut_ptr(),
                    BATCH as u32,
                    libc::MSG_DONTWAIT as _,
                    std::ptr::null_mut(),
                );
                if got <= 0 {
                    continue;
                }
                let (socket, to) = &sides[at ^ 1];
                for (message, vector) in messages.iter_mut().zip(&mut vectors).take(got as usize) {
                    vector.iov_len = message.msg_len as usize;
                    message.msg_hdr.msg_name = std::ptr::from_ref(to).cast_mut().cast();
                    message.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
                }
                libc::sendmmsg(socket.as_raw_fd(), messages.as_mut_ptr(), got as u32, 0);
            }
        }
    }
}
