"""Ensembles of velocity sections below a refraction line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pydantic import BaseModel

from quakeloom.config import Tomography, TomographyPicks, TomographyPrior, TomographySection
from quakeloom.core import InputError
from quakeloom.formats import LinePicks, read_line_picks
from quakeloom.inference import one_blas_thread
from quakeloom.library._frames import frame_of, take_rows
from quakeloom.library._results import Result, count, nothing_to_plot
from quakeloom.library._settings import SEED, settings_of
from quakeloom.plots import SectionGrid, plot_travel_time_fits, plot_velocity_sections
from quakeloom.stages.tomography.inputs import LineInputs, lay_out_line, sampler_options
from quakeloom.stages.tomography.prepared import MEMBER_ARRAYS
from quakeloom.stages.tomography.products import assess_members, describe_sections, fit_table
from quakeloom.stages.tomography.verbs import sample_members
from quakeloom.tomography import informed_nodes, prepare_mixture

_ORIGIN = "travel times as given"
"""Name of travel times that come from no file."""

_PARTS: dict[str, type[BaseModel]] = {
    "picks": TomographyPicks,
    "section": TomographySection,
    "prior": TomographyPrior,
}
"""Groups of settings of a line, and their models."""

_COLUMNS = {
    "mean": "p_velocity_km_s",
    "standard_deviation": "p_velocity_std_km_s",
    "quantile_2_5": "p_velocity_025_km_s",
    "quantile_97_5": "p_velocity_975_km_s",
    "prior_standard_deviation": "prior_std_km_s",
    "ray_coverage": "ray_coverage_km",
}
"""Columns of the table, by the names that the sections have in files."""


class VelocityEnsemble(Result):
    """Velocity sections of an ensemble: one row per node below the ground.

    Columns: ``depth_km``, ``distance_km``, mean, standard deviation and 95 % range of the P
    velocity in km/s, the prior's standard deviation, and ``ray_coverage_km``, the mean ray length
    per node.

    Attributes
    ----------
    sections : xarray.Dataset
        Mean, standard deviation, quantiles and what else the settings ask for, by depth and
        distance (km).
    velocities : xarray.DataArray
        P velocity in km/s by member, depth and distance; NaN above the ground.
    facts : dict
        Members, misfit per pick, effective sample size, and warnings where the spread cannot be
        believed.
    settings : Tomography
    """

    def __init__(
        self,
        inputs: LineInputs,
        arrays: dict[str, NDArray[Any]],
        sections: xr.Dataset,
        facts: dict[str, Any],
        settings: Tomography,
    ) -> None:
        below = inputs.problem.grid.below_ground
        z, x = np.meshgrid(sections["depth"], sections["distance"], indexing="ij")
        columns = {"depth_km": z[below], "distance_km": x[below]}
        columns |= {new: sections[n].to_numpy()[below] for n, new in _COLUMNS.items()}
        super().__init__(pa.table(columns), inputs.rejects)
        self._inputs = inputs
        self._arrays = arrays
        self.sections = sections
        self.facts = facts
        self.settings = settings

    @property
    def velocities(self) -> xr.DataArray:
        """P velocity in km/s by member, depth and distance."""
        values = self._arrays["p_velocity"]
        return xr.DataArray(
            values, dims=("member", "depth", "distance"), name="p_velocity",
            coords={"depth": self.sections["depth"], "distance": self.sections["distance"]},
            attrs={"units": "km s-1", "long_name": "P velocity"},
        )  # fmt: skip

    @property
    def fits(self) -> pd.DataFrame:
        """Picks that were used, with the times of the ensemble: registered ``travel_time_fits``."""
        return frame_of(fit_table(self._inputs.used, self._arrays["member_time_s"]))

    def plot(self) -> Figure:
        """Return the mean between the bounds of the 95 % range, with the ground and the shots.

        Blank where the picks say next to nothing: where the standard deviation is above
        ``mask_above_ratio`` of the prior's, or above ``mask_above_km_s`` where that is given.
        """
        names = {"quantile_2_5": "2.5 %", "mean": "Mean", "quantile_97_5": "97.5 %"}
        clear = informed_nodes(
            self.sections["standard_deviation"],
            self.sections["prior_standard_deviation"],
            self.settings.mask_above_ratio,
            self.settings.mask_above_km_s,
        )
        if not clear.any():
            raise nothing_to_plot(
                "the sections", "Their standard deviation is nowhere below `mask_above_ratio` of "
                "the prior's (and `mask_above_km_s`)."
            )  # fmt: skip
        return self._draw({t: self.sections[n].where(clear) for n, t in names.items()})

    def plot_spread(self) -> Figure:
        """Return the standard deviation of the members, and that of the prior."""
        names = {"standard_deviation": "Members", "prior_standard_deviation": "Prior"}
        panels = {t: self.sections[n] for n, t in names.items()}
        return self._draw(panels, "Standard deviation (km/s)", "lajolla_r")

    def _draw(
        self, panels: dict[str, xr.DataArray], label: str = "P velocity (km/s)",
        colormap: str = "batlow",
    ) -> Figure:  # fmt: skip
        used = self._inputs.used
        shots = np.stack([used.column(f"shot_{n}_km").to_numpy() for n in ("distance", "depth")], 1)
        grid = SectionGrid(
            self.sections["depth"], self.sections["distance"], self.sections["ground_depth"],
            np.unique(shots[np.isfinite(shots).all(axis=1)], axis=0),
        )  # fmt: skip
        return plot_velocity_sections(grid, panels, label, colormap)

    def plot_fits(self) -> Figure:
        """Return picked and predicted travel times over offset."""
        fits = self.fits
        offset = fits.receiver_distance_km - fits.shot_distance_km
        return plot_travel_time_fits(offset, fits.travel_time_s, fits.predicted_time_s)

    def _words(self) -> list[str]:
        f = self.facts
        words = (
            f"VelocityEnsemble: {count(f['members'], 'section')} from {count(f['picks'], 'pick')}, "
            f"chi-square {f['chi_square_per_datum']:.2f} per pick"
        )
        return [words, *f["warnings"]]


def trace_ensemble(
    picks: Any, *, ground: Any = None, seed: int = SEED, **settings: Any
) -> VelocityEnsemble:
    """Make an ensemble of velocity sections from picked travel times of a refraction line.

    Every member is a draw of the posterior over velocity functions (randomized maximum
    likelihood, by default), so their spread is the uncertainty. The same members as of a run
    with the same seed and settings.

    Parameters
    ----------
    picks : DataFrame, table, str or Path
        With ``shot_distance_km``, ``receiver_distance_km``, ``travel_time_s``; depths (the ground
        where missing), ``time_error_s`` and ``phase`` where they are known. Or a file: rayinvr
        ``tx.in``, pyGIMLi ``.sgt``, CSV.
    ground : array_like, shape (n, 2), or DataFrame, optional
        Distance and depth in km of points on the ground (columns ``distance_km`` and
        ``depth_km``); that of the file, else depth 0, if not given.
    seed : int
        Root of the random streams.
    **settings
        Settings of the groups ``tomography``, and of its ``picks``, ``section`` and ``prior``,
        such as ``members``, ``error_s``, ``spacing_km`` and ``lengths_km``.

    Returns
    -------
    VelocityEnsemble

    Raises
    ------
    InputError
        If no pick can be a first arrival.
    FormatError
        If a column is missing or the file cannot be read.
    SettingsError
        If a keyword is unknown or wrong.
    """
    line = _line_settings(seed, settings)
    floor = _ground_points(ground)
    if isinstance(picks, str | Path):
        source = read_line_picks(picks, line.picks.format, line.picks.unit)
    else:
        rows, aside = take_rows(picks, "travel_time_picks", _ORIGIN)
        source = LinePicks(rows, aside, None, "table")
    if not source.picks.num_rows:
        raise InputError(
            "There are no travel times, so there is no line. Give rows with shot_distance_km, "
            "receiver_distance_km and travel_time_s."
        )
    with one_blas_thread():
        inputs = lay_out_line(line, source, source.ground if floor is None else floor)
        prepared = prepare_mixture(inputs.problems, sampler_options(line), seed)
    size = 1 if line.sampler == "rml" else line.block_members
    parts = [
        sample_members(line, inputs.problems, prepared, seed, range(m, min(m + size, line.members)))
        for m in range(0, line.members, size)
    ]
    arrays = {n: np.concatenate([p[n] for p in parts]) for n in MEMBER_ARRAYS}
    velocities = arrays["p_velocity"].astype(np.float64)
    coverage = inputs.problem.ray_coverage(prepared[0].center.white).astype(np.float32)
    sections = describe_sections("library", line, inputs, velocities, coverage)
    facts = assess_members(line, inputs, prepared, arrays)
    return VelocityEnsemble(inputs, arrays, sections, facts, line)


def _line_settings(seed: int, given: dict[str, Any]) -> Tomography:
    """Keywords as settings of a line; those of its parts by their names alone."""
    parts: dict[str, dict[str, Any]] = {name: {} for name in _PARTS}
    rest: dict[str, Any] = {}
    for key, value in given.items():
        home = next((n for n, model in _PARTS.items() if key in model.model_fields), None)
        if home is None or key == "path":
            rest[key] = value
        else:
            parts[home][key] = value
    parts["picks"]["path"] = _ORIGIN
    checked = settings_of(
        "trace_ensemble", ("tomography",), rest, seed=seed, sources=[], tomography=parts
    ).tomography
    assert checked is not None
    return checked


def _ground_points(ground: Any) -> NDArray[np.float64] | None:
    if ground is None:
        return None
    try:
        if isinstance(ground, pd.DataFrame):
            ground = ground[["distance_km", "depth_km"]]
        points = np.asarray(ground, dtype=float)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"The ground is no table of distance_km and depth_km ({error}). No "
                         "section was laid out; give both for every point.") from None  # fmt: skip
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise InputError(
            f"The ground has the shape {points.shape} or numbers that are not finite. No section "
            "was laid out; give rows of distance_km and depth_km."
        )
    return points[np.argsort(points[:, 0], kind="stable")]
