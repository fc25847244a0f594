"""Station terms and errors of picks from the residuals of a whole catalog, round by round."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom.config import Locate
from quakeloom.core import InputError, local_position, random_stream
from quakeloom.location import (
    PickNoise,
    ResidualStructure,
    fit_station_terms,
    measure_residual_structure,
    no_shared_delays,
)
from quakeloom.schema import make_table
from quakeloom.stages.locate.events import Corrections, Locator, location_options
from quakeloom.stages.locate.lateral_terms import read_shared_delays
from quakeloom.stages.locate.term_events import (
    FEWEST_PICKS,
    Parts,
    arrival_codes,
    count_neighbors,
    find_keys,
    read_term_events,
    used_arrivals,
)
from quakeloom.stages.locate.term_rounds import NOISE_EVENTS, Rounds
from quakeloom.store import Item, input_place, open_folder, read_table

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

ESTIMATED = ("station_terms", "station_term_draws", "pick_noise")
"""Tables that a round gives."""

_LEAST_FREEDOM = 4.0
"""Least number of delays that a spread is taken to be known from; chosen here: with fewer its
variance has no mean worth the name."""

_MOST_EVENTS = 20_000
"""Events whose residuals are looked at for structure; of a larger catalog an even part."""

_CORRELATED, _SURELY = 0.2, 4.0
"""Correlation of residuals of neighbors, and its ratio to the error without structure, from which
on lateral structure is told. Chosen here: independent picks reach it once in 30,000 catalogs."""

_DELAYED = 2.0
"""Scatter of stations' mean residuals over ``station_error_s`` from which on it is told."""


@dataclass(frozen=True)
class Estimated:
    """What the residuals of a round say.

    Attributes
    ----------
    station_terms, station_term_draws, pick_noise : pyarrow.Table
        Registered tables; the first two have no rows where terms were not asked for.
    """

    station_terms: pa.Table
    station_term_draws: pa.Table
    pick_noise: pa.Table


def estimate_corrections(
    locate: Locate, locator: Locator, parts: Parts, seed: int, terms: bool
) -> Estimated:
    """Estimate station terms and errors of picks from a round of locations.

    Parameters
    ----------
    locate : Locate
    locator : Locator
    parts : callable
        Returns an iterator over hypocenters and arrivals, partition after partition.
    seed : int
        Of the draws of terms.
    terms : bool
        Whether station terms are wanted.
    """
    keys, place = find_keys(parts)
    infer = locate.pick_noise == "inferred" and len(place) >= NOISE_EVENTS
    terms = terms and len(place) > 0
    if not (terms or infer):
        return Estimated(*_empty_terms(), _noise_table({}, {}))
    crowd = count_neighbors(place, locate.correlation_km)
    enough = np.flatnonzero(keys.count >= FEWEST_PICKS)
    names = [keys.names[i] for i in enough]
    members = locator.ensemble.times.member_count
    alike = no_shared_delays(enough.size)
    if terms:
        alike = read_shared_delays(locate, locator, parts, keys, enough)
    found = fit_station_terms(
        locator.ensemble.times,
        lambda: read_term_events(locate, locator, parts, keys, crowd),
        keys.is_s[enough], location_options(locate, locator.stored),
        _standard(names, alike.scatter_s.shape[1], members, seed), infer, alike,
    )  # fmt: skip
    known = {p: n for p, n in zip("PS", found.noise, strict=True) if n is not None}
    spread = dict(zip("PS", found.spread_s.tolist(), strict=True))
    if not terms:
        # delays that are not corrected are errors of picks, beyond what is stated of stations
        count = {p: int(np.sum(keys.is_s[enough] == (p == "S"))) for p in spread}
        more = {p: mean_square(s, count[p]) - locate.station_error_s**2 for p, s in spread.items()}
        known = {p: replace(n, noise_s=max(n.noise_s**2 + more[p], 0.0) ** 0.5)
                 for p, n in known.items()}  # fmt: skip
        return Estimated(*_empty_terms(), _noise_table(known, {}))
    draws = found.draw_s
    term = np.zeros(len(keys.names))
    error = np.array([spread[n[2]] for n in keys.names])
    term[enough], error[enough] = found.term_s, found.error_s
    columns = _name_columns(keys.names) | {
        "station_term_s": term, "station_term_error_s": error, "pick_count": keys.count,
    }  # fmt: skip
    long = {k: np.repeat(v, members) for k, v in _name_columns(names).items()} | {
        "member": np.tile(np.arange(members), len(names)), "station_term_s": draws.ravel(),
    }  # fmt: skip
    return Estimated(
        make_table("station_terms", columns, rows=len(keys.names)),
        make_table("station_term_draws", long, rows=draws.size),
        _noise_table(known, spread, alike.share, found.lateral_level * locate.lateral_spread),
    )


