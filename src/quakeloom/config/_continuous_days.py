"""Settings of simulated continuous records."""

from __future__ import annotations

import datetime
from typing import Any, Literal

from pydantic import field_validator

from quakeloom.config._fields import Section, setting

NoiseKind = Literal[
    "storm",
    "culture",
    "wind",
    "machine",
    "spike",
    "step",
    "calibration",
    "fill",
    "gap",
    "dead",
    "clock",
]


class ContinuousDays(Section):
    """Continuous records of a small network with known truth, as an archive of day files."""

    start: str = setting("2019-07-04", "First moment, UTC: a date, or date and time.")
    hours: float = setting(24.0, "Length.", "h", ge=0.01, le=9600)
    stations: int = setting(12, "Number of stations.", "stations", ge=1, le=1000)
    station_spacing_km: float = setting(20.0, "Distance of neighbors.", "km", ge=1, le=200)
    sampling_rate_hz: int = setting(100, "Sampling rate.", "Hz", ge=20, le=500)
    background: float = setting(60.0, "Earthquakes a day all over.", "events", ge=0, le=100_000)
    smallest_magnitude: float = setting(-0.5, "Smallest magnitude.", "1", ge=-2, le=5)
    greatest_magnitude: float = setting(3.5, "Greatest one of the background.", "1", ge=-1, le=6)
    b_value: float = setting(1.0, "Slope of the magnitudes.", "1", ge=0.1, le=5)
    swarms: float = setting(1.0, "Swarms a day.", "swarms", ge=0, le=100)
    swarm_events: int = setting(60, "Events of a swarm.", "events", ge=1, le=10_000)
    swarm_hour: float | None = setting(
        None, "Hour of the day, UTC, at which swarms begin; any if absent.", "h", ge=0, le=24
    )
    sequences: float = setting(1.0, "Mainshocks with aftershocks a day.", "1", ge=0, le=100)
    sequence_hour: float | None = setting(
        None, "Hour of the day, UTC, of mainshocks; any if absent.", "h", ge=0, le=24
    )
    sequence_hours: float = setting(6.0, "Length of swarms and sequences.", "h", ge=0.1, le=22)
    mainshock_magnitude: float = setting(3.8, "Magnitude of mainshocks.", "1", ge=0, le=5.5)
    aftershocks_per_minute: float = setting(
        1.0, "Aftershocks a minute just after a mainshock.", "1/min", ge=0, le=10
    )
    tremor: float = setting(
        10.0, "Bursts of tremor a day, and as many low-frequency earthquakes.", "1", ge=0, le=1000
    )
    blasts: float = setting(6.0, "Quarry blasts a day, from 8 to 17 h.", "1", ge=0, le=200)
    teleseisms: float = setting(1.0, "Teleseisms a day.", "1", ge=0, le=24)
    noise: list[NoiseKind] = setting(
        lambda: [
            "storm", "culture", "wind", "machine", "spike", "step", "calibration", "fill", "gap",
            "dead", "clock",
        ],
        "What comes on top of the background noise: microseism storms, culture by day, wind, "
        "machines, spikes, steps, calibration pulses, constant fill, gaps, a dead station, a "
        "station with a wrong clock.",
    )  # fmt: skip
    noise_share: tuple[float, float] = setting(
        (0.1, 0.45),
        "Stations lie from this share of the way between the low and the high noise model to this.",
        "1",
    )
    flawed_share: float = setting(
        0.2, "Share of the stations that have each flaw on a day, one at least.", "1", ge=0, le=1
    )
    magnitude_scatter: float = setting(
        0.1, "Standard deviation of log10 amplitudes.", "1", ge=0, le=1
    )

    @field_validator("start", mode="before")
    @classmethod
    def _is_moment(cls, value: Any) -> Any:
        # YAML makes a date of what looks like one
        if isinstance(value, datetime.date):
            value = value.isoformat()
        if not isinstance(value, str):
            return value
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(
                f"'{value}' is no moment; write 2019-07-04 or 2019-07-04T21:00:00"
            ) from None
        if moment.tzinfo is not None:
            moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
        if not 1900 <= moment.year < 2200:
            raise ValueError(f"the year {moment.year} is not between 1900 and 2200")
        return moment.replace(microsecond=0).isoformat()

    @field_validator("noise_share")
    @classmethod
    def _is_range(cls, value: tuple[float, float]) -> tuple[float, float]:
        low, high = value
        if not -0.5 <= low <= high <= 1.5:
            raise ValueError("noise_share is [from, to] with -0.5 <= from <= to <= 1.5")
        return value
