"""Numbers of papers on hypocenters: against NonLinLoc, relocations, and one event."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from quakeloom.core import InputError, local_position
from quakeloom.formats import NonLinLocStatistics, read_nonlinloc_statistics
from quakeloom.stages.papers.mechanism_numbers import find_statistic
from quakeloom.stages.papers.offshore import experiment, summarize
from quakeloom.stages.papers.results import PaperResults

_ELLIPSE_95 = 5.991
"""Chi-square of two degrees of freedom that 95 % lie below."""


def hypocenter_value(results: PaperResults, event: int, column: str, run: str = "") -> float:
    """Return a column of the hypocenter of an event, which are counted from 1 in time.

    ``depth_deviation_km`` is its standard deviation of depth.
    """
    rows = _located(results, run)
    return float(results.column(rows.iloc[_row(rows, event) :], column)[0])


def distance_in_errors(
    results: PaperResults, published: list[str], statistic: str = "largest", run: str = ""
) -> float:
    """Return the distance of mean hypocenters from those of NonLinLoc, in its standard errors.

    sqrt(d^T C^-1 d), with the difference d of the means and the covariance C of NonLinLoc.
    ``published`` are its files in the order of time.
    """
    found = [
        float(np.sqrt(off @ np.linalg.solve(theirs.covariance, off)))
        for off, theirs, _ in _beside_nonlinloc(results, published, run)
    ]
    if statistic == "within 0.2":
        return float(np.sum(np.array(found) < 0.2))
    return float(find_statistic(statistic)(found))


def deviation_ratio(
    results: PaperResults,
    published: list[str],
    statistic: Literal["median", "largest"],
    run: str = "",
) -> float:
    """Return our standard deviations over those of NonLinLoc, east, north and down.

    ``statistic``: median, or largest, of all ratios and their inverses.
    """
    found: list[float] = []
    for _, theirs, row in _beside_nonlinloc(results, published, run):
        ours = np.sqrt([row["cov_ee"], row["cov_nn"], row["cov_dd"]])
        found += list(ours / np.sqrt(np.diag(theirs.covariance)))
    ratios = np.array(found)
    return float(
        np.median(ratios) if statistic == "median" else np.maximum(ratios, 1 / ratios).max()
    )


def maximum_distance(results: PaperResults, published: str, event: int, run: str = "") -> float:
    """Return the distance of the maximum of an event's posterior from NonLinLoc's, km."""
    theirs = read_nonlinloc_statistics(results.path(published)).maximum
    rows = _located(results, run)
    row = rows.iloc[_row(rows, event)]
    north, east = local_position(*theirs[:2], row["longitude_map"], row["latitude_map"])
    return float(np.sqrt(north**2 + east**2 + (row["depth_map_km"] - theirs[2]) ** 2))


def relocation_difference(
    results: PaperResults, published: str, quantity: str, run: str = ""
) -> float:
    """Return how our hypocenters differ from relocated ones, ours minus theirs, km.

    Parameters
    ----------
    results : PaperResults
    published : str
        A file of relocations.
    quantity : str
        ``median`` or ``scatter`` (standard deviation), then ``depth``, ``north`` or ``east``.
    run : str
    """
    joined = _beside_relocations(results, published, run)
    how, _, what = quantity.partition(" ")
    if what not in ("depth", "north", "east") or how not in ("median", "scatter"):
        raise InputError(
            f"There is no difference '{quantity}'. Nothing was computed; write median or scatter, "
            "then depth, north or east."
        )
    values = joined[f"off_{what}"].to_numpy()
    return float(np.median(values) if how == "median" else values.std(ddof=1))


def relocations_within(
    results: PaperResults, published: str, what: Literal["depth", "ellipse"], run: str = ""
) -> float:
    """Return the share of relocated events inside our 95 % ranges: ``depth`` or ``ellipse``."""
    joined = _beside_relocations(results, published, run)
    if what == "depth":
        theirs = joined["depth_km_theirs"]
        held = (joined["depth_025_km"] <= theirs) & (theirs <= joined["depth_975_km"])
        return float(held.mean())
    cov = np.stack(
        [joined["cov_nn"], joined["cov_en"], joined["cov_en"], joined["cov_ee"]], axis=-1
    ).reshape(-1, 2, 2)
    off = joined[["off_north", "off_east"]].to_numpy()
    square = np.einsum("ni,nij,nj->n", off, np.linalg.inv(cov), off)
    return float((square <= _ELLIPSE_95).mean())


def relocation_pattern(
    results: PaperResults, published: str, what: Literal["depth", "north", "east"], run: str = ""
) -> float:
    """Return the correlation of ``depth``, ``north`` or ``east`` of events with relocations."""
    joined = _beside_relocations(results, published, run)
    theirs = joined[f"{what}_theirs"] if what != "depth" else joined["depth_km_theirs"]
    ours = joined[f"{what}_ours"] if what != "depth" else joined["depth_km"]
    return float(np.corrcoef(ours, theirs)[0, 1])


def relocated_count(results: PaperResults, published: str) -> float:
    """Count the events of a published file."""
    return float(len(results.events(published)))


def offshore_locations(
    results: PaperResults, located: str, statistic: str, members: int = 150, sections: int = 20
) -> float:
    """Return how depths of simulated off-shore events hold their truth.

    :func:`quakeloom.stages.papers.offshore.experiment`: ten nodes on one side, five events a
    section, an ensemble that is a random field about a gradient.

    Parameters
    ----------
    results : PaperResults
    located : str
        ``ensemble`` or ``mean model``.
    statistic : str
        ``coverage_68``, ``coverage_95``: share of depth ranges that hold; ``bias_km``: rms over
        sections of the mean error; ``error_km``: rms error; ``deviation_km``: mean standard
        deviation stated.
    members, sections : int
    """

    def locate() -> dict[str, dict[str, float]]:
        found = experiment(members=members, earths=sections)
        return {name: summarize(rows) for name, rows in found.items()}

    values = results.once(("offshore", members, sections), locate)
    if located not in values or statistic not in values[located]:
        raise InputError(
            f"There is no '{statistic}' of '{located}'. Nothing was computed; write one of "
            f"{', '.join(values)}, and one of {', '.join(values['ensemble'])}."
        )
    return values[located][statistic]


def offshore_comparison(
    results: PaperResults, statistic: str, members: int = 150, sections: int = 20
) -> str:
    """Return whether a statistic of the ensemble is ``larger`` or ``smaller`` than of its mean."""
    ensemble, single = (
        offshore_locations(results, located, statistic, members, sections)
        for located in ("ensemble", "mean model")
    )
    return "larger" if ensemble > single else "smaller" if ensemble < single else "the same"


def _row(rows: pd.DataFrame, event: int) -> int:
    """Return the row of an event that is counted from 1."""
    if not 1 <= event <= len(rows):
        raise InputError(
            f"There is no event {event}: the run has {len(rows)}, counted from 1 in time. Nothing "
            "was computed."
        )
    return event - 1


def _located(results: PaperResults, run: str) -> pd.DataFrame:
    def sort() -> pd.DataFrame:
        rows = results.table(run, "hypocenters").sort_values("origin_time")
        return rows.assign(depth_deviation_km=np.sqrt(rows["cov_dd"]))

    return results.once(("located", run), sort)


def _beside_nonlinloc(
    results: PaperResults, published: list[str], run: str
) -> list[tuple[Any, NonLinLocStatistics, Any]]:
    """Differences of the means (east, north, down, km), NonLinLoc's statistics, our rows."""
    rows = _located(results, run)
    if len(rows) != len(published):
        raise InputError(
            f"{len(rows)} events were located and {len(published)} files are named. Nothing was "
            "compared; name one file an event, in the order of time."
        )
    found = []
    for (_, row), name in zip(rows.iterrows(), published, strict=True):
        theirs = read_nonlinloc_statistics(results.path(name))
        longitude, latitude, depth = theirs.expected
        north, east = local_position(longitude, latitude, row["longitude"], row["latitude"])
        off = np.array([float(east), float(north), row["depth_km"] - depth])
        found.append((off, theirs, row))
    return found


