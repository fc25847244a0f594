"""Numbers of papers on stress: tensors of SATSI, directions and shapes of a map, the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quakeloom.core import InputError, fault_vectors
from quakeloom.formats import (
    read_satsi_mechanisms,
    read_satsi_nodes,
    read_satsi_solution,
    read_satsi_summary,
)
from quakeloom.stages.papers.results import PaperResults
from quakeloom.stress import (
    PlacedMechanisms,
    StressField,
    StressGrid,
    accumulate_statistics,
    describe_stress,
    fill_gaps,
    interpolate_field,
    invert_stress,
    invert_unstable_planes,
    mechanism_statistics,
    stress_tensors,
    summarize_posterior,
)

_Planes = Literal["given", "both", "auxiliary"]
"""Which plane of a mechanism slipped."""

_Key = Literal["Phi", "Tr1", "Tr2", "Tr3", "Pl1", "Pl2", "Pl3"]
"""Shape ratio, trend or plunge of an axis, as MSATSI calls them."""

_AXIS_PERIOD_DEG = 180.0
"""Directions of an axis that differ by this are the same, degrees."""


def satsi_tensor_difference(
    results: PaperResults, mechanisms: str, solution: str, damping: float
) -> float:
    """Return the largest difference of a tensor component from those that SATSI printed.

    ``damping`` is that of SATSI; its rows of smoothness are multiplied by its square.
    """
    solved = _solved(results, mechanisms, damping)
    theirs = read_satsi_solution(results.path(solution))
    at = _at(solved, theirs.points[:, ::-1])
    return float(np.abs(_satsi_components(stress_tensors(at)) - theirs.components).max())


def satsi_node_count(results: PaperResults, mechanisms: str) -> float:
    """Count the grid points that have mechanisms."""
    return float(len(np.unique(_mechanisms(results, mechanisms)[:, :2], axis=0)))


def satsi_mechanism_count(results: PaperResults, mechanisms: str) -> float:
    """Count the mechanisms of a file of SATSI."""
    return float(len(_mechanisms(results, mechanisms)))


def satsi_misfit(results: PaperResults, mechanisms: str, damping: float, quantity: str) -> float:
    """Return how slip agrees with the shear traction of the solution.

    Parameters
    ----------
    results : PaperResults
    mechanisms : str
    damping : float
    quantity : str
        ``angle mean`` or ``angle deviation`` in degrees, ``shear mean`` or ``shear deviation``.
    """
    solved = _solved(results, mechanisms, damping)
    table = solved.table
    at = _at(solved, table[:, [1, 0]])
    normal, slip = fault_vectors(table[:, 2] - 90.0, table[:, 3], table[:, 4])
    traction = np.einsum("nij,nj->ni", stress_tensors(at), normal)
    shear = traction - normal * np.sum(traction * normal, axis=1)[:, None]
    length = np.linalg.norm(shear, axis=1)
    cosine = np.sum(shear * slip, axis=1) / length
    values = {"angle": np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))), "shear": length}
    what, _, how = quantity.partition(" ")
    if what not in values or how not in ("mean", "deviation"):
        raise InputError(
            f"There is no misfit '{quantity}'. Nothing was computed; write angle or shear, then "
            "mean or deviation."
        )
    return float(values[what].mean() if how == "mean" else values[what].std(ddof=1))


def satsi_damping_by_abic(results: PaperResults, mechanisms: str) -> float:
    """Return the damping of SATSI that has the least ABIC, the fourth root of alpha2."""
    field = _solved(results, mechanisms, None).field
    return float(field.point.alpha2[0] ** 0.25)


def satsi_component(
    results: PaperResults, mechanisms: str, component: str, damping: float = 0.0
) -> float:
    """Return a tensor component of the only node: See, Sen, Seu, Snn, Snu or Suu."""
    field = _solved(results, mechanisms, damping or None).field
    names = ("See", "Sen", "Seu", "Snn", "Snu", "Suu")
    if component not in names:
        raise InputError(
            f"There is no component '{component}'. Nothing was computed; write one of "
            f"{', '.join(names)}."
        )
    tensors = _satsi_components(stress_tensors(field.components))
    return float(tensors[0, names.index(component)])


def satsi_shape_ratio(
    results: PaperResults, mechanisms: str, planes: _Planes | Literal["unstable"] = "given"
) -> float:
    """Return (S2 - S3) / (S1 - S3) of the only node, planes as given, ``both`` or ``unstable``."""
    if planes == "unstable":
        return float(_unstable(results, mechanisms)[0].shape_ratio[0])
    field = _solved(results, mechanisms, None, planes).field
    return float(describe_stress(field.components).shape_ratio[0])


def satsi_shape_range(results: PaperResults, mechanisms: str, end: Literal["low", "high"]) -> float:
    """Return the ``low`` or ``high`` end of the 95 % range of the shape ratio, unstable planes."""
    low, high = _unstable(results, mechanisms)[1].shape_ratio_range[0]
    return float({"low": low, "high": high}[end])


def satsi_summary_difference(
    results: PaperResults, mechanisms: str, solution: str, summary: str, damping: float, key: _Key
) -> float:
    """Return the median difference of a best value of MSATSI's summary from our solution.

    ``key`` is ``Phi`` (shape ratio), or ``Tr`` or ``Pl`` with the number of the axis (trend and
    plunge, degrees). The nodes are those of ``solution`` in its order, where the summary has as
    many rows.
    """
    solved = _solved(results, mechanisms, damping)
    rows = read_satsi_summary(results.path(summary))
    points = read_satsi_solution(results.path(solution)).points
    if len(rows) != len(points):
        raise InputError(
            f"{summary} has {len(rows)} rows and {solution} {len(points)} nodes, so rows cannot be "
            "told apart. Nothing was compared."
        )
    at = _at(solved, points[:, ::-1])
    ours = describe_stress(at)
    theirs = np.array([row[f"{key}Best"] for row in rows])
    if key == "Phi":
        return float(np.median(np.abs(ours.shape_ratio - theirs)))
    axis = int(key[-1]) - 1
    mine = ours.azimuth_deg[:, axis] if key.startswith("Tr") else ours.plunge_deg[:, axis]
    off = (mine - theirs + 90.0) % _AXIS_PERIOD_DEG - 90.0
    return float(np.median(np.abs(off)))


def satsi_nodes_within(
    results: PaperResults,
    mechanisms: str,
    summary: str,
    resamples: str,
    key: _Key,
    damping: float = 0.0,
    planes: _Planes = "given",
) -> float:
    """Count the nodes where our value lies in MSATSI's 95 % range.

    Parameters
    ----------
    results : PaperResults
    mechanisms, summary, resamples : str
        Input, ``.summary`` and ``.summary_ext``; the latter says which nodes the rows are.
    key : str
        ``Phi``, or ``Tr`` with the number of the axis.
    damping : float
        That of SATSI; 0 for the least ABIC.
    planes : str
    """
    solved = _solved(results, mechanisms, damping or None, planes)
    rows = read_satsi_summary(results.path(summary))
    points = read_satsi_nodes(results.path(resamples))
    if len(rows) != len(points):
        raise InputError(
            f"{summary} has {len(rows)} rows and {resamples} {len(points)} nodes, so rows cannot "
            "be told apart. Nothing was compared."
        )
    ours = describe_stress(_at(solved, points[:, ::-1]))
    low, high = (np.array([row[f"{key}{end}"] for row in rows]) for end in ("Min", "Max"))
    # the file has two decimals of the ratio and one of angles
    if key == "Phi":
        held = (low - 0.005 <= ours.shape_ratio) & (ours.shape_ratio <= high + 0.005)
    else:
        above = (ours.azimuth_deg[:, int(key[-1]) - 1] - low + 0.05) % _AXIS_PERIOD_DEG
        held = above <= high - low + 0.1
    return float(held.sum())


def mean_direction(
    results: PaperResults, area: list[float], column: str = "shmax_deg", run: str = ""
) -> float:
    """Return the mean of a direction over the nodes of an area that have data, 0 to 180 degrees.

    ``area``: west, east, south, north in degrees.
    """
    doubled = 2 * np.radians(results.column(_nodes(results, area, run), column))
    mean = np.degrees(np.arctan2(np.sin(doubled).mean(), np.cos(doubled).mean())) / 2
    return float(mean % _AXIS_PERIOD_DEG)


def scatter_of_direction(results: PaperResults, area: list[float], run: str = "") -> float:
    """Return the circular standard deviation of SHmax over the nodes of an area, degrees."""
    doubled = 2 * np.radians(_nodes(results, area, run)["shmax_deg"].to_numpy(float))
    length = np.hypot(np.sin(doubled).mean(), np.cos(doubled).mean())
    return float(np.degrees(np.sqrt(-2 * np.log(length))) / 2)


def mean_value(results: PaperResults, area: list[float], column: str, run: str = "") -> float:
    """Return the mean of a column over the nodes of an area that have data."""
    return float(results.column(_nodes(results, area, run), column).mean())


def regime_of_area(results: PaperResults, area: list[float], run: str = "") -> str:
    """Return the faulting regime that most nodes of an area have."""
    counts = _nodes(results, area, run)["regime"].value_counts()
    return str(counts.index[0])


def angle_to_fault(results: PaperResults, area: list[float], strike: float, run: str = "") -> float:
    """Return the angle between mean SHmax of an area and a strike, 0 to 90 degrees."""
    off = abs(mean_direction(results, area, run=run) - strike) % _AXIS_PERIOD_DEG
    return float(min(off, _AXIS_PERIOD_DEG - off))


def axis_at(
    results: PaperResults,
    longitude: float,
    latitude: float,
    column: str = "shmax_deg",
    run: str = "",
) -> float:
    """Return a column of the node next to a place."""
    nodes = results.table(run, "stress")
    far = np.hypot(
        (nodes["longitude"] - longitude) * np.cos(np.radians(latitude)),
        nodes["latitude"] - latitude,
    )
    return float(results.column(nodes, column)[int(np.argmin(far))])


def direction_error(
    results: PaperResults, statistic: Literal["median", "coverage"] = "median", run: str = ""
) -> float:
    """Return the median error of SHmax against the simulated truth, degrees, nodes with data.

    With ``statistic: coverage``, the share of nodes whose 95 % range holds the truth.
    """
    joined = _beside_truth(results, run)
    error = (joined["shmax_deg"] - joined["shmax_deg_true"] + 90.0) % _AXIS_PERIOD_DEG - 90.0
    if statistic == "median":
        return float(np.median(np.abs(error)))
    # ends of the range are not wrapped: they may lie beyond 0 or 180
    above = (joined["shmax_deg_true"] - joined["shmax_low_deg"]) % _AXIS_PERIOD_DEG
    return float((above <= joined["shmax_high_deg"] - joined["shmax_low_deg"]).mean())


def same_regime_as_truth(results: PaperResults, run: str = "") -> float:
    """Return the share of nodes whose regime is that of the simulated truth."""
    joined = _beside_truth(results, run)
    return float((joined["regime"] == joined["regime_true"]).mean())


def _beside_truth(results: PaperResults, run: str) -> pd.DataFrame:
    ours, truth = results.table(run, "stress"), results.table(run, "stress_truth")
    joined = ours.merge(truth, on=["longitude", "latitude"], suffixes=("", "_true"))
    return joined[joined["data_weight"] > 0]


def _nodes(results: PaperResults, area: list[float], run: str) -> pd.DataFrame:
    nodes = results.table(run, "stress")
    if len(area) != 4:
        raise InputError(
            f"{area} is no area. Nothing was computed; write [west, east, south, north] in degrees."
        )
    west, east, south, north = area
    inside = nodes["longitude"].between(west, east) & nodes["latitude"].between(south, north)
    chosen = nodes[inside & (nodes["data_weight"] > 0)]
    if not len(chosen):
        raise InputError(
            f"The stress map has no node with data in the area {area}. Nothing was computed; write "
            "[west, east, south, north] in degrees."
        )
    return chosen


def _mechanisms(results: PaperResults, name: str) -> NDArray[np.float64]:
    def read() -> NDArray[np.float64]:
        return read_satsi_mechanisms(results.path(name))

    return results.once(("satsi", name), read)


@dataclass(frozen=True)
class _Solved:
    """A solution in SATSI's components, on its grid of whole numbers."""

    grid: StressGrid
    field: StressField
    table: NDArray[np.float64]