def mean_square(spread_s: float, count: int) -> float:
    """Return the mean of the variance of delays, known from so many of them.

    A spread that few delays tell may be wider: ``s^2 n / (n - 2)``, the mean of a variance whose
    logarithm is beforehand as likely anywhere. All picks of a station share its delay, so that it
    is the stations that count, not their picks.
    """
    freedom = max(float(count), _LEAST_FREEDOM)
    return float(spread_s**2 * freedom / (freedom - 2.0))


def _standard(names: list[tuple[str, str, str]], shared: int, members: int, seed: int) -> Floats:
    """Standard normal numbers of every term and member, keyed by the name of the term.

    Those of so many shared delays come last.
    """
    rows = [random_stream(seed, "station term", "\t".join(n)).standard_normal(members)
            for n in names]  # fmt: skip
    rows += [random_stream(seed, "shared delay", str(i)).standard_normal(members)
             for i in range(shared)]  # fmt: skip
    return np.array(rows).reshape(len(names) + shared, members)


def _name_columns(names: list[tuple[str, str, str]]) -> dict[str, Any]:
    return {c: [n[i] for n in names] for i, c in enumerate(("network", "station", "phase"))}


def _empty_terms() -> tuple[pa.Table, pa.Table]:
    return tuple(make_table(n, {}, rows=0) for n in ("station_terms", "station_term_draws"))


def _noise_table(
    noise: Mapping[str, PickNoise],
    spread: Mapping[str, float],
    share: float = 0.0,
    lateral_spread: float = np.nan,
) -> pa.Table:
    """Return table ``pick_noise``."""
    phases = [p for p in "PS" if p in noise or p in spread]
    nothing = PickNoise(0.0, np.nan, np.nan, 0)
    rows = [noise.get(p, nothing) for p in phases]
    columns = {
        "phase": phases,
        "pick_noise_s": [r.noise_s for r in rows],
        "pick_noise_error_s": [r.noise_error_s for r in rows],
        "contamination": [r.contamination for r in rows],
        "station_spread_s": [spread.get(p, np.nan) for p in phases],
        "lateral_share": [share] * len(phases),
        "lateral_spread": [lateral_spread if share > 0.0 else np.nan] * len(phases),
        "pick_count": [r.count for r in rows],
    }
    return make_table("pick_noise", columns, rows=len(phases))


def take_corrections(found: Estimated) -> Corrections:
    """Return what a round gave, as locating the events of the next one needs it."""
    terms = found.station_term_draws
    members = terms.column("member").to_numpy()
    count = int(members.max()) + 1 if members.size else 0
    first = terms.filter(pc.equal(terms.column("member"), 0))
    names = zip(
        *(first.column(c).to_pylist() for c in ("network", "station", "phase")), strict=True
    )
    rows = found.pick_noise.to_pylist()
    return Corrections(
        {n: i for i, n in enumerate(names)},
        terms.column("station_term_s").to_numpy().reshape(-1, max(count, 1)),
        {r["phase"]: r["pick_noise_s"] for r in rows},
        {r["phase"]: r["station_spread_s"] for r in rows if np.isfinite(r["station_spread_s"])},
        max((r["lateral_share"] for r in rows if np.isfinite(r["lateral_share"])), default=0.0),
    )


def corrections_digest(locate: Locate, data: str) -> list[str]:
    """Return digests of the tables of corrections that the settings name; none if they do not."""
    files = (_given_files(locate, data)[n] for n in ESTIMATED) if locate.corrections else ()
    return [f.digest() if f.exists() else "" for f in files]


def read_given_corrections(locate: Locate, data: str, members: int) -> Corrections | None:
    """Return the corrections of a finished catalog that the settings name; None without.

    Raises
    ------
    InputError
        If the folder has none, or they are of an ensemble with another number of members.
    """
    if not locate.corrections:
        return None
    files = _given_files(locate, data)
    if not files["pick_noise"].exists():
        raise InputError(
            f"locate.corrections is '{locate.corrections}', but there is no {files['pick_noise']}: "
            "that catalog has no station terms and no inferred errors of picks. Nothing is "
            "located; give the folder of a run that has, or leave it out."
        )
    empty = dict(zip(ESTIMATED, _empty_terms(), strict=False))
    found = Estimated(*(read_table(f, n) if f.exists() else empty[n] for n, f in files.items()))
    taken = take_corrections(found)
    if taken.row and taken.delay_s.shape[1] != members:
        raise InputError(
            f"The station terms of '{locate.corrections}' are those of {taken.delay_s.shape[1]} "
            f"members, but this ensemble has {members}, so they do not belong together. Nothing "
            "is located; use the same models, members and seed, or leave locate.corrections out."
        )
    return taken


