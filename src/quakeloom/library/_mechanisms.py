"""Focal mechanisms of one event or of many."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from quakeloom.config import Settings
from quakeloom.core import InputError
from quakeloom.library._frames import plain_values, take_rows
from quakeloom.library._mechanism_results import Mechanisms, SolvedEvents
from quakeloom.library._settings import SEED, model_names, settings_of
from quakeloom.library._takeoffs import trace_stack
from quakeloom.schema import make_table
from quakeloom.stages.ingest.row_partitions import rows_of_events, unique_events
from quakeloom.stages.ingest.station_places import put_aside_misplaced
from quakeloom.stages.mechanism.blocks import EventBlock, solve_events
from quakeloom.stages.readings.block_readings import Shared

log = logging.getLogger(__name__)

_GROUPS = ("mechanism", "takeoff", "selection")
"""Groups of settings whose names are options here."""

_BLOCK = 1024
"""Events searched together; their number changes no result."""

_ONE = "event"
"""Identifier of a single event."""


def find_mechanism(
    azimuth_deg: ArrayLike,
    takeoff_deg: ArrayLike,
    polarity: ArrayLike,
    *,
    probability_up: ArrayLike | None = None,
    impulsive: ArrayLike | None = None,
    sp_ratio: ArrayLike | None = None,
    station: ArrayLike | None = None,
    event_id: str = _ONE,
    seed: int = SEED,
    **settings: Any,
) -> Mechanisms:
    """Find the focal mechanism of one event from its first motions.

    The grid search of HASH (Hardebeck & Shearer 2002, 2003) with the settings of a run; angles
    vary from trial to trial by ``azimuth_error_deg`` and ``takeoff_error_deg``.

    Parameters
    ----------
    azimuth_deg, takeoff_deg : array_like, shape (readings,)
        Direction of the ray at the source: clockwise from north, and from straight down (0) to
        straight up (180).
    polarity : array_like of int, shape (readings,)
        +1 up, -1 down, 0 not known.
    probability_up : array_like, shape (readings,), optional
        Probability that the first motion is up, NaN where none is stated. They take the place of
        signs with ``use_probabilities=True``.
    impulsive : array_like of bool, shape (readings,), optional
        Whether the onset is impulsive; all are if not given.
    sp_ratio : array_like, shape (readings,), optional
        Amplitude of S over that of P, NaN where there is none.
    station : array_like of str, shape (readings,), optional
        Codes; two readings of one station count once.
    event_id : str
        Keys the random streams with ``seed``: the same event gives the same result.
    seed : int
    **settings
        Settings of the groups ``mechanism``, ``takeoff`` and ``selection``, such as ``trials``,
        ``polarity_error_rate``, ``takeoff_error_deg`` and ``minimum_polarities``.

    Returns
    -------
    Mechanisms
        One row, solved or with the reason why not.

    Raises
    ------
    InputError
        If arrays are of different lengths or empty, or a ratio is not above 0.
    SettingsError
        If a keyword is unknown or wrong.

    Examples
    --------
    >>> found = ql.find_mechanism(azimuth, takeoff, polarity, takeoff_error_deg=5.0)
    >>> found.table[["strike_deg", "dip_deg", "rake_deg", "quality"]]
    """
    columns = _columns(
        azimuth_deg=azimuth_deg, takeoff_deg=takeoff_deg, polarity=polarity,
        probability_up=probability_up, impulsive=impulsive, sp_ratio=sp_ratio, station=station,
    )  # fmt: skip
    rows = len(columns["polarity"])
    impulse, ratio = columns.pop("impulsive", None), columns.pop("sp_ratio", None)
    frame = pd.DataFrame({"event_id": [event_id] * rows, **columns})
    if "station" not in frame:
        frame["station"] = [f"S{i:04d}" for i in range(rows)]
    if impulse is not None:
        frame["onset"] = np.where(np.asarray(impulse, dtype=bool), "I", "E")
    amplitudes = None
    if ratio is not None:
        known = _known_ratios(ratio)
        amplitudes = pd.DataFrame(
            {"event_id": event_id, "station": frame["station"], "p_amplitude": 1.0,
             "s_amplitude": ratio, "p_noise": 0.0, "s_noise": 0.0}
        )[known]  # fmt: skip
    return find_mechanisms(frame, amplitudes=amplitudes, seed=seed, **settings)


def find_mechanisms(
    polarities: Any,
    *,
    events: Any = None,
    stations: Any = None,
    amplitudes: Any = None,
    models: Any = None,
    reversals: Any = None,
    sp_corrections: Any = None,
    seed: int = SEED,
    **settings: Any,
) -> Mechanisms:
    """Find the focal mechanisms of many events, as the stage ``mechanism`` does.

    Results are those of a run with the same seed and settings, to the last bit, whatever the
    order and number of events.

    Parameters
    ----------
    polarities : DataFrame, Catalog, Polarities or table
        First motions with ``event_id``, ``station``, ``polarity`` or ``probability_up``, and,
        unless models are given, ``azimuth_deg`` and ``takeoff_deg``. From a catalog the other
        tables are taken too, where they are not given.
    events : DataFrame or table, optional
        With ``event_id``, ``longitude``, ``latitude``, ``depth_km``; needed with models. Without
        it, the events of the readings.
    stations : DataFrame or table, optional
        With ``network``, ``station``, ``longitude``, ``latitude``, ``elevation_m``; needed with
        models.
    amplitudes : DataFrame or table, optional
        P and S amplitudes with their noise.
    models : str, Path or list, optional
        Velocity models in which take-off angles are traced; without them angles are those of
        the readings.
    reversals, sp_corrections : DataFrame or table, optional
        Spans in which stations are reversed; corrections of log10 S/P.
    seed : int
        Root of the random streams.
    **settings
        Settings of the groups ``mechanism``, ``takeoff`` and ``selection``.

    Returns
    -------
    Mechanisms
        One row per event, solved or with the reason why not.

    Raises
    ------
    InputError
        If there are no readings, or models but no events or stations.
    FormatError
        If a column is missing.
    SettingsError
        If a keyword is unknown or wrong.

    References
    ----------
    Hardebeck, J. L. and P. M. Shearer (2002), BSSA 92, 2264-2276; (2003), BSSA 93, 2434-2444.
    """
    tables, rejects = _take_tables(
        {
            "polarities": polarities, "events": events, "stations": stations,
            "amplitudes": amplitudes, "reversals": reversals, "sp_corrections": sp_corrections,
        }
    )  # fmt: skip
    checked = _check_settings(models, seed, settings)
    _refuse_missing(tables, models is not None)
    if not tables["events"].num_rows:
        ids = list(dict.fromkeys(tables["polarities"].column("event_id").to_pylist()))
        tables["events"] = make_table("events", {"event_id": ids})
    found, aside = _solve(checked, tables)
    aside = pa.concat_tables([*rejects, aside])
    return Mechanisms(found, tables["stations"], aside, checked)


def _known_ratios(ratio: ArrayLike) -> NDArray[np.bool_]:
    """Where a ratio of S to P is given; one that no amplitudes have is refused."""
    values = np.asarray(plain_values(ratio), dtype=float)
    wrong = np.flatnonzero(~np.isnan(values) & ~((values > 0) & np.isfinite(values)))
    if len(wrong):
        raise InputError(
            f"{len(wrong)} of {values.size} ratios of S to P are not above 0 or not finite (the "
            f"first, of reading {wrong[0]}: {values[wrong[0]]:g}). No mechanism was searched; give "
            "ratios, not their logarithms, and NaN where there is none."
        )
    given: NDArray[np.bool_] = ~np.isnan(values)
    return given


def _columns(**given: ArrayLike | None) -> dict[str, Any]:
    """Arrays of one length by name; those that are not given are left out."""
    arrays = {n: np.atleast_1d(plain_values(v)) for n, v in given.items() if v is not None}
    missing = [n for n in ("azimuth_deg", "takeoff_deg", "polarity") if n not in arrays]
    if missing:
        raise InputError(
            f"The event has no {' and no '.join(missing)} (None), so no mechanism can be searched. "
            "Give azimuths, take-off angles and polarities, one value per reading."
        )
    sizes = {n: a.size for n, a in arrays.items()}
    if len(set(sizes.values())) > 1 or any(a.ndim != 1 for a in arrays.values()):
        told = ", ".join(f"{n} has {k}" for n, k in sizes.items())
        raise InputError(
            f"The readings of the event have arrays of different lengths ({told}). No mechanism "
            "was searched; give one value per reading."
        )
    if not sizes["polarity"]:
        raise InputError(
            "The event has no readings, so no mechanism can be searched. Give azimuths, take-off "
            "angles and polarities."
        )
    return arrays


def _take_tables(given: dict[str, Any]) -> tuple[dict[str, pa.Table], list[pa.Table]]:
    """Registered tables of what is given; a catalog of readings has the others too."""
    whole = getattr(given["polarities"], "arrow_tables", {})
    tables, rejects = {}, []
    for name, data in given.items():
        tables[name], aside = take_rows(whole.get(name) if data is None else data, name)
        rejects.append(aside)
    return tables, rejects


def _check_settings(models: Any, seed: int, settings: dict[str, Any]) -> Settings:
    takeoff = (
        {"angles": "given"}
        if models is None
        else {"angles": "layered", "models": model_names(models)}
    )
    return settings_of("find_mechanisms", _GROUPS, settings, seed=seed, takeoff=takeoff)


def _refuse_missing(tables: dict[str, pa.Table], traced: bool) -> None:
    if not tables["polarities"].num_rows:
        raise InputError(
            "There are no first motions, so no mechanism can be searched. Give rows with event_id, "
            "station and polarity."
        )
    for name in ("events", "stations"):
        if traced and not tables[name].num_rows:
            raise InputError(
                f"Take-off angles are to be traced in velocity models, but there are no {name}. "
                f"No mechanism was searched; give `{name}`, or readings with azimuth_deg and "
                "takeoff_deg and no models."
            )


def _solve(settings: Settings, tables: dict[str, pa.Table]) -> tuple[SolvedEvents, pa.Table]:
    events, doubled = unique_events(tables["events"])
    ids = events.column("event_id").combine_chunks()
    rejects = [doubled]
    rows, starts = {}, {}
    for name in ("polarities", "amplitudes"):
        (rows[name], of_event), orphans = rows_of_events(name, tables[name], ids)
        rejects.append(orphans)
        starts[name] = np.searchsorted(of_event, np.arange(len(ids) + 1))
    if settings.takeoff.angles != "given":
        tables["stations"], aside = put_aside_misplaced(
            tables["stations"], events, [rows["polarities"]], log.warning
        )
        rejects.append(aside)
    stack = trace_stack(settings) if settings.takeoff.angles == "layered" else None
    shared = Shared(tables["stations"], tables["reversals"], tables["sp_corrections"], tables=stack)
    pieces: list[dict[str, pa.Table]] = []
    acceptance: list[NDArray[np.uint8]] = []
    for start in range(0, len(ids), _BLOCK):
        stop = min(start + _BLOCK, len(ids))
        part = {
            name: table.slice(starts[name][start], starts[name][stop] - starts[name][start])
            for name, table in rows.items()
        }
        block = EventBlock(settings, events.slice(start, stop - start), **part)
        solved, accepted = solve_events(block, shared)
        pieces.append(solved)
        acceptance.append(accepted)
    gathered = {name: pa.concat_tables([p[name] for p in pieces]) for name in pieces[0]}
    rejects.append(gathered.pop("rejects"))
    found = SolvedEvents(**gathered, acceptance=np.concatenate(acceptance))
    return found, pa.concat_tables(rejects)
