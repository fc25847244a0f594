"""Settings of the way from continuous records to picks over all time."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import field_validator

from quakeloom.config._fields import Section, setting


class Detect(Section):
    """Picks over all time, day by day, of the archives of `waveforms` with its picker.

    Archives, weights and the directions of sensors are those of the group `waveforms`.
    """

    p_threshold: float = setting(0.5, "Minimum probability of a P pick.", "1", gt=0, lt=1)
    s_threshold: float = setting(0.5, "Minimum probability of an S pick.", "1", gt=0, lt=1)
    instruments: Literal["best", "all"] = setting(
        "best",
        "Pick the best instrument of a station that recorded at a time, or all, and keep the "
        "better of simultaneous picks.",
    )
    stations: list[str] = setting(
        list, "Stations to pick, as CODE or NETWORK.CODE; empty: all of the archive."
    )
    most_picks_per_hour: int = setting(
        1000,
        "An hour of an instrument with more P picks is put aside as a flood.",
        "picks",
        ge=10,
        le=7200,
    )
    silent_days: int = setting(
        30,
        "A station without records is told for so many days after its last one.",
        "days",
        ge=0,
        le=3660,
    )
    responses: list[str] = setting(
        list,
        "Responses of instruments, relative to `data`: StationXML, dataless SEED, RESP, SAC poles "
        "and zeros; empty: the StationXML and dataless files of `sources`.",
    )
    wood_anderson_gain: float = setting(
        2080.0,
        "Static magnification of the Wood-Anderson seismometer: 2080 as measured by Uhrhammer & "
        "Collins (1990), 2800 as Anderson & Wood (1925) give it; magnitudes differ by 0.129.",
        "1",
        gt=0,
        le=10000,
    )
    wood_anderson_damping: float = setting(
        0.7, "Its damping: 0.7 (1990), 0.8 (1925).", "1", gt=0, le=2
    )
    wood_anderson_period_s: float = setting(0.8, "Its natural period.", "s", gt=0, le=10)
    amplitude_corners_hz: list[float] = setting(
        lambda: [0.2, 1.0],
        "Corners of the high-pass before amplitudes are measured: the first with which the "
        "amplitude stands out of the noise is taken, else the last.",
        "Hz",
    )
    amplitude_snr: float = setting(
        3.0, "An amplitude stands out that is so many times that of the noise.", "1", ge=1, le=100
    )

    @field_validator("amplitude_corners_hz")
    @classmethod
    def _corners_rise(cls, value: list[float]) -> list[float]:
        rising = all(a < b for a, b in pairwise(value))
        if not value or not rising or value[0] < 0.01 or value[-1] > 5.0:
            raise ValueError(
                f"amplitude_corners_hz {value} must be one or more rising frequencies from 0.01 "
                "to 5 Hz, such as [0.2, 1.0]"
            )
        return value
