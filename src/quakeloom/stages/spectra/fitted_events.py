"""Events of a partition fitted: rows of sources, and what each reading says; runs on a worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings, Spectra
from quakeloom.schema import make_table
from quakeloom.spectra import (
    FittedEvents,
    QuietReadings,
    Readings,
    SourceEstimates,
    fit_events,
    moment_magnitude,
    source_radius_m,
    summarize,
)
from quakeloom.stages.spectra.kept_spectra import (
    EventSpectra,
    event_spectra,
    fit_options,
    medium_of,
    read_measured,
)
from quakeloom.stages.spectra.wanted_spectra import located_events
from quakeloom.store import RunLayout

Floats = NDArray[np.float64]

_BLOCK = 256
"""Events that are fitted together: grids of 20 MB (chosen here)."""


@dataclass(frozen=True)
class FitTask:
    """A partition to fit; ``sites`` has terms of sites by network, station and phase."""

    settings: Settings
    layout: RunLayout
    partition: str


@dataclass(frozen=True)
class FittedPartition:
    """Tables of a partition, and what the fits say of all."""

    sources: pa.Table
    stations: pa.Table


def fit_partition(task: FitTask) -> FittedPartition:
    """Fit the events of a partition."""
    spectra = task.settings.spectra
    assert spectra is not None
    events = located_events(task.settings, task.layout, task.partition)
    table = read_measured(task.layout, task.partition)
    ids = events.column("event_id").to_pylist()
    found = event_spectra(spectra, task.layout, task.partition, ids, table)
    columns: dict[str, list[Any]] = {}
    level, t_star, misfit = (np.full(table.num_rows, np.nan) for _ in range(3))
    for first in range(0, len(ids), _BLOCK):
        last = min(first + _BLOCK, len(ids))
        a, b = found.readings.offsets[first], found.readings.offsets[last]
        own = take_readings(found.readings, first, last)
        fitted = fit_events(own, fit_options(spectra), take_quiet(found.quiet, first, last))
        part = _event_columns(spectra, fitted, found.phase[first:last])
        for name, values in part.items():
            columns.setdefault(name, []).append(values)
        rows = found.rows[a:b]
        level[rows] = moment_magnitude(fitted.levels.log_moment)
        t_star[rows], misfit[rows] = fitted.levels.t_star_s, fitted.levels.misfit
    joined = {n: np.concatenate(v) for n, v in columns.items()}
    stations = make_table(
        "station_spectra",
        {
            **{n: table.column(n) for n in table.column_names},
            "spectrum_level": level, "spectrum_t_star": t_star, "spectrum_misfit": misfit,
        },
        rows=table.num_rows,
    )  # fmt: skip
    return FittedPartition(_source_table(spectra, events, found, joined), stations)


def take_readings(readings: Readings, first: int, last: int) -> Readings:
    """Return the readings of events ``first ... last - 1``."""
    a, b = readings.offsets[first], readings.offsets[last]
    return replace(
        readings, offsets=readings.offsets[first : last + 1] - a,
        **{
            n: getattr(readings, n)[a:b]
            for n in ("log_moment", "error", "correlation", "bounds", "attenuation_s", "term",
                      "term_variance")
        },
    )  # fmt: skip


def take_quiet(quiet: QuietReadings, first: int, last: int) -> QuietReadings:
    """Return the quiet readings of events ``first ... last - 1``."""
    a, b = quiet.offsets[first], quiet.offsets[last]
    return replace(
        quiet, offsets=quiet.offsets[first : last + 1] - a, log_limit=quiet.log_limit[a:b],
        attenuation_s=quiet.attenuation_s[a:b], term=quiet.term[a:b],
        term_variance=quiet.term_variance[a:b],
    )  # fmt: skip


def _event_columns(spectra: Spectra, fitted: FittedEvents, phases: list[str]) -> dict[str, Any]:
    """Return columns of events: what the posterior says, by phase since corners mean others."""
    grid = fitted.grid
    by_phase = {
        p: summarize(grid, p, spectra.rupture, medium_of(spectra)) for p in sorted({*phases} - {""})
    }
    found: dict[str, Any] = {"band": grid.bands, "scale": fitted.scale}
    if not by_phase:
        by_phase = {"S": summarize(grid, "S", spectra.rupture, medium_of(spectra))}
    is_phase = {p: np.array([q == p for q in phases]) for p in by_phase}
    for name in SourceEstimates.__dataclass_fields__:
        values = next(iter(by_phase.values())).__dict__[name].copy()
        for p, estimates in by_phase.items():
            values[is_phase[p]] = estimates.__dict__[name][is_phase[p]]
        found[name] = values
    return found


def _source_table(
    spectra: Spectra, events: pa.Table, found: EventSpectra, columns: dict[str, Any]
) -> pa.Table:
    """Return the table of sources."""
    count = np.diff(found.readings.offsets)
    placed = np.isfinite(
        sum(events.column(n).to_numpy() for n in ("longitude", "latitude", "depth_km"))
    )
    status = np.select(
        [~placed, count == 0, count < spectra.minimum_readings],
        ["no_hypocenter", "no_spectrum", "few_stations"], "measured",
    )  # fmt: skip
    ranges = moment_magnitude(columns["log_moment_range"])
    stress = {n: _megapascal(columns[n]) for n in ("log_stress", "log_stress_range",
                                                   "log_stress_all_range")}  # fmt: skip
    corner = columns["corner_range"]
    phase = np.array(found.phase, dtype=object)
    radius = np.full(count.size, np.nan)
    for p in set(found.phase) - {""}:
        own = phase == p
        radius[own] = source_radius_m(
            spectra.rupture, p, medium_of(spectra), columns["corner_hz"][own]
        )
    names = ("event_id", "origin_time", "longitude", "latitude", "depth_km", "magnitude")
    return make_table("source_spectra", {
        **{n: events.column(n) for n in names},
        "source_status": status.tolist(), "reason": _reasons(spectra, found, status, columns),
        "spectrum_phase": found.phase, "spectrum_count": count,
        "band_low_hz": columns["band"][:, 0], "band_high_hz": columns["band"][:, 1],
        "moment_magnitude": moment_magnitude(columns["log_moment"]),
        "moment_magnitude_error": columns["log_moment_error"] * 2.0 / 3.0 / np.log(10.0),
        "moment_magnitude_low": ranges[:, 0], "moment_magnitude_high": ranges[:, 1],
        "seismic_moment_nm": np.exp(columns["log_moment"]),
        "corner_status": columns["corner_status"].tolist(), "corner_hz": columns["corner_hz"],
        "corner_low_hz": corner[:, 0],
        "corner_high_hz": np.where(np.isfinite(corner[:, 1]), corner[:, 1], np.nan),
        "stress_drop_mpa": stress["log_stress"],
        "stress_drop_low_mpa": stress["log_stress_range"][:, 0],
        "stress_drop_high_mpa": stress["log_stress_range"][:, 1],
        "stress_drop_least_mpa": stress["log_stress_all_range"][:, 0],
        "stress_drop_most_mpa": stress["log_stress_all_range"][:, 1],
        "rupture": np.where(count > 0, spectra.rupture, "").tolist(), "source_radius_m": radius,
        "brune_share": columns["brune_share"], "attenuation_factor": columns["factor"],
        "level_scatter": columns["scatter"],
        "error_scale": np.where(count, columns["scale"], np.nan),
    }, rows=count.size)  # fmt: skip


def _megapascal(log_pascal: Floats) -> Floats:
    """Return MPa of ln Pa; NaN where there is no end."""
    with np.errstate(over="ignore"):
        found = np.exp(log_pascal - np.log(1e6))
    return np.where(np.isfinite(found), found, np.nan)


def _reasons(
    spectra: Spectra, found: EventSpectra, status: NDArray[np.str_], columns: dict[str, Any]
) -> list[str]:
    """Return why events have no values, or what is to be known of them, in words."""
    said = []
    for i, what in enumerate(status.tolist()):
        have = ", ".join(f"{p} {int(c[i])}" for p, c in found.counts.items())
        low, high = columns["band"][i]
        if what == "no_hypocenter":
            said.append("the hypocenter is not known")
            continue
        if what == "no_spectrum":
            said.append("no reading has a spectrum: see station_spectra")
            continue
        words = ""
        if what == "few_stations":
            words = f"{have} spectra of {spectra.minimum_readings}"
        at_least, at_most = columns["corner_range"][i]
        corner = {
            "above_band": f"the corner is above {at_least:.3g} Hz: the band ends at {high:.3g} Hz",
            "below_band": f"the corner is below {at_most:.3g} Hz: the band begins at {low:.3g} Hz, "
            "and the moment is that of a level which is not seen",
            "unresolved": f"the band from {low:.3g} to {high:.3g} Hz does not tell the corner",
        }.get(columns["corner_status"][i], "")
        said.append("; ".join(filter(None, (words, corner))))
    return said


__all__ = ["FitTask", "FittedPartition", "fit_partition", "take_readings"]
