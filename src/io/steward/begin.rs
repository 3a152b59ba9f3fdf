//! A program that the steward starts: first this process puts off what that shall not have, then it becomes it. A process of its own does
//! that, and not the steward's fork, since threads and locks are not alive there.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{Gid, User, setgid, setgroups, setuid};

use super::kernel;

/// Each call takes descriptors for its sound.
const MOST_FILES: u64 = 65_536;
/// The exchange is the last that the kernel ends when memory is short, but for the steward.
const KEPT: &str = "-800";

/// The words that make this program [become] another one.
pub(super) fn command(user: &str, program: &[String]) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("begin");
    if !user.is_empty() {
        command.args(["--user", user]);
    }
    command.arg("--").args(program);
    Ok(command)
}

/// Becomes a program that ends with the steward. With a user it is that one, and the exchange: it may open low ports and see raw packets.
///
/// # Errors
/// Always: when it goes well, this program is none any more.
pub fn become_program(user: Option<&str>, program: &[OsString]) -> io::Error {
    let (Some(name), arguments) = (program.first(), program.get(1..).unwrap_or_default()) else {
        return io::ErrorKind::InvalidInput.into();
    };
    let readied = user.map_or(Ok(()), ready_for).and_then(|()| {
        // After the change of the user, which would undo it.
        prctl::set_pdeathsig(Signal::SIGTERM).map_err(io::Error::from)
    });
    match readied {
        Ok(()) => Command::new(name).args(arguments).exec(),
        Err(error) => error,
    }
}

fn ready_for(user: &str) -> io::Result<()> {
    let user = User::from_name(user)?.ok_or_else(|| io::Error::other(format!("there is no user {user}")))?;
    // Both are refused in some containers, and the exchange can do without.
    let _ = setrlimit(Resource::RLIMIT_NOFILE, MOST_FILES, MOST_FILES);
    let _ = std::fs::write("/proc/self/oom_score_adj", KEPT);
    prctl::set_keepcaps(true)?;
    setgroups(&[user.gid])?;
    setgid(user.gid)?;
    setuid(user.uid)?;
    kernel::keep_only(&[kernel::NET_BIND_SERVICE, kernel::NET_RAW])?;
    prctl::set_no_new_privs()?;
    Ok(())
}

/// A user and its group; `None` when there is no such user.
pub(super) fn ids_of(user: &str) -> Option<(nix::unistd::Uid, Gid)> {
    User::from_name(user).ok().flatten().map(|user| (user.uid, user.gid))
}
