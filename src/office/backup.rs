//! When the office is backed up, and where to: `[backup]`, `[[backup_place]]`. Knows no network.

/// `[backup]`: the timetable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupSettings {
    /// Whether backups are made by themselves.
    pub enabled: bool,
    /// On the office's clocks, minutes since midnight.
    pub hour: u16,
    /// Monday first; none: every day.
    pub weekdays: [bool; 7],
    /// So many of the timetable's are kept in each place.
    pub keep: u32,
    /// With recordings of calls.
    pub recordings: bool,
    /// On the box's own disk too. Without a place of another kind always.
    pub on_box: bool,
    /// Encrypts them; empty: they are open.
    pub passphrase: String,
}

impl Default for BackupSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            hour: 3 * 60 + 17,
            weekdays: [false; 7],
            keep: 7,
            recordings: false,
            on_box: true,
            passphrase: String::new(),
        }
    }
}

/// `[[backup_place]]`: where backups are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupPlace {
    /// Unique.
    pub name: String,
    /// What it is.
    pub kind: BackupKind,
    /// SFTP: `host` or `host:port`. S3: `https://host`. SMB: `//server/share`. NFS: `server:/path`. Of a stick: its label, or empty for
    /// whichever is there.
    pub server: String,
    /// A folder there; of S3 what the names of objects begin with.
    pub folder: String,
    /// Of SFTP and SMB; of S3 the access key.
    pub login: String,
    /// Of SFTP and SMB; of S3 the secret key.
    pub password: String,
    /// Of SFTP, instead of a password: as OpenSSH writes it.
    pub private_key: String,
    /// Of SFTP: `SHA256:…` of the server's key; empty: that of the first connection is taken.
    pub host_key: String,
    /// Of S3.
    pub bucket: String,
    /// Of S3.
    pub region: String,
}

/// `kind` of `[[backup_place]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BackupKind {
    /// A server with SSH.
    #[default]
    Sftp,
    /// A store that speaks S3.
    S3,
    /// A share of Windows or Samba.
    Smb,
    /// A share of NFS.
    Nfs,
    /// A USB stick.
    Stick,
}

/// Places of an office.
pub const BACKUP_PLACES: usize = 8;
/// The shortest passphrase that is taken. Characters.
pub const PASSPHRASE: usize = 8;
/// Days of the week as the office file spells them, Monday first.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
