"""Settings of simulated continuous days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quakeloom.core import SettingsError
from quakeloom.schema import NOISE_KINDS

_START = np.datetime64("2019-07-04T00:00:00", "s")
"""First moment, where none is given."""


@dataclass(frozen=True)
class DayOptions:
    """What simulated continuous days look like.

    Attributes
    ----------
    start : numpy.datetime64
        First moment, UTC, in whole seconds.
    hours : float
        Length; may cross any number of midnights.
    stations : int
        Those nearest to the middle of the region.
    station_spacing_km : float
    sampling_rate_hz : float
    background : float
        Earthquakes a day, evenly in space and time.
    smallest_magnitude, greatest_magnitude, b_value : float
        Truncated Gutenberg-Richter distribution of background, swarms and aftershocks.
    swarms, swarm_events : float
        Swarms a day, and events of each.
    swarm_hour, sequence_hour : float or None
        Hour of the day, UTC, at which swarms and aftershock sequences begin; None: any.
    sequences : float
        Aftershock sequences a day.
    mainshock_magnitude : float
        Of every sequence.
    aftershocks_per_minute : float
        Just after the mainshock.
    sequence_hours : float
        Length of a sequence and of a swarm.
    tremor : float
        Bursts of tremor a day, and as many single low-frequency earthquakes.
    blasts : float
        Quarry blasts a day, between 8 and 17 h local time.
    teleseisms : float
        A day, of magnitude 6 to 7.8.
    noise : tuple of str
        Of :data:`NOISE_KINDS`; the background noise is always there.
    noise_share : (float, float)
        Stations lie between these shares of the way from the low to the high noise model.
    flawed_share : float
        Share of the stations that have spikes, steps, calibration pulses, fill, gaps, machines on
        a day, kind by kind; one station at least has each. Dead is one, of a wrong clock one.
    magnitude_scatter : float
        Standard deviation of log10 amplitude about that of magnitude, distance and station.
    """

    start: np.datetime64 = _START
    hours: float = 24.0
    stations: int = 12
    station_spacing_km: float = 20.0
    sampling_rate_hz: float = 100.0
    background: float = 60.0
    smallest_magnitude: float = -0.5
    greatest_magnitude: float = 3.5
    b_value: float = 1.0
    swarms: float = 1.0
    swarm_events: int = 60
    swarm_hour: float | None = None
    sequences: float = 1.0
    sequence_hour: float | None = None
    mainshock_magnitude: float = 3.8
    aftershocks_per_minute: float = 1.0
    sequence_hours: float = 6.0
    tremor: float = 10.0
    blasts: float = 6.0
    teleseisms: float = 1.0
    noise: tuple[str, ...] = NOISE_KINDS
    noise_share: tuple[float, float] = (0.1, 0.45)
    flawed_share: float = 0.2
    magnitude_scatter: float = 0.1

    def __post_init__(self) -> None:
        unknown = sorted(set(self.noise) - set(NOISE_KINDS))
        if unknown:
            raise SettingsError(
                f"Simulated days know no noise '{unknown[0]}'. Nothing was simulated; known are "
                f"{', '.join(NOISE_KINDS)}."
            )
        for name, low, high in _BOUNDS:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise SettingsError(
                    f"'{name}' of simulated days is {value}; it must lie between {low} and {high}. "
                    "Nothing was simulated; correct the value."
                )

    @property
    def first_sample(self) -> int:
        """Samples from 1970 to the start."""
        return round(int(self.start.astype("datetime64[s]").astype(np.int64)) * self.rate)

    @property
    def samples(self) -> int:
        """Samples of the whole span."""
        return round(self.hours * 3600.0 * self.rate)

    @property
    def rate(self) -> int:
        """Sampling rate in whole hertz."""
        return round(self.sampling_rate_hz)

    def dates(self) -> list[str]:
        """Return the UTC days that the span touches, as ``YYYY-MM-DD``."""
        last = self.start + np.timedelta64(max(round(self.hours * 3600.0) - 1, 0), "s")
        days = np.arange(self.start.astype("datetime64[D]"), last.astype("datetime64[D]") + 1)
        return [str(d) for d in days]


_BOUNDS = (
    ("hours", 0.01, 24.0 * 400),
    ("stations", 1, 1000),
    ("station_spacing_km", 1.0, 200.0),
    ("sampling_rate_hz", 20.0, 500.0),
    ("background", 0.0, 100_000.0),
    ("smallest_magnitude", -2.0, 5.0),
    ("greatest_magnitude", -1.0, 6.0),
    ("b_value", 0.1, 5.0),
    ("swarms", 0.0, 100.0),
    ("swarm_events", 1, 10_000),
    ("swarm_hour", 0.0, 24.0),
    ("sequences", 0.0, 100.0),
    ("sequence_hour", 0.0, 24.0),
    ("mainshock_magnitude", 0.0, 5.5),
    ("aftershocks_per_minute", 0.0, 10.0),
    ("sequence_hours", 0.1, 22.0),
    ("tremor", 0.0, 1000.0),
    ("blasts", 0.0, 200.0),
    ("teleseisms", 0.0, 24.0),
    ("flawed_share", 0.0, 1.0),
    ("magnitude_scatter", 0.0, 1.0),
)
"""Name, lowest and highest value of settings, in their units; chosen here: beyond them a setting
has no meaning, or the simulation no room in a computer's memory."""
