"""Spectra of a partition as they are stored, and as the fits of events take them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings, Spectra
from quakeloom.schema import make_table
from quakeloom.spectra import (
    FitOptions,
    MeasuringChoices,
    Medium,
    QuietReadings,
    Readings,
    bin_correlation,
    frequency_bins,
    half_bandwidth,
    log_moment_factor,
    log_moment_of,
)
from quakeloom.stages.spectra import SPECTRA
from quakeloom.store import Item, RunLayout, open_array, read_table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ARRAYS = ("log_displacement", "log_noise", "log_error")
"""Arrays of the spectra of a partition."""

CHUNK = 1024
"""Spectra of a chunk: 0.2 MB of each array (chosen here)."""


def spectra_group(layout: RunLayout, partition: str) -> Item:
    """Return the Zarr group with the spectra of a partition."""
    return layout.part(SPECTRA.name, partition) / "spectra.zarr"


def medium_of(spectra: Spectra) -> Medium:
    """Return the medium of the settings."""
    return Medium(spectra.vp_m_s, spectra.vs_m_s, spectra.density_kg_m3, spectra.medium_error)


def fit_options(spectra: Spectra) -> FitOptions:
    """Return what is believed before spectra are seen."""
    return FitOptions(
        spectra.attenuation_factor, spectra.attenuation_scatter, spectra.level_scatter,
        shapes=tuple(spectra.models),
    )  # fmt: skip


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    """Return rows of readings as the table ``measured_spectra``."""
    names = ("event_id", "network", "station", "location_code", "channel", "spectrum_phase",
             "spectrum_status", "reason", "spectrum", "timed_by",
             "spectrum_components")  # fmt: skip
    numbers = ("spectrum_window_s", "hypocentral_km", "phase_travel_s", "band_low_hz",
               "band_high_hz", "spectrum_snr")  # fmt: skip
    return make_table(
        "measured_spectra",
        {
            **{n: [r[n] for r in rows] for n in names},
            **{n: [r.get(n, np.nan) for r in rows] for n in numbers},
        },
        rows=len(rows),
    )


@dataclass(frozen=True)
class EventSpectra:
    """Spectra of the events of a partition that are fitted, in the order of events.

    Attributes
    ----------
    readings : Readings
        With expected t* by the settings, and no terms of sites.
    rows : ndarray of int, shape (readings,)
        Their rows in the table of the partition.
    phase : list of str, shape (events,)
        Phase that an event is fitted with; empty where it has none.
    travel_s : ndarray, shape (readings,)
    site : list of (str, str, str), shape (readings,)
        Network, station and phase.
    quiet : QuietReadings
        Readings of the same phase that did not rise above their noise.
    counts : dict of str to ndarray
        Measured spectra of events by phase.
    """

    readings: Readings
    rows: Ints
    phase: list[str]
    travel_s: Floats = field(repr=False)
    site: list[tuple[str, str, str]] = field(repr=False)
    counts: dict[str, Ints] = field(repr=False)
    quiet: QuietReadings = field(repr=False)


def read_measured(layout: RunLayout, partition: str) -> pa.Table:
    """Return the table of readings of a partition."""
    folder = layout.part(SPECTRA.name, partition)
    return read_table(folder / "measured_spectra.parquet", "measured_spectra")


def event_spectra(
    spectra: Spectra, layout: RunLayout, partition: str, events: list[str], table: pa.Table
) -> EventSpectra:
    """Return the spectra that the events of a partition are fitted with.

    Of the phases of the settings the first counts that has ``minimum_readings`` spectra, else
    the one that has most.
    """
    number = {e: i for i, e in enumerate(events)}
    event = np.array([number.get(e, -1) for e in table.column("event_id").to_pylist()], np.int64)
    row_phase = np.array(table.column("spectrum_phase").to_pylist(), dtype=object)
    status = np.array(table.column("spectrum_status").to_pylist(), dtype=object)
    is_there = (status == "measured") & (event >= 0)
    counts: dict[str, Ints] = {
        str(p): np.bincount(event[is_there & (row_phase == p)], minlength=len(events))
        for p in spectra.phases
    }
    chosen = [_choose(spectra, {p: int(c[i]) for p, c in counts.items()})
              for i in range(len(events))]  # fmt: skip
    of_event = np.array([*chosen, ""], dtype=object)[event]
    group = spectra_group(layout, partition)

    def of_status(wanted: str) -> tuple[Ints, Ints, pa.Table]:
        rows = np.flatnonzero((status == wanted) & (event >= 0) & (row_phase == of_event))
        rows = rows[np.argsort(event[rows], kind="stable")]
        return rows, np.searchsorted(event[rows], np.arange(len(events) + 1)), table.take(rows)

    rows, offsets, taken = of_status("measured")
    readings, travel = _readings(spectra, group, taken, offsets)
    _, quiet_offsets, quiet_rows = of_status("narrow_band")
    quiet = _quiet(spectra, group, quiet_rows, quiet_offsets)
    site = list(
        zip(
            *(taken.column(n).to_pylist() for n in ("network", "station", "spectrum_phase")),
            strict=True,
        )
    )
    return EventSpectra(readings, rows, chosen, travel, site, counts, quiet)


def _choose(spectra: Spectra, counts: dict[str, int]) -> str:
    for phase, count in counts.items():
        if count >= spectra.minimum_readings:
            return phase
    best = max(counts.values(), default=0)
    return next((p for p, c in counts.items() if c == best and c > 0), "")


@dataclass(frozen=True)
class _Paths:
    """Distances as they enter: ln of what makes a moment, and travel times."""

    factor: Floats
    travel_s: Floats


def _paths(spectra: Spectra, taken: pa.Table) -> _Paths:
    medium = medium_of(spectra)
    distance, travel = (
        taken.column(c).to_numpy().astype(float) for c in ("hypocentral_km", "phase_travel_s")
    )
    phase = np.array(taken.column("spectrum_phase").to_pylist(), dtype=object)
    factor, path = np.zeros(distance.size), np.zeros(distance.size)
    for p in ("P", "S"):
        own = phase == p
        factor[own] = log_moment_factor(p, distance[own], medium)
        path[own] = 1000.0 * distance[own] / medium.velocity(p)
    # an origin time of another catalog may be later than the phase
    return _Paths(factor, np.where(travel > 0.3 * path, travel, path))


def _stored(group: Item, taken: pa.Table, name: str) -> Floats:
    at = taken.column("spectrum").to_numpy()
    if not at.size:
        return np.empty((0, frequency_bins().count))
    found: Floats = np.asarray(open_array(group, name)[...], np.float64)[at]
    return found


def _readings(
    spectra: Spectra, group: Item, taken: pa.Table, offsets: Ints
) -> tuple[Readings, Floats]:
    """Return spectra as moments, with what is expected of their attenuation."""
    f = frequency_bins().center_hz
    paths = _paths(spectra, taken)
    n = taken.num_rows
    seconds, low, high = (
        taken.column(c).to_numpy().astype(float)
        for c in ("spectrum_window_s", "band_low_hz", "band_high_hz")
    )
    bounds = np.column_stack([
        np.searchsorted(f, low * 0.999), np.searchsorted(f, high * 1.001),
    ]).astype(np.int64)  # fmt: skip
    displacement = np.nan_to_num(_stored(group, taken, "log_displacement"))
    readings = Readings(
        offsets.astype(np.int64), displacement + paths.factor[:, None],
        np.nan_to_num(_stored(group, taken, "log_error"), nan=1.0),
        bin_correlation(seconds, MeasuringChoices().misfit_decades), bounds,
        paths.travel_s / spectra.q + spectra.kappa_s, np.zeros(n), np.zeros(n),
    )  # fmt: skip
    return readings, paths.travel_s


def _quiet(spectra: Spectra, group: Item, taken: pa.Table, offsets: Ints) -> QuietReadings:
    """Return what readings in their noise say: the moment spectrum from which on they would count.

    Between the lowest frequency of the tapers and the highest that any bin of them has.
    """
    f = frequency_bins().center_hz
    paths = _paths(spectra, taken)
    seconds = taken.column("spectrum_window_s").to_numpy().astype(float)
    noise = _stored(group, taken, "log_noise") + 0.5 * np.log(spectra.minimum_snr**2 - 1.0)
    usable = np.isfinite(noise) & (f >= half_bandwidth(seconds)[:, None])
    return QuietReadings(
        offsets.astype(np.int64), np.where(usable, noise + paths.factor[:, None], np.inf),
        paths.travel_s / spectra.q + spectra.kappa_s, np.zeros(taken.num_rows),
        np.zeros(taken.num_rows), spectra.minimum_bins,
    )  # fmt: skip


def read_shown(
    settings: Settings, layout: RunLayout, partitions: list[str], events: dict[str, Any]
) -> dict[str, Floats]:
    """Return spectra of some events as moments, attenuation and level of each taken off, for plots.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    partitions : list of str
    events : dict
        Rows of ``source_spectra`` by event.

    Returns
    -------
    dict of str to ndarray, shape (readings, bins)
        ln N m; NaN outside of the band.
    """
    spectra = settings.spectra
    assert spectra is not None
    f = frequency_bins().center_hz
    table = read_table(layout.table("station_spectra"), "station_spectra")
    fits = {_key(r): r for r in table.to_pylist() if r["event_id"] in events}
    found: dict[str, list[Floats]] = {}
    for name in partitions:
        part = read_measured(layout, name)
        rows = [
            i for i, r in enumerate(part.to_pylist())
            if r["event_id"] in events and r["spectrum_status"] == "measured"
            and r["spectrum_phase"] == events[r["event_id"]]["spectrum_phase"]
        ]  # fmt: skip
        taken = part.take(pa.array(rows, pa.int64()))
        moment = _stored(spectra_group(layout, name), taken, "log_displacement")
        moment = moment + _paths(spectra, taken).factor[:, None]
        for r, y in zip(taken.to_pylist(), moment, strict=True):
            fit = fits[_key(r)]
            level = log_moment_of(fit["spectrum_level"])
            away = log_moment_of(events[r["event_id"]]["moment_magnitude"]) - level
            y = y + np.pi * f * fit["spectrum_t_star"] + away
            inside = (f > 0.999 * r["band_low_hz"]) & (f < 1.001 * r["band_high_hz"])
            found.setdefault(r["event_id"], []).append(np.where(inside, y, np.nan))
    return {event: np.stack(many) for event, many in found.items()}


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[n] for n in ("event_id", "network", "station", "spectrum_phase"))
