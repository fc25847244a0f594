"""Settings of the search for repeating earthquakes."""

from __future__ import annotations

from pydantic import model_validator

from quakeloom.config._fields import Section, setting


class Repeaters(Section):
    """Repeating earthquakes, by which first motions are judged without knowing the truth.

    The stage runs where this group is given, even empty (`repeaters: {}`), beside `waveforms`.
    """

    distance_km: float = setting(
        3.0, "Events farther apart are not compared; errors of location included.", "km", gt=0,
        le=50,
    )  # fmt: skip
    magnitude_difference: float = setting(
        0.7, "Events whose magnitudes differ by more are not compared.", "1", ge=0
    )
    least_correlation: float = setting(
        0.95, "Seismograms are alike from this coefficient, by amount.", "1", gt=0.5, lt=1
    )
    least_stations: int = setting(
        2, "Events repeat if they are alike at so many stations.", "stations", ge=1, le=100
    )
    before_p_s: float = setting(0.5, "Compared from so long before P.", "s", ge=0, le=10)
    after_p_s: float = setting(4.0, "Compared until so long after P.", "s", ge=0.5, le=60)
    low_hz: float = setting(1.0, "Seismograms are compared above this frequency, and", "Hz", gt=0)
    high_hz: float = setting(15.0, "below this one; the filter is causal.", "Hz", gt=0)
    most_lag_s: float = setting(0.2, "Picks may be wrong by so much.", "s", ge=0, le=2)

    @model_validator(mode="after")
    def _band_is_one(self) -> Repeaters:
        if self.high_hz <= self.low_hz:
            raise ValueError(
                f"high_hz ({self.high_hz:g}) is not above low_hz ({self.low_hz:g}); give a band"
            )
        return self
