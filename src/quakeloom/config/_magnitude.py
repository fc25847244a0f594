"""Settings of magnitudes from the amplitudes of a run, and of what its catalog says."""

from __future__ import annotations

from typing import Literal

from quakeloom.config._fields import Section, setting


class Magnitude(Section):
    """Magnitudes of the events that a run finds, completeness and b-values.

    The stage runs where this group is given, even empty (`magnitude: {}`), beside `associate`.
    """

    formula: Literal["ML_hutton_boore", "Mv_watanabe"] = setting(
        "ML_hutton_boore",
        "Local magnitude of Wood-Anderson amplitudes (gain 2080), or of vertical velocities.",
    )
    attenuation: Literal["fixed", "estimated"] = setting(
        "fixed", "That of the formula, or estimated from the amplitudes of the run, around it."
    )
    minimum_snr: float = setting(
        3.0, "Amplitudes of a smaller signal-to-noise ratio are left out.", "1", ge=0, le=1e6
    )
    station_terms: bool = setting(True, "Estimate a term of every station.")
    reference: list[str] = setting(
        list, "Stations, as NET.STA or STA, whose terms sum to 0; all, if none is given."
    )
    minimum_amplitudes: int = setting(
        2, "Events with fewer amplitudes have no magnitude.", "amplitudes", ge=1, le=1000
    )
    bin_width: float = setting(
        0.1, "Bins of magnitudes, for completeness and b-values.", "1", ge=0.01, le=1
    )
    correction: float = setting(
        0.0, "Added to completeness by maximum curvature; 0.2 is usual.", "1", ge=0, le=1
    )
    least_difference: float = setting(
        0.2, "Smaller differences of successive magnitudes do not count in b-positive.", "1",
        ge=0, le=2,
    )  # fmt: skip
    bootstraps: int = setting(
        500, "Catalogs that are drawn for the range of completeness.", "1", ge=20, le=100_000
    )
    minimum_events: int = setting(
        100, "Windows of time and cells with fewer magnitudes have no completeness.", "events",
        ge=20, le=1_000_000,
    )  # fmt: skip
    window_days: float = setting(
        30.0, "Windows of time, from 1970 on; 0 for none.", "days", ge=0, le=36_525
    )
    cell_deg: float = setting(
        0.2, "Cells of latitude and longitude, from 0 on; 0 for none.", "deg", ge=0, le=90
    )