def _beside_relocations(results: PaperResults, published: str, run: str) -> pd.DataFrame:
    """Located events beside relocations, with positions about their median in km."""

    def join() -> pd.DataFrame:
        ours = _located(results, run)
        ours = ours[ours["status"] == "located"]
        joined = ours.merge(results.events(published), on="event_id", suffixes=("", "_theirs"))
        if not len(joined):
            raise InputError(
                f"No event of {published} was located. Nothing was compared; are the events the "
                "same?"
            )
        origin = (
            float(joined["longitude_theirs"].median()), float(joined["latitude_theirs"].median())
        )  # fmt: skip
        for suffix, end in (("", "_ours"), ("_theirs", "_theirs")):
            north, east = local_position(
                *origin, joined[f"longitude{suffix}"].to_numpy(),
                joined[f"latitude{suffix}"].to_numpy(),
            )  # fmt: skip
            joined[f"north{end}"], joined[f"east{end}"] = north, east
        joined["off_north"] = joined["north_ours"] - joined["north_theirs"]
        joined["off_east"] = joined["east_ours"] - joined["east_theirs"]
        joined["off_depth"] = joined["depth_km"] - joined["depth_km_theirs"]
        return joined

    return results.once(("relocations", published, run), join)


NUMBERS = {
    f.__name__: f
    for f in (
        deviation_ratio, distance_in_errors, hypocenter_value, maximum_distance,
        offshore_comparison, offshore_locations, relocated_count, relocation_difference,
        relocation_pattern, relocations_within,
    )
}  # fmt: skip
"""Functions by the name that a paper's file calls them by."""