def _solved(
    results: PaperResults, mechanisms: str, damping: float | None, planes: _Planes = "given"
) -> _Solved:
    """The solution at SATSI's damping, or at the least ABIC."""

    def solve() -> _Solved:
        table = _mechanisms(results, mechanisms)
        grid = _grid(table)
        statistics = mechanism_statistics(table[:, 2] - 90.0, table[:, 3], table[:, 4], planes)
        sums = accumulate_statistics(grid, table[:, [1, 0]], statistics, method="nearest")
        strength = None if damping is None else damping**4
        field = invert_stress(grid, sums, strength, basis="satsi", metric="index")
        return _Solved(grid, field, table)

    return results.once(("satsi solved", mechanisms, damping, planes), solve)


def _at(solved: _Solved, points: NDArray) -> NDArray[np.float64]:
    """Components at points in north and east."""
    return interpolate_field(solved.grid, solved.field.components, points, "nearest")


def _grid(table: NDArray[np.float64]) -> StressGrid:
    """The grid of whole numbers, with gaps filled as SATSI does."""
    axes = {
        "northing": np.arange(table[:, 1].min(), table[:, 1].max() + 1),
        "easting": np.arange(table[:, 0].min(), table[:, 0].max() + 1),
    }
    mask = np.zeros((axes["northing"].size, axes["easting"].size), dtype=bool)
    row = (table[:, 1] - axes["northing"][0]).astype(int)
    mask[row, (table[:, 0] - axes["easting"][0]).astype(int)] = True
    return StressGrid(axes, fill_gaps(mask))


