//! GUID partition tables (UEFI specification §5.3): the last partition grows to the end of the disk, and a first table that was torn is
//! made anew from the second. Bytes of the disk come in, bytes for the disk go out; nothing goes out when anything is not as it must be.

/// What a partition table begins with.
const SIGNATURE: &[u8; 8] = b"EFI PART";
/// Bytes of a header that are known; longer ones are of a later revision.
const HEADER: usize = 92;
/// Least bytes of an entry.
const LEAST_ENTRY: usize = 128;
/// Most bytes of all entries: the usual table has 16 KiB.
const LONGEST_TABLE: usize = 1024 * 1024;
/// The sector of the first header.
const FIRST: u64 = 1;
/// Partitions end here: a whole MiB.
const ALIGNMENT: u64 = 1024 * 1024;

/// Why a table is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableFault {
    /// Sectors are 512 to 4096 bytes, a power of two.
    #[error("the disk has sectors of an unknown size")]
    Sector,
    /// Too few bytes.
    #[error("the table is cut off")]
    Short,
    /// No table at all.
    #[error("there is no GUID partition table")]
    Signature,
    /// The header's own checksum.
    #[error("the header's checksum is wrong")]
    HeaderChecksum,
    /// The entries' checksum.
    #[error("the entries' checksum is wrong")]
    EntriesChecksum,
    /// Numbers that contradict each other, or the disk.
    #[error("the table contradicts itself or the disk")]
    Contradiction,
    /// It has no partition.
    #[error("there is no partition")]
    Empty,
}

/// The header of a table, proved by its checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The header's sector as it is.
    bytes: Vec<u8>,
    /// Bytes of it that the checksum is over.
    length: usize,
    /// Where it lies.
    own: u64,
    /// Where the other one lies.
    other: u64,
    first_usable: u64,
    last_usable: u64,
    /// Where its entries begin.
    pub entries_at: u64,
    entries: u32,
    entry_bytes: usize,
    entries_checksum: u32,
}

/// What makes the last partition larger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The partition: from 1.
    pub number: u32,
    /// Its first byte.
    pub start: u64,
    /// Bytes that it will have.
    pub length: u64,
    /// The second table, at the end of the disk: to be written, and safe on the disk, before the first.
    pub backup: Vec<Write>,
    /// The first table: entries, then the header.
    pub primary: Vec<Write>,
}

/// Bytes for the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where: bytes from the disk's start.
    pub at: u64,
    /// What.
    pub bytes: Vec<u8>,
}

impl Header {
    /// Reads a header: the first one is the disk's second sector, the second one its last.
    ///
    /// # Errors
    /// When it is not whole.
    pub fn parse(sector: &[u8]) -> Result<Self, TableFault> {
        if !(512..=4096).contains(&sector.len()) || !sector.len().is_power_of_two() {
            return Err(TableFault::Sector);
        }
        if !sector.starts_with(SIGNATURE) {
            return Err(TableFault::Signature);
        }
        let length = u32_at(sector, 12)? as usize;
        if !(HEADER..=sector.len()).contains(&length) {
            return Err(TableFault::Contradiction);
        }
        let header = Self {
            bytes: sector.to_vec(),
            length,
            own: u64_at(sector, 24)?,
            other: u64_at(sector, 32)?,
            first_usable: u64_at(sector, 40)?,
            last_usable: u64_at(sector, 48)?,
            entries_at: u64_at(sector, 72)?,
            entries: u32_at(sector, 80)?,
            entry_bytes: u32_at(sector, 84)? as usize,
            entries_checksum: u32_at(sector, 88)?,
        };
        if header.checksum() != u32_at(sector, 16)? {
            return Err(TableFault::HeaderChecksum);
        }
        header.is_sound().then_some(header).ok_or(TableFault::Contradiction)
    }

    /// Bytes that all entries have, without what fills their last sector.
    pub fn entries_length(&self) -> usize {
        self.entries as usize * self.entry_bytes
    }

    /// The entries, without what fills their last sector, when they are those of this header.
    ///
    /// # Errors
    /// When they are not whole.
    pub fn own_entries<'a>(&self, entries: &'a [u8]) -> Result<&'a [u8], TableFault> {
        let entries = entries.get(..self.entries_length()).ok_or(TableFault::Short)?;
        if crc32(entries) == self.entries_checksum { Ok(entries) } else { Err(TableFault::EntriesChecksum) }
    }

    fn is_sound(&self) -> bool {
        let is_table = (self.entries as usize).checked_mul(self.entry_bytes).is_some_and(|all| all <= LONGEST_TABLE);
        let is_entry = self.entry_bytes >= LEAST_ENTRY && self.entry_bytes.is_power_of_two();
        let ends_by = |limit| self.entries_at.checked_add(self.entries_sectors()).is_some_and(|end| end <= limit);
        // The end of the usable sectors and the place of the other table belong to a smaller disk or to this one.
        let is_first =
            self.own == FIRST && self.entries_at > FIRST && ends_by(self.first_usable) && self.last_usable < self.other;
        let is_second = self.other == FIRST && self.last_usable < self.entries_at && ends_by(self.own);
        is_table && is_entry && self.first_usable <= self.last_usable && (is_first || is_second)
    }

    fn sector(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn entries_sectors(&self) -> u64 {
        (self.entries_length() as u64).div_ceil(self.sector())
    }

    /// Over the header with zeros for the checksum.
    fn checksum(&self) -> u32 {
        let mut bytes = self.bytes.iter().take(self.length).copied().collect::<Vec<_>>();
        bytes.iter_mut().skip(16).take(4).for_each(|byte| *byte = 0);
        crc32(&bytes)
    }

    fn put(&mut self, at: usize, value: &[u8]) {
        for (to, from) in self.bytes.iter_mut().skip(at).zip(value) {
            *to = *from;
        }
    }

    /// The sector of this header as it lies at `own`, its other at `other`, its entries at `entries_at`.
    fn placed(&self, own: u64, other: u64, entries_at: u64) -> Vec<u8> {
        let mut new = self.clone();
        new.put(24, &own.to_le_bytes());
        new.put(32, &other.to_le_bytes());
        new.put(72, &entries_at.to_le_bytes());
        let checksum = new.checksum();
        new.put(16, &checksum.to_le_bytes());
        new.bytes
    }
}

