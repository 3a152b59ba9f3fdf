//! How long the disk lasts: by what the data have grown of late, and by what bounds them.

/// What the data have grown by of late.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Growth {
    /// Recordings of calls. Bytes a day.
    pub recordings: f64,
    /// What they take now. Bytes.
    pub recorded: u64,
    /// Messages of mailboxes. Bytes a day.
    pub messages: f64,
    /// What they take now. Bytes.
    pub messages_now: u64,
    /// The history of calls. Bytes a day.
    pub history: f64,
}

/// What lets the oldest go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Recordings are kept for so many days.
    pub recordings_days: Option<u32>,
    /// And take so many bytes.
    pub recordings_bytes: Option<u64>,
    /// Messages are kept for so many days.
    pub messages_days: Option<u32>,
}

/// How long the disk lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Days until nothing can be recorded any more; `None`: nobody knows, or none within [`HORIZON`].
    pub days_left: Option<u32>,
    /// Where it never comes to that, since the oldest recordings go first: after about so many days.
    pub recordings_days: Option<u32>,
}

/// One of the things that grow.
struct Stock {
    /// Bytes a day.
    grows: f64,
    /// How much it may still grow, bytes; `None`: without end.
    left: Option<f64>,
}

impl Stock {
    fn new(grows: f64, now: u64, most: Option<f64>) -> Self {
        Self { grows, left: most.map(|most| (most - bytes(now)).max(0.0)) }
    }

    fn after(&self, days: u32) -> f64 {
        let grown = self.grows * f64::from(days);
        self.left.map_or(grown, |left| grown.min(left))
    }
}

/// How long a disk lasts that has `room`, bytes, until nothing is recorded any more.
pub fn forecast(growth: &Growth, bounds: &Bounds, room: u64) -> Forecast {
    let kept =
        [bounds.recordings_days.map(|days| growth.recordings * f64::from(days)), bounds.recordings_bytes.map(bytes)];
    let most = kept.into_iter().flatten().reduce(f64::min);
    let messages = bounds.messages_days.map(|days| growth.messages * f64::from(days));
    let stocks = [
        Stock::new(growth.recordings, growth.recorded, most),
        Stock::new(growth.messages, growth.messages_now, messages),
        Stock::new(growth.history, 0, None),
    ];
    let fits = |days: &u32| stocks.iter().map(|stock| stock.after(*days)).sum::<f64>() <= bytes(room);
    let days_left = (1..=HORIZON).find(|days| !fits(days)).map(|full| full - 1);
    let records = growth.recordings > 0.0 && days_left.is_none();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast from float saturates, and that is what is meant"
    )]
    let recordings_days = most.filter(|_| records).map(|most| (most / growth.recordings).round().max(1.0) as u32);
    Forecast { days_left, recordings_days }
}

#[expect(clippy::cast_precision_loss, reason = "no disk has so many bytes, and it is a guess")]
const fn bytes(count: u64) -> f64 {
    count as f64
}

/// Nobody foresees more days than these.
pub const HORIZON: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    fn growing(gigabytes_a_day: f64, recorded: u64) -> Growth {
        Growth { recordings: gigabytes_a_day * 1e9, recorded, ..Growth::default() }
    }

    #[test]
    fn what_nothing_bounds_fills_the_disk() {
        let growth = growing(2.0, 30 * GB);
        let told = |room| forecast(&growth, &Bounds::default(), room);
        assert_eq!(told(21 * GB), Forecast { days_left: Some(10), recordings_days: None });
        assert_eq!(told(GB), Forecast { days_left: Some(0), recordings_days: None });
        assert_eq!(told(100_000 * GB), Forecast::default(), "nobody foresees that");
        assert_eq!(forecast(&Growth::default(), &Bounds::default(), GB), Forecast::default());
    }

    #[test]
    fn recordings_that_are_kept_for_days_or_within_bytes_stop_growing() {
        let growth = growing(2.0, 30 * GB);
        let days = |days| Bounds { recordings_days: Some(days), ..Bounds::default() };
        assert_eq!(forecast(&growth, &days(30), 31 * GB), Forecast { days_left: None, recordings_days: Some(30) });
        assert_eq!(forecast(&growth, &days(30), 21 * GB).days_left, Some(10), "it is full before they are 30 days old");
        let within = |bytes| Bounds { recordings_bytes: Some(bytes), ..days(90) };
        assert_eq!(
            forecast(&growth, &within(50 * GB), 21 * GB),
            Forecast { days_left: None, recordings_days: Some(25) }
        );
        let less = forecast(&growth, &within(10 * GB), 0);
        assert_eq!(less, Forecast { days_left: None, recordings_days: Some(5) }, "they shrink soon");
    }

    #[test]
    fn what_is_left_for_the_rest_fills_more_slowly() {
        let growth = Growth { messages: 1e9, messages_now: 5 * GB, history: 0.5e9, ..growing(2.0, 0) };
        let bounds = Bounds { recordings_days: Some(10), messages_days: Some(10), ..Bounds::default() };
        // 20 GB of recordings, 5 GB more of messages, and half a gigabyte of history a day without end
        assert_eq!(forecast(&growth, &bounds, 35 * GB), Forecast { days_left: Some(20), recordings_days: None });
    }
}