def _unstable(results: PaperResults, mechanisms: str) -> tuple[Any, Any]:
    """Stress of the only node and its ranges, with the less stable planes."""

    def solve() -> tuple[Any, Any]:
        table = _mechanisms(results, mechanisms)
        placed = PlacedMechanisms(table[:, [1, 0]], table[:, 2] - 90.0, table[:, 3], table[:, 4])
        field = invert_unstable_planes(_grid(table), placed).field
        ranges = summarize_posterior(field.components, field.covariance, 1000, field.freedom)
        return describe_stress(field.components), ranges

    return results.once(("unstable", mechanisms), solve)


def _satsi_components(tensors: NDArray[np.float64]) -> NDArray[np.float64]:
    """See Sen Seu Snn Snu Suu of tensors in north, east, down."""
    t = tensors
    return np.stack(
        [t[..., 1, 1], t[..., 0, 1], -t[..., 1, 2], t[..., 0, 0], -t[..., 0, 2], t[..., 2, 2]],
        axis=-1,
    )


NUMBERS = {
    f.__name__: f
    for f in (
        angle_to_fault, axis_at, direction_error, mean_direction, mean_value, regime_of_area,
        same_regime_as_truth, satsi_component, satsi_damping_by_abic, satsi_mechanism_count,
        satsi_misfit, satsi_node_count, satsi_nodes_within, satsi_shape_range, satsi_shape_ratio,
        satsi_summary_difference, satsi_tensor_difference, scatter_of_direction,
    )
}  # fmt: skip
"""Functions by the name that a paper's file calls them by."""