/// What puts the first table right: the power went while it was written. `second` is the header in the last of the `disk`'s sectors, with
/// its entries.
///
/// # Errors
/// When the second table is not whole, or contradicts the disk.
pub fn mend(second: &Header, entries: &[u8], disk: u64) -> Result<Vec<Write>, TableFault> {
    let entries = second.own_entries(entries)?;
    last_partition(second, entries)?;
    let is_second = second.other == FIRST && second.own.checked_add(1) == Some(disk);
    // Entries begin behind their header on every disk that the box's image was written to.
    let entries_at = FIRST + 1;
    if !is_second || entries_at + second.entries_sectors() > second.first_usable {
        return Err(TableFault::Contradiction);
    }
    let at = |place: u64, bytes: Vec<u8>| Write { at: place * second.sector(), bytes };
    Ok(vec![at(entries_at, entries.to_vec()), at(FIRST, second.placed(FIRST, second.own, entries_at))])
}

/// What makes the last partition end where the disk does; `None` when it does already, but for less than a MiB. `disk` are its sectors,
/// `entries` those of the first `header`.
///
/// # Errors
/// When the table is not whole, or contradicts the disk.
pub fn grow(header: &Header, entries: &[u8], disk: u64) -> Result<Option<Growth>, TableFault> {
    let entries = header.own_entries(entries)?;
    if header.own != FIRST {
        return Err(TableFault::Contradiction);
    }
    let (number, first, last) = last_partition(header, entries)?;
    // The second table: entries, then the header in the last sector.
    let backup_header = disk.checked_sub(1).ok_or(TableFault::Contradiction)?;
    let backup_entries = backup_header.checked_sub(header.entries_sectors()).ok_or(TableFault::Contradiction)?;
    let last_usable = backup_entries.checked_sub(1).ok_or(TableFault::Contradiction)?;
    if header.other > backup_header || last > last_usable {
        return Err(TableFault::Contradiction);
    }
    let aligned = ALIGNMENT / header.sector();
    let end = (last_usable + 1) / aligned * aligned;
    if end <= last + 1 {
        return Ok(None);
    }
    let mut entries = entries.to_vec();
    let field = number as usize * header.entry_bytes + 40;
    entries.iter_mut().skip(field).zip((end - 1).to_le_bytes()).for_each(|(to, from)| *to = from);
    let mut header = header.clone();
    header.put(48, &last_usable.to_le_bytes());
    header.put(88, &crc32(&entries).to_le_bytes());
    let sector = header.sector();
    let at = |place: u64, bytes: Vec<u8>| Write { at: place * sector, bytes };
    Ok(Some(Growth {
        number: number + 1,
        start: first * sector,
        length: (end - first) * sector,
        backup: vec![
            at(backup_entries, entries.clone()),
            at(backup_header, header.placed(backup_header, FIRST, backup_entries)),
        ],
        primary: vec![
            at(header.entries_at, entries),
            at(FIRST, header.placed(FIRST, backup_header, header.entries_at)),
        ],
    }))
}

/// The partition that lies last: its place among the entries, first and last sector.
fn last_partition(header: &Header, entries: &[u8]) -> Result<(u32, u64, u64), TableFault> {
    let mut partitions = Vec::new();
    for (number, entry) in (0u32..).zip(entries.chunks_exact(header.entry_bytes)) {
        if entry.iter().take(16).all(|byte| *byte == 0) {
            continue; // no type: no partition
        }
        let (first, last) = (u64_at(entry, 32)?, u64_at(entry, 40)?);
        if first < header.first_usable || last < first || last > header.last_usable {
            return Err(TableFault::Contradiction);
        }
        partitions.push((first, last, number));
    }
    partitions.sort_unstable();
    let overlap = partitions.iter().zip(partitions.iter().skip(1)).any(|((_, last, _), (next, ..))| next <= last);
    if overlap {
        return Err(TableFault::Contradiction);
    }
    partitions.last().map(|(first, last, number)| (*number, *first, *last)).ok_or(TableFault::Empty)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, TableFault> {
    let field = bytes.get(at..at + 4).and_then(|field| field.try_into().ok());
    field.map(u32::from_le_bytes).ok_or(TableFault::Short)
}

fn u64_at(bytes: &[u8], at: usize) -> Result<u64, TableFault> {
    let field = bytes.get(at..at + 8).and_then(|field| field.try_into().ok());
    field.map(u64::from_le_bytes).ok_or(TableFault::Short)
}

/// CRC-32 of IEEE 802.3, as the table has it. Some kilobytes at a start: bit by bit is fast enough.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests;
