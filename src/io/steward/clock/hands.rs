//! What moves the clock of the machine: the kernel's discipline (adjtimex), a jump (clock_settime), and the battery clock (rtc(4)).

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use nix::libc;
use nix::sys::time::TimeSpec;
use nix::time::ClockId;

use crate::machine::ntp::Moment;

/// A clock that can be read and put right.
pub trait Hands: fmt::Debug + Send + Sync {
    /// What it shows.
    fn now(&self) -> Moment;

    /// Moves it at once by so many nanoseconds.
    ///
    /// # Errors
    /// As the kernel says.
    fn step(&self, nanos: i64) -> io::Result<()>;

    /// Has it make up for so many nanoseconds by and by; `poll`: log2 of the seconds between such orders.
    ///
    /// # Errors
    /// As the kernel says.
    fn slew(&self, nanos: i64, poll: u32) -> io::Result<()>;

    /// What the battery clock shows; `None`: there is none, or it has lost the time.
    fn battery(&self) -> Option<Moment>;

    /// Sets the battery clock to what this one shows.
    ///
    /// # Errors
    /// As the kernel says: there may be none.
    fn set_battery(&self) -> io::Result<()>;
}

/// The machine's own; needs root but for reading.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl Hands for Machine {
    fn now(&self) -> Moment {
        let told = ClockId::CLOCK_REALTIME.now().unwrap_or(TimeSpec::new(0, 0));
        Moment(told.tv_sec().saturating_mul(SECOND).saturating_add(told.tv_nsec()))
    }

    fn step(&self, nanos: i64) -> io::Result<()> {
        let wanted = self.now().0.saturating_add(nanos).max(0);
        ClockId::CLOCK_REALTIME.set_time(TimeSpec::new(wanted / SECOND, wanted % SECOND))?;
        // what the kernel was still making up for is of before
        adjust(libc::ADJ_OFFSET | libc::ADJ_STATUS | libc::ADJ_NANO, 0, FASTEST_POLL)
    }

    fn slew(&self, nanos: i64, poll: u32) -> io::Result<()> {
        let modes = libc::ADJ_OFFSET | libc::ADJ_STATUS | libc::ADJ_TIMECONST | libc::ADJ_NANO;
        adjust(modes, nanos, poll)
    }

    fn battery(&self) -> Option<Moment> {
        let mut told = RtcTime::default();
        rtc(RTC_RD_TIME, &mut told).ok()?;
        told.to_moment()
    }

    fn set_battery(&self) -> io::Result<()> {
        let mut wanted = RtcTime::of(self.now()).ok_or(io::ErrorKind::InvalidData)?;
        rtc(RTC_SET_TIME, &mut wanted)
    }
}

/// RFC 5905 §11.3 as the kernel does it: a loop that learns how fast this clock runs. That the clock is synchronised also has the kernel
/// write the battery clock every eleven minutes.
fn adjust(modes: libc::c_uint, nanos: i64, poll: u32) -> io::Result<()> {
    #[expect(unsafe_code, reason = "a struct of integers that the kernel wants zeroed")]
    let mut order: libc::timex = unsafe { std::mem::zeroed() };
    order.modes = modes;
    order.offset = nanos.clamp(-FARTHEST, FARTHEST);
    order.status = libc::STA_PLL | libc::STA_NANO;
    order.constant = i64::from(poll);
    #[expect(unsafe_code, reason = "a system call with a struct of the kernel's that lives on this screen")]
    let outcome = unsafe { libc::adjtimex(&raw mut order) };
    if outcome < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `struct rtc_time`, in UTC.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct RtcTime {
    second: i32,
    minute: i32,
    hour: i32,
    day: i32,
    /// From 0.
    month: i32,
    /// Since 1900.
    year: i32,
    weekday: i32,
    yearday: i32,
    summer: i32,
}

impl RtcTime {
    fn of(moment: Moment) -> Option<Self> {
        let time = Timestamp::from_nanosecond(i128::from(moment.0)).ok()?.to_zoned(TimeZone::UTC);
        Some(Self {
            second: time.second().into(),
            minute: time.minute().into(),
            hour: time.hour().into(),
            day: time.day().into(),
            month: i32::from(time.month()) - 1,
            year: i32::from(time.year()) - 1900,
            ..Self::default()
        })
    }

    fn to_moment(self) -> Option<Moment> {
        let year = i16::try_from(self.year.checked_add(1900)?).ok()?;
        let small = |value: i32| i8::try_from(value).ok();
        let (month, day) = (small(self.month.checked_add(1)?)?, small(self.day)?);
        let (hour, minute, second) = (small(self.hour)?, small(self.minute)?, small(self.second)?);
        let time = DateTime::new(year, month, day, hour, minute, second, 0).ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some(Moment(i64::try_from(time.timestamp().as_nanosecond()).ok()?))
    }
}

fn rtc(request: u32, time: &mut RtcTime) -> io::Result<()> {
    let device = File::open("/dev/rtc0").or_else(|_| File::open("/dev/rtc"))?;
    #[expect(unsafe_code, reason = "an ioctl; both requests take the struct that is passed")]
    let outcome = unsafe { libc::ioctl(device.as_raw_fd(), request as _, std::ptr::from_mut(time)) };
    if outcome < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// What the kernel takes at once. Nanoseconds.
const FARTHEST: i64 = SECOND / 2;
/// Log2 of seconds.
const FASTEST_POLL: u32 = 6;
const RTC_RD_TIME: u32 = 0x8024_7009;
const RTC_SET_TIME: u32 = 0x4024_700a;
const _: () = assert!(size_of::<RtcTime>() == 0x24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_battery_clock_counts_in_its_own_way() {
        let moment = Moment(1_709_210_096 * SECOND); // 2024-02-29 12:34:56
        let told = RtcTime::of(moment).expect("a date");
        assert_eq!((told.year, told.month, told.day, told.hour, told.minute, told.second), (124, 1, 29, 12, 34, 56));
        assert_eq!(told.to_moment(), Some(moment));
        for broken in [RtcTime { month: 12, ..told }, RtcTime { day: 0, ..told }, RtcTime { year: i32::MAX, ..told }] {
            assert_eq!(broken.to_moment(), None);
        }
    }

    #[test]
    fn the_kernel_is_asked_without_being_changed() {
        adjust(0, 0, 0).expect("reading needs no rights");
        assert!(Machine.now() > Moment(0));
    }
}
