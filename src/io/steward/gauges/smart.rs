//! Questions to disks by ioctl: NVMe admin commands and ATA pass-through (SAT-4 §12.2) over `SG_IO`. Reading alone; needs root.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc;

use super::disk::Question;

/// Puts a question to a device file; `None`: no right, no such command, no answer.
pub(super) fn ask(device: &Path, question: Question) -> Option<Vec<u8>> {
    let disk = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(device).ok()?;
    match question {
        Question::NvmeHealth => nvme_log(&disk),
        Question::AtaStatistics(page) => {
            read_ata(&disk, Ata { command: READ_LOG_EXT, lba: [STATISTICS_LOG, page, 0], feature: 0 })
        }
        Question::AtaAttributes => read_ata(&disk, Ata { command: SMART, lba: SMART_KEY, feature: 0xd0 }),
        Question::AtaVerdict => verdict(&disk),
    }
}

/// `struct nvme_passthru_cmd`.
#[repr(C)]
#[derive(Default)]
struct NvmeCommand {
    opcode: u8,
    flags: u8,
    reserved: u16,
    namespace: u32,
    words_2_3: [u32; 2],
    metadata: u64,
    address: u64,
    metadata_length: u32,
    length: u32,
    words_10_15: [u32; 6],
    timeout_ms: u32,
    result: u32,
}

fn nvme_log(disk: &File) -> Option<Vec<u8>> {
    let mut log = vec![0_u8; PAGE];
    let mut command = NvmeCommand {
        opcode: 0x02, // Get Log Page
        namespace: u32::MAX,
        address: log.as_mut_ptr() as u64,
        length: u32::try_from(PAGE).ok()?,
        words_10_15: [(u32::try_from(PAGE).ok()? / 4 - 1) << 16 | 0x02, 0, 0, 0, 0, 0],
        timeout_ms: TIMEOUT_MS,
        ..NvmeCommand::default()
    };
    #[expect(
        unsafe_code,
        reason = "an ioctl; the command is the kernel's struct and its buffer has the length that it says"
    )]
    let status = unsafe { libc::ioctl(disk.as_raw_fd(), NVME_IOCTL_ADMIN_CMD as _, &raw mut command) };
    (status == 0).then_some(log)
}

/// An ATA command by its registers.
struct Ata {
    command: u8,
    lba: [u8; 3],
    feature: u8,
}

/// `struct sg_io_hdr`.
#[repr(C)]
struct SgIo {
    interface: i32,
    direction: i32,
    command_length: u8,
    longest_sense: u8,
    pieces: u16,
    length: u32,
    data: *mut u8,
    command: *const u8,
    sense: *mut u8,
    timeout_ms: u32,
    flags: u32,
    pack: i32,
    user: *mut u8,
    status: u8,
    masked_status: u8,
    message_status: u8,
    sense_length: u8,
    host_status: u16,
    driver_status: u16,
    residue: i32,
    duration: u32,
    info: u32,
}

/// A sector that the disk gives.
fn read_ata(disk: &File, ata: Ata) -> Option<Vec<u8>> {
    let mut sector = vec![0_u8; PAGE];
    let extended = u8::from(ata.command == READ_LOG_EXT);
    // PIO in; one sector, counted in blocks in the count register
    let command = [
        0x85,
        4 << 1 | extended,
        0x0e,
        0,
        ata.feature,
        0,
        1,
        0,
        ata.lba[0],
        0,
        ata.lba[1],
        0,
        ata.lba[2],
        0,
        ata.command,
        0,
    ];
    let (status, _) = sg_io(disk, &command, &mut sector)?;
    (status == 0).then_some(sector)
}

/// SMART RETURN STATUS has no data: the answer is in registers, which come in the sense data.
fn verdict(disk: &File) -> Option<Vec<u8>> {
    let command = [0x85, 3 << 1, 0x20, 0, 0xda, 0, 0, 0, SMART_KEY[0], 0, SMART_KEY[1], 0, SMART_KEY[2], 0, SMART, 0];
    let (_, sense) = sg_io(disk, &command, &mut [])?;
    // descriptor format with the ATA status return descriptor first
    let is_told = sense.first().map(|code| code & 0x7f) == Some(0x72) && sense.get(8) == Some(&0x09);
    match (is_told, sense.get(17), sense.get(19)) {
        (true, Some(0x4f), Some(0xc2)) => Some(vec![0]),
        (true, Some(0xf4), Some(0x2c)) => Some(vec![1]),
        _ => None,
    }
}

fn sg_io(disk: &File, command: &[u8; 16], data: &mut [u8]) -> Option<(u8, [u8; 32])> {
    let mut sense = [0_u8; 32];
    let mut order = SgIo {
        interface: i32::from(b'S'),
        direction: if data.is_empty() { -1 } else { -3 }, // nothing, or from the device
        command_length: 16,
        longest_sense: 32,
        pieces: 0,
        length: u32::try_from(data.len()).ok()?,
        data: data.as_mut_ptr(),
        command: command.as_ptr(),
        sense: sense.as_mut_ptr(),
        timeout_ms: TIMEOUT_MS,
        flags: 0,
        pack: 0,
        user: std::ptr::null_mut(),
        status: 0,
        masked_status: 0,
        message_status: 0,
        sense_length: 0,
        host_status: 0,
        driver_status: 0,
        residue: 0,
        duration: 0,
        info: 0,
    };
    #[expect(
        unsafe_code,
        reason = "an ioctl; all pointers are to buffers on this screen that have the lengths beside them"
    )]
    let status = unsafe { libc::ioctl(disk.as_raw_fd(), SG_IO as _, &raw mut order) };
    (status == 0 && order.host_status == 0).then_some((order.status, sense))
}

/// Of all logs here.
const PAGE: usize = 512;
const TIMEOUT_MS: u32 = 3_000;
const NVME_IOCTL_ADMIN_CMD: u32 = 0xc048_4e41;
const SG_IO: u32 = 0x2285;
const READ_LOG_EXT: u8 = 0x2f;
const SMART: u8 = 0xb0;
/// What LBA must hold for SMART commands.
const SMART_KEY: [u8; 3] = [0, 0x4f, 0xc2];
/// The address of the device statistics log.
const STATISTICS_LOG: u8 = 0x04;

// the kernel's own sizes
const _: () = assert!(size_of::<NvmeCommand>() == 72 && size_of::<SgIo>() == 88);
