"""The stress in the crust from focal mechanisms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from quakeloom import __version__
from quakeloom.config import Stress
from quakeloom.library._frames import take_rows
from quakeloom.library._maps import load_coast, take_columns
from quakeloom.library._mechanism_results import Mechanisms
from quakeloom.library._results import Result, count, nothing_to_plot
from quakeloom.library._settings import SEED, settings_of
from quakeloom.plots import ShmaxNodes, plot_abic_curve, plot_regime_map, plot_shmax_map
from quakeloom.stages.stress.dataset import make_dataset
from quakeloom.stages.without_a_run.map_catalog import map_mechanisms
from quakeloom.stress import shmax_deviations

_DRAWN = (
    "longitude", "latitude", "depth_km", "time_year", "shmax_deg", "regime", "shmax_low_deg",
    "shmax_high_deg", "mechanism_count",
)  # fmt: skip
"""Columns that a figure of a map needs."""


class StressMap(Result):
    """A stress map: registered ``stress``, one row per node that has data.

    Attributes
    ----------
    dataset : xarray.Dataset
        All nodes on their axes: the columns, the five components (tension positive), their
        covariance, and joint draws of the whole map.
    facts : dict
        Smoothing strength and how it was chosen, ABIC, counts, what was left out and why.
    settings : Stress
        What the map was made with.
    """

    def __init__(
        self,
        table: pa.Table,
        rejects: pa.Table | None,
        dataset: xr.Dataset,
        facts: Mapping[str, Any],
        settings: Stress,
    ) -> None:
        super().__init__(table, rejects)
        self.dataset = dataset
        self.facts = dict(facts)
        self.settings = settings

    def plot(self) -> Figure:
        """Return SHmax as bars colored by regime, with fans of their 95 % ranges."""
        c = take_columns(self._table, *_DRAWN)
        first = np.ones(len(self), dtype=bool)
        for axis in ("depth_km", "time_year"):
            if np.isfinite(c[axis]).any():
                first &= c[axis] == np.nanmin(c[axis])
        nodes = ShmaxNodes(
            c["longitude"][first],
            c["latitude"][first],
            c["shmax_deg"][first],
            c["regime"][first],
            shmax_deviations(c["shmax_deg"], c["shmax_low_deg"], c["shmax_high_deg"])[first],
            c["mechanism_count"][first] > 0,
        )
        figure = plot_shmax_map(nodes, load_coast())
        if figure is None:
            raise nothing_to_plot("the stress map", "No node has a direction of SHmax.")
        return figure

    def plot_regimes(self) -> Figure:
        """Return Simpson's regime number, hatched where smoothness alone decides."""
        data = self.dataset
        names = [d for d in data["a_phi"].dims if d in ("latitude", "longitude")]
        figure = None
        if len(names) == 2 and data["a_phi"].ndim == 2:
            figure = plot_regime_map(
                data["longitude"].to_numpy(), data["latitude"].to_numpy(),
                data["a_phi"].to_numpy(), ~(data["data_weight"].to_numpy() > 0), load_coast(),
            )  # fmt: skip
        if figure is None:
            raise nothing_to_plot(
                "the regimes", "They are drawn of maps in longitude and latitude alone."
            )
        return figure

    def plot_abic(self) -> Figure:
        """Return ABIC over the smoothing strength, and misfit over roughness."""
        curve = [p for p in self.facts["curve"] if len(p["alpha2"]) == 1]
        if len(curve) < 2:
            raise nothing_to_plot("ABIC", "It is drawn where ABIC chose one strength.")
        return plot_abic_curve(
            [p["alpha2"][0] for p in curve], [p["abic"] for p in curve],
            [p["misfit"] for p in curve], [p["roughness"][0] for p in curve],
            self.facts["alpha2"][0],
        )  # fmt: skip

    def _words(self) -> list[str]:
        f = self.facts
        if len(self) == 1:
            row = self._table.to_pylist()[0]
            words = (
                f"Stress of {count(f['mechanisms'], 'mechanism')}: SHmax {row['shmax_deg']:.1f} +- "
                f"{row['shmax_std_deg']:.1f} degrees, shape ratio {row['shape_ratio']:.2f} +- "
                f"{row['shape_ratio_std']:.2f}, regime {row['regime']}"
            )
        else:
            words = (
                f"Stress map: {count(f['nodes_with_data'], 'node')} with data of {f['nodes']:,}, "
                f"from {count(f['mechanisms'], 'mechanism')}"
            )
        strength = ", ".join(f"{a:.4g}" for a in f["alpha2"])
        more = [f"smoothing strength {strength}, {f['chosen_by']}"] if strength else []
        if f["nodes_held_by_prior"]:
            more.append(f"{f['nodes_held_by_prior']} nodes with data are held by a wide prior")
        return [words, *(["; ".join(more)] if more else [])]


def map_stress(
    mechanisms: Any, grid_step_deg: float = 0.2, *, seed: int = SEED, **settings: Any
) -> StressMap:
    """Map the stress in the crust, as ``quakeloom stress`` does.

    A smoothed inversion of the directions of slip (Michael 1984), on nodes in longitude and
    latitude and, where asked for, depth and time; ABIC chooses the smoothing strength.

    Parameters
    ----------
    mechanisms : Mechanisms, DataFrame, Catalog or table
        With ``event_id``, ``longitude``, ``latitude``, ``strike_deg``, ``dip_deg``, ``rake_deg``.
        Of the result of :func:`find_mechanisms` all acceptable mechanisms enter with their
        weights; of a table the preferred ones.
    grid_step_deg : float
        Distance of nodes; 0 for a single node.
    seed : int
        Root of the random streams.
    **settings
        Settings of the group ``stress``, such as ``area``, ``alpha2``, ``quality_weights``,
        ``planes`` and ``bootstrap``.

    Returns
    -------
    StressMap

    Raises
    ------
    InputError
        If no mechanism can be used; the message counts the reasons.
    FormatError
        If a column is missing.
    SettingsError
        If a keyword is unknown or wrong.

    References
    ----------
    Michael, A. J. (1984). J. Geophys. Res. 89, 11517-11526. Uchide, T., T. Shiina and
    K. Imanishi (2022). J. Geophys. Res. Solid Earth 127, e2022JB024036.
    """
    rows, rejects = take_rows(mechanisms, "mechanisms")
    checked = settings_of(
        "map_stress", ("stress",), {**settings, "grid_step_deg": grid_step_deg}, seed=seed,
        takeoff={"angles": "given"},
    ).stress  # fmt: skip
    assert checked is not None
    acceptance: NDArray[np.uint8] | None = None
    grid: tuple[NDArray[np.float64], ...] = ()
    if isinstance(mechanisms, Mechanisms):
        g = mechanisms.grid
        acceptance, grid = mechanisms.acceptance, (g.strike_deg, g.dip_deg, g.rake_deg, g.weights)
    made, facts = map_mechanisms(checked, rows, acceptance, grid, seed)
    dataset = make_dataset(made, {"quakeloom": __version__})
    return StressMap(made.table, rejects, dataset, facts, checked)
