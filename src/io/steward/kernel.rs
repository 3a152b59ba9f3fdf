//! What the kernel offers by no safe call: the watchdog's time, partitions and file systems that grow while they are mounted, and rights
//! that outlive the change to another user.
#![expect(
    unsafe_code,
    reason = "ioctl(2) and capset(2) take pointers; each call here is given what its manual page asks for"
)]

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::{self, c_char, c_int, c_longlong, c_void};

use crate::machine::kernel_log;

/// Of the kernel's log that is answered: an answer has 4 MiB at most.
const LONGEST_LOG: usize = 2 * 1024 * 1024;

/// capabilities(7): ports below 1024.
pub(super) const NET_BIND_SERVICE: u32 = 10;
/// capabilities(7): raw packets, for looking after telephones and for capture.
pub(super) const NET_RAW: u32 = 13;
/// linux/capability.h: two words of 32 capabilities.
const CAPABILITY_VERSION_3: u32 = 0x2008_0522;
/// linux/blkpg.h.
const BLKPG_RESIZE_PARTITION: c_int = 3;

/// linux/blkpg.h: `struct blkpg_partition`.
#[repr(C)]
struct BlkpgPartition {
    start: c_longlong,
    length: c_longlong,
    number: c_int,
    names: [c_char; 128],
}

/// linux/blkpg.h: `struct blkpg_ioctl_arg`.
#[repr(C)]
struct BlkpgArgument {
    order: c_int,
    flags: c_int,
    length: c_int,
    data: *mut c_void,
}

/// linux/capability.h: `struct __user_cap_header_struct`.
#[repr(C)]
struct CapabilityHeader {
    version: u32,
    process: c_int,
}

/// linux/capability.h: `struct __user_cap_data_struct`.
#[repr(C)]
#[derive(Clone, Copy)]
struct CapabilityWords {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

nix::ioctl_write_ptr_bad!(blkpg, 0x1269, BlkpgArgument);
nix::ioctl_write_ptr!(ext4_resize, b'f', 16, u64);
nix::ioctl_readwrite!(watchdog_timeout, b'W', 6, c_int);

/// Asks a watchdog to wait so many seconds; tells how many it will.
pub(super) fn set_watchdog_timeout(watchdog: BorrowedFd<'_>, seconds: i32) -> io::Result<i32> {
    let mut seconds: c_int = seconds;
    // SAFETY: the kernel reads and writes one int.
    unsafe { watchdog_timeout(watchdog.as_raw_fd(), &raw mut seconds) }?;
    Ok(seconds)
}

/// Tells the kernel that a partition of this disk has another length now. Bytes.
pub(super) fn resize_partition(disk: BorrowedFd<'_>, number: u32, start: u64, length: u64) -> io::Result<()> {
    let too_large = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let mut partition = BlkpgPartition {
        start: start.try_into().map_err(too_large)?,
        length: length.try_into().map_err(too_large)?,
        number: number.try_into().map_err(too_large)?,
        names: [0; 128],
    };
    let argument = BlkpgArgument {
        order: BLKPG_RESIZE_PARTITION,
        flags: 0,
        length: size_of::<BlkpgPartition>() as c_int,
        data: (&raw mut partition).cast(),
    };
    // SAFETY: the kernel reads the argument and the partition it points to, which both live until it returns.
    unsafe { blkpg(disk.as_raw_fd(), &raw const argument) }?;
    Ok(())
}

/// Makes the mounted ext4 file system of this folder so many blocks large.
pub(super) fn resize_file_system(folder: BorrowedFd<'_>, blocks: u64) -> io::Result<()> {
    // SAFETY: the kernel reads one u64.
    unsafe { ext4_resize(folder.as_raw_fd(), &raw const blocks) }?;
    Ok(())
}

/// What the kernel has said since it started, as far as it remembers.
pub(super) fn log(device: &Path) -> io::Result<String> {
    let mut log = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(device)?;
    let mut record = [0; 8192];
    let mut text = String::new();
    while text.len() < LONGEST_LOG {
        match log.read(&mut record) {
            Ok(0) => break,
            Ok(length) => {
                let line = record.get(..length).and_then(kernel_log::line);
                text.extend(line.map(|line| line + "\n"));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            // It was overwritten while we read: the next one is there.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => return Err(error),
        }
    }
    Ok(text)
}

/// Leaves this process these capabilities and no other, and hands them on to the program that it becomes. To be called by a process of one
/// thread, after its change to another user with `PR_SET_KEEPCAPS`.
pub(super) fn keep_only(capabilities: &[u32]) -> io::Result<()> {
    let word = capabilities.iter().fold(0, |word, capability| word | 1_u32 << (capability & 31));
    let mut header = CapabilityHeader { version: CAPABILITY_VERSION_3, process: 0 };
    let kept = CapabilityWords { effective: word, permitted: word, inheritable: word };
    let words = [kept, CapabilityWords { effective: 0, permitted: 0, inheritable: 0 }];
    // SAFETY: version 3 reads one header and two sets of words.
    let set = unsafe { libc::syscall(libc::SYS_capset, &raw mut header, words.as_ptr()) };
    if set != 0 {
        return Err(io::Error::last_os_error());
    }
    for capability in capabilities {
        // SAFETY: numbers alone.
        let raised = unsafe {
            libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE, libc::c_ulong::from(*capability), 0, 0)
        };
        if raised != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}