def _given_files(locate: Locate, data: str) -> dict[str, Item]:
    """Files of the corrections that the settings name."""
    folder = open_folder(input_place(data, locate.corrections))
    return {name: folder / f"{name}.parquet" for name in ESTIMATED}


_FAULT_SPREAD = 0.1
"""Spread of velocity sideways of who expects a fault with a contrast of 10 %."""

_ONE_PLACE = (
    "Events lie in one place, so that {share:.0f} % of the errors of paths are common to all: "
    "where velocity differs from one side of the network to the other, epicenters move alike, and "
    "no residual tells. Their ranges hold as far as velocity changes sideways by {spread:g} % "
    "(`lateral_spread`); where a fault separates different rocks, set `lateral_spread: 0.1`, or "
    "locate in three-dimensional models (`models`)"
)
"""Said of clusters located in flat models. Simulated faults with a contrast of 10 % moved clusters
by a kilometer (``benchmarks/calibration_rows/structure.py``)."""


def warn_of_structure(
    locate: Locate, parts: Parts, rounds: Rounds, noise: pa.Table | None = None
) -> list[str]:
    """Say so where residuals show what no model has, and what helps; return the sentences.

    Parameters
    ----------
    locate : Locate
    parts : callable
        Returns an iterator over hypocenters and arrivals, partition after partition.
    rounds : Rounds
    noise : pyarrow.Table, optional
        Table ``pick_noise`` of the last round.
    """
    said: list[str] = []
    shares = [] if noise is None else noise.column("lateral_share").to_pylist()
    if any(s > 0.0 for s in shares):
        spread = 100.0 * locate.lateral_spread
        if locate.lateral_spread < _FAULT_SPREAD:
            said.append(_ONE_PLACE.format(share=100.0 * max(shares), spread=spread))
    said += _tell_residuals(locate, parts, rounds)
    for sentence in said:
        log.warning("locate: %s", sentence)
    return said


def _tell_residuals(locate: Locate, parts: Parts, rounds: Rounds) -> list[str]:
    """Return sentences of what residuals of stations and of neighboring events show."""
    said: list[str] = []
    shown = _measure_structure(locate, parts)
    if shown is None:
        return said
    if not rounds.terms and shown.station_s > _DELAYED * max(locate.station_error_s, 0.02):
        said.append(
            f"Residuals scatter by {shown.station_s:.2f} s from station to station, more "
            f"than station_error_s ({locate.station_error_s:g} s); estimate station "
            "terms, which correct them (`station_iterations: 1`, from `station_events` events on)"
        )
    sure = shown.path_correlation > _SURELY * shown.path_correlation_error
    large = shown.path_s > locate.minimum_pick_error_s
    if sure and large and shown.path_correlation > _CORRELATED:
        said.append(
            f"Residuals of neighboring events agree at the same station (correlation "
            f"{shown.path_correlation:.2f}, {shown.path_s:.2f} s): travel times depend on the "
            "place, which no model of the ensemble knows. Ranges, those of epicenters first, hold "
            f"as far as velocity changes sideways by {100 * locate.lateral_spread:g} % "
            "(`lateral_spread`, for flat models); "
            + ("" if rounds.terms else "estimate station terms (`station_iterations: 1`), and ")
            + "locate in an ensemble of a region or in three-dimensional grids (`models`), or "
            "raise `lateral_spread`"
        )
    return said


def _measure_structure(locate: Locate, parts: Parts) -> ResidualStructure | None:
    """Measure what residuals at one station share, of at most so many events evenly taken."""
    events = sum(used_arrivals(*part)[0].num_rows for part in parts())
    every = -(-events // _MOST_EVENTS)
    number: dict[tuple[str, str, str], int] = {}
    found: list[Floats] = []
    seen = 0
    for hypocenters, arrivals in parts():
        good, used, event = used_arrivals(hypocenters, arrivals)
        kept = np.flatnonzero((seen + event) % every == 0)
        seen += good.num_rows
        used, event = used.take(pa.array(kept)), event[kept]
        names, code = arrival_codes(used)
        key = np.array([number.setdefault(n, len(number)) for n in names], dtype=float)
        place = [good.column(c).to_numpy()[event] for c in ("depth_km", "longitude", "latitude")]
        columns = (used.column(c).to_numpy() for c in ("residual_s", "distance_km"))
        found.append(np.stack([key[code], *columns, *place]))
    if not number:
        return None
    key, residual, distance, *place = np.concatenate(found, axis=1)
    middle = float(np.median(place[1])), float(np.median(place[2]))
    flat = local_position(*middle, place[1], place[2])
    where = np.column_stack([place[0], *flat])
    return measure_residual_structure(
        key.astype(np.int64), residual, distance, where, locate.correlation_km
    )
