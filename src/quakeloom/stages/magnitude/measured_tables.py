"""From tables of amplitudes, events and stations to tables of magnitudes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Magnitude
from quakeloom.core import InputError, distance_azimuth
from quakeloom.magnitude import (
    Amplitudes,
    MeasuredMagnitudes,
    MeasuringOptions,
    find_formula,
    measure_magnitudes,
)
from quakeloom.schema import make_table, phase_class, time_values
from quakeloom.stages.readings.station_epochs import find_stations

Floats = NDArray[np.float64]

MAGNITUDE_TYPES = {"ML_hutton_boore": "ML", "Mv_watanabe": "Mv"}
"""Types of magnitudes, by formula."""

_AMPLITUDES = {"ML_hutton_boore": ("amplitude_wa_mm", 1.0),
               "Mv_watanabe": ("peak_velocity_m_s", 100.0)}  # fmt: skip
"""Column of the amplitudes of a formula, and what it takes to its unit."""

_CLIPPED = ("clipped", "amplitude_clipped")
"""Columns that say, where they are there, that an amplitude is too small."""

_SHOWN = 5
"""Stations that a message names."""


@dataclass(frozen=True)
class MagnitudeTables:
    """Magnitudes as registered tables.

    Attributes
    ----------
    magnitudes, station_magnitudes, magnitude_terms : pyarrow.Table
    facts : dict
        JSON values: formula, attenuation, scatter, counts.
    """

    magnitudes: pa.Table
    station_magnitudes: pa.Table
    magnitude_terms: pa.Table
    facts: dict[str, Any]


def measure_catalog(
    asked: Magnitude, events: pa.Table, amplitudes: pa.Table, stations: pa.Table
) -> MagnitudeTables:
    """Measure the magnitudes of all events together.

    Parameters
    ----------
    asked : Magnitude
    events : pyarrow.Table
        With ``event_id``, ``origin_time``, ``longitude``, ``latitude`` and ``depth_km``, which are
        NaN where an event was not located, and either the covariance as in ``hypocenters`` or
        ``horizontal_error_km`` and ``vertical_error_km``.
    amplitudes : pyarrow.Table
        Table ``assignments``; where there is no phase, any amplitude is one of S.
    stations : pyarrow.Table
        Table ``stations``.

    Raises
    ------
    InputError
        If an amplitude is of no event, an event is there twice, or a reference station is unknown.
    """
    rows = _chosen_rows(asked, events, amplitudes)
    depth = events.column("depth_km").to_numpy().astype(float)
    names, number = np.unique(rows["code"].to_numpy(dtype=str), return_inverse=True)
    data = Amplitudes(
        rows["event"].to_numpy(np.int64), number.astype(np.int64),
        rows["amplitude"].to_numpy(float), rows["snr"].to_numpy(float),
        rows["clipped"].to_numpy(bool), _away_km(rows, events, amplitudes, stations),
        np.where(rows["is_p"], "no_s", "").astype(object),
    )  # fmt: skip
    options = MeasuringOptions(
        asked.formula, asked.attenuation == "estimated", asked.minimum_snr, asked.station_terms,
        asked.minimum_amplitudes,
    )  # fmt: skip
    reference = _reference(asked.reference, names, stations)
    found = measure_magnitudes(data, depth, _covariances(events), names.size, options, reference)
    return MagnitudeTables(
        _event_table(asked, events, data, found), _station_table(events, rows, data, found),
        _term_table(names, found), _facts(asked, found),
    )  # fmt: skip


def _chosen_rows(asked: Magnitude, events: pa.Table, amplitudes: pa.Table) -> pd.DataFrame:
    """Return one row per event and station, of S where there is one, with its row in the table."""
    column, factor = _AMPLITUDES[asked.formula]
    wanted = ["event_id", "network", "station", "phase", "amplitude_wa_snr", column]
    flags = [n for n in _CLIPPED if n in amplitudes.column_names]
    frame = amplitudes.select([*wanted, *flags]).to_pandas()
    ids = pd.Index(events.column("event_id").to_pylist())
    if not ids.is_unique:
        raise InputError(
            f"Event '{ids[ids.duplicated()][0]}' is there twice, so its amplitudes belong to no "
            "one event. Nothing was measured; give every event an id of its own."
        )
    frame["event"] = ids.get_indexer(frame["event_id"])
    if (frame["event"] < 0).any():
        lost = frame.loc[frame["event"] < 0, "event_id"]
        raise InputError(
            f"{lost.size} amplitudes are of events that are not in the table of events, such as "
            f"'{lost.iloc[0]}'. Nothing was measured; give the events that they belong to."
        )
    frame["row"] = np.arange(len(frame))
    frame["code"] = frame["network"] + "." + frame["station"]
    kinds = {p: phase_class(p) for p in frame["phase"].unique()}
    frame["is_p"] = frame["phase"].map(lambda p: kinds[p] == "P").astype(bool)
    frame["amplitude"] = frame[column] * factor
    frame["snr"] = frame["amplitude_wa_snr"]
    frame["clipped"] = frame[flags].any(axis=1) if flags else False
    frame["none"] = ~(frame["amplitude"] > 0.0)
    # of P alone only where there is no S, and one without a value only where there is no other
    frame = frame.sort_values(["event", "code", "is_p", "none", "row"], kind="stable")
    return pd.DataFrame(frame.drop_duplicates(["event", "code"]).reset_index(drop=True))


def _away_km(
    rows: pd.DataFrame, events: pa.Table, amplitudes: pa.Table, stations: pa.Table
) -> Floats:
    """Return where hypocenters are as seen from stations: east, north and down, NaN if unknown."""
    event = rows["event"].to_numpy()
    columns = [c for c in ("network", "station", "channel", "location_code")
               if c in amplitudes.column_names]  # fmt: skip
    readings = amplitudes.select(columns).take(pa.array(rows["row"].to_numpy()))
    times = time_values(events.column("origin_time")).astype("datetime64[ns]")[event]
    places = find_stations(stations, readings, times)
    longitude, latitude, depth = (
        events.column(n).to_numpy().astype(float)[event]
        for n in ("longitude", "latitude", "depth_km")
    )
    away = np.full((event.size, 3), np.nan)
    known = np.isfinite(places.longitude + longitude + depth)
    distance, azimuth = distance_azimuth(
        places.longitude[known], places.latitude[known], longitude[known], latitude[known]
    )
    angle = np.radians(azimuth)
    height = np.nan_to_num(places.elevation_m[known]) / 1000.0
    away[known] = np.column_stack(
        [distance * np.sin(angle), distance * np.cos(angle), depth[known] + height]
    )
    return away


def _covariances(events: pa.Table) -> Floats:
    """Return covariances of hypocenters, east, north and down, km^2; NaN where unknown."""
    found = np.full((events.num_rows, 3, 3), np.nan)
    if "cov_ee" in events.column_names:
        for i, j, name in (
            (0, 0, "ee"), (0, 1, "en"), (0, 2, "ed"), (1, 1, "nn"), (1, 2, "nd"), (2, 2, "dd"),
        ):  # fmt: skip
            found[:, i, j] = found[:, j, i] = events.column(f"cov_{name}").to_numpy()
    elif "horizontal_error_km" in events.column_names:
        across = events.column("horizontal_error_km").to_numpy()
        down = events.column("vertical_error_km").to_numpy()
        found[:, 0, 0] = found[:, 1, 1] = across**2
        found[:, 2, 2] = down**2
    return found


def _reference(
    wanted: list[str], names: NDArray[np.str_], stations: pa.Table
) -> NDArray[np.bool_] | None:
    """Return which stations with amplitudes are reference stations; None for all."""
    if not wanted:
        return None
    codes = [n.partition(".")[2] for n in names.tolist()]
    known = set(stations.column("station").to_pylist())
    strange = [w for w in wanted if w.rpartition(".")[2] not in known]
    if strange:
        raise InputError(
            f"magnitude.reference names {', '.join(strange[:_SHOWN])}, which the table of stations "
            "does not have. Nothing was measured; write NET.STA or STA of stations that are there."
        )
    return np.array([n in wanted or c in wanted for n, c in zip(names, codes, strict=True)], bool)


def _event_table(
    asked: Magnitude, events: pa.Table, data: Amplitudes, found: MeasuredMagnitudes
) -> pa.Table:
    formula = find_formula(asked.formula)
    saturated = np.nan_to_num(found.magnitude, nan=-9.0) >= formula.saturates_at
    saturated |= np.nan_to_num(found.at_least, nan=-9.0) >= formula.saturates_at
    measured = found.status == "measured"
    places = ("event_id", "origin_time", "longitude", "latitude", "depth_km")
    return make_table("magnitudes", {
        **{n: events.column(n) for n in places},
        "magnitude_status": found.status.tolist(),
        "reason": _reasons(asked, data, found, saturated),
        "magnitude": found.magnitude, "magnitude_error": found.magnitude_sd,
        "magnitude_type": np.where(measured, MAGNITUDE_TYPES[asked.formula], "").tolist(),
        "amplitude_count": found.used_count, "clipped_count": found.clipped_count,
        "magnitude_at_least": found.at_least, "is_saturated": saturated,
    }, rows=events.num_rows)  # fmt: skip


def _reasons(
    asked: Magnitude, data: Amplitudes, found: MeasuredMagnitudes, saturated: NDArray[np.bool_]
) -> list[str]:
    """Return why events have no magnitude, or what is to be known of it, in words."""
    formula = find_formula(asked.formula)
    left: dict[int, Counter[str]] = {}
    for event, why in zip(data.event.tolist(), found.left_out.tolist(), strict=True):
        if why:
            left.setdefault(event, Counter())[why] += 1
    words = []
    for event, status in enumerate(found.status.tolist()):
        aside = left.get(event, Counter())
        counted = ", ".join(f"{why} {n}" for why, n in sorted(aside.items()))
        clipped = int(found.clipped_count[event])
        used = int(found.used_count[event])
        said = {
            "measured": f"{clipped} clipped amplitudes are left out" if clipped else "",
            "at_least": f"{clipped} of {clipped + used} amplitudes are clipped, so this is a lower "
            "bound",
            "few_amplitudes": f"{used} of {asked.minimum_amplitudes} amplitudes; left out: "
            f"{counted or 'none'}",
            "no_amplitude": f"no amplitude can be used: {counted or 'there is none'}",
            "no_hypocenter": "the event was not located",
            "too_deep": f"deeper than {formula.maximum_depth_km:g} km, for which {formula.name} is "
            "not made",
            "impossible": "its amplitudes give a magnitude that no earthquake has; check units and "
            "responses",
        }[status]
        if saturated[event]:
            more = f"{formula.name} saturates from {formula.saturates_at:g} on"
            said = f"{said}; {more}" if said else more
        words.append(said)
    return words


def _station_table(
    events: pa.Table, rows: pd.DataFrame, data: Amplitudes, found: MeasuredMagnitudes
) -> pa.Table:
    return make_table("station_magnitudes", {
        "event_id": events.column("event_id").take(pa.array(data.event)),
        "network": rows["network"].tolist(), "station": rows["station"].tolist(),
        "amplitude": data.amplitude, "amplitude_wa_snr": data.snr,
        "hypocentral_km": found.distance_km, "station_magnitude": found.station_magnitude,
        "magnitude_residual": found.residual, "amplitude_weight": found.weight,
        "amplitude_use": [why or "used" for why in found.left_out.tolist()],
    }, rows=len(rows))  # fmt: skip


def _term_table(names: NDArray[np.str_], found: MeasuredMagnitudes) -> pa.Table:
    codes = [n.partition(".") for n in names.tolist()]
    return make_table("magnitude_terms", {
        "network": [c[0] for c in codes], "station": [c[2] for c in codes],
        "magnitude_term": found.station_term, "magnitude_term_error": found.station_term_sd,
        "amplitude_count": found.station_count,
    }, rows=names.size)  # fmt: skip


def _level_error(asked: Magnitude, found: MeasuredMagnitudes) -> float | None:
    """Return the standard error of the level of all magnitudes; None where it is not known.

    Terms are relative to the mean site of those stations that tell the level: all of them, or the
    reference. That mean is off by the scatter of sites over the root of their number.
    """
    terms = found.station_term[(found.station_count > 0) & np.isfinite(found.station_term)]
    if not asked.station_terms or terms.size < 3:
        return None
    among = len(asked.reference) or terms.size
    return round(float(np.std(terms, ddof=1) / np.sqrt(among)), 4)


def _facts(asked: Magnitude, found: MeasuredMagnitudes) -> dict[str, Any]:
    scale = found.scale
    return {
        "settings": asked.model_dump(mode="json"),
        "formula": asked.formula,
        "reference": find_formula(asked.formula).reference,
        "spreading": round(float(found.spreading), 6),
        "absorption_per_km": round(float(found.absorption), 8),
        "scale": round(float(scale), 6) if np.isfinite(scale) else None,
        "level_error": _level_error(asked, found),
        "events": dict(sorted(Counter(found.status.tolist()).items())),
        "amplitudes": dict(
            sorted(Counter(why or "used" for why in found.left_out.tolist()).items())
        ),
    }


__all__ = ["MAGNITUDE_TYPES", "MagnitudeTables", "measure_catalog"]
