"""Hypocenters from picks, in an ensemble of velocity models."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import xarray as xr
from matplotlib.figure import Figure

from quakeloom.config import Locate
from quakeloom.core import InputError
from quakeloom.library._frames import frame_of, take_rows
from quakeloom.library._maps import draw_hypocenter_map
from quakeloom.library._results import Result, count, nothing_to_plot
from quakeloom.library._settings import SEED, model_names, settings_of
from quakeloom.plots import plot_location_quality
from quakeloom.schema import ARRAYS, variable
from quakeloom.stages.ingest.reject_rows import reject_rows
from quakeloom.stages.ingest.station_places import put_aside_misplaced
from quakeloom.stages.locate.catalog import LocatedCatalog, locate_tables
from quakeloom.stages.locate.events import place_events
from quakeloom.store import open_folder

log = logging.getLogger(__name__)

_NONE_LOCATED = "No event is located; see the column `reason`."
"""Said instead of a figure."""


class Locations(Result):
    """Located events: registered ``hypocenters``, one row per event, located or not.

    Hypocenters are means of a posterior that is the mixture over all velocity models, with its
    covariance and ranges.

    Attributes
    ----------
    members : tuple of str
        Names of the velocity models of the ensemble.
    settings : Locate
        What the events were located with.
    """

    def __init__(
        self, found: LocatedCatalog, stations: pa.Table, rejects: pa.Table, settings: Locate
    ) -> None:
        super().__init__(found.hypocenters, rejects)
        self._found = found
        self._stations = stations
        self.members = found.member_names
        self.settings = settings

    @property
    def arrow_tables(self) -> dict[str, pa.Table]:
        """Events as located, and the stations, for functions that take them of a result."""
        events = place_events(self._found.events, self._table)
        return {"events": events, "hypocenters": self._table, "stations": self._stations}

    @property
    def events(self) -> pd.DataFrame:
        """Events at their hypocenters with the errors of those: registered ``events``."""
        return frame_of(self.arrow_tables["events"])

    @property
    def arrivals(self) -> pd.DataFrame:
        """Every pick with its use, residual and predicted time: registered ``arrivals``."""
        return frame_of(self._found.arrivals)

    @property
    def draws(self) -> xr.Dataset:
        """Draws of hypocenter and model, and the weight of every model, by event."""
        data = {}
        for name, values in self._found.arrays.items():
            v = variable(name)
            dimensions = ("event", *ARRAYS[name].dimensions[1:])
            data[name] = (dimensions, values, {"units": v.unit, "long_name": v.meaning})
        ids = self._table.column("event_id").to_pylist()
        return xr.Dataset(data, {"event_id": ("event", ids)}).set_xindex("event_id")

    def plot(self) -> Figure:
        """Return a map and two sections with crosses of two standard deviations."""
        figure = draw_hypocenter_map(self._table, self._stations)
        if figure is None:
            raise nothing_to_plot("the hypocenters", _NONE_LOCATED)
        return figure

    def plot_quality(self) -> Figure:
        """Return histograms of residuals and of how many models count."""
        good = self._located()
        if not good.num_rows:
            raise nothing_to_plot("the residuals", _NONE_LOCATED)
        arrivals = self._found.arrivals
        used = arrivals.filter(pc.equal(arrivals.column("pick_use"), "used"))
        return plot_location_quality(
            used.column("residual_s").to_numpy(),
            np.array(used.column("phase").to_pylist()) == "S",
            good.column("effective_model_count").to_numpy(),
            len(self.members),
        )

    def _located(self) -> pa.Table:
        return self._table.filter(pc.equal(self._table.column("status"), "located"))

    def _words(self) -> list[str]:
        status = self._table.column("status").to_pylist()
        located = status.count("located")
        words = f"Locations: {located:,} of {count(len(self), 'event')} located in "
        words += count(len(self.members), "velocity model")
        if not located:
            return [words]
        good = self._located()
        depth = float(np.sqrt(np.median(good.column("cov_dd").to_numpy())))
        across = np.sqrt(good.column("cov_ee").to_numpy() + good.column("cov_nn").to_numpy())
        return [
            words,
            f"median standard deviation: depth {depth:.2f} km, epicenter "
            f"{float(np.median(across)):.2f} km",
        ]


def locate(
    picks: Any,
    stations: Any = None,
    models: Any = "generic_crust",
    *,
    events: Any = None,
    cache: str | Path | None = None,
    seed: int = SEED,
    **settings: Any,
) -> Locations:
    """Locate events in an ensemble of velocity models, as ``quakeloom locate`` does.

    The posterior of an event is the mixture over all members: models drawn around those that are
    given (``members``, ``velocity_spread``), or, with ``members=0``, these themselves.

    Parameters
    ----------
    picks : DataFrame, Picks, Catalog or table
        With ``event_id``, ``station``, ``phase``, ``time``; ``network``, ``uncertainty_s`` and
        ``pick_weight`` where they are known.
    stations : DataFrame or table
        With ``network``, ``station``, ``longitude``, ``latitude``, ``elevation_m``; from a catalog
        of picks if not given.
    models : str, Path or list
        Velocity models: names of those that come with quakeloom, files, or ensembles of runs.
    events : DataFrame or table, optional
        What is known of the events, such as magnitudes.
    cache : str or Path, optional
        Folder that keeps the travel times of the ensemble for the next call.
    seed : int
        Root of the random streams.
    **settings
        Settings of the group ``locate``.

    Returns
    -------
    Locations

    Raises
    ------
    InputError
        If no pick has an event, stations are missing, or a model cannot be found.
    FormatError
        If a column is missing.
    SettingsError
        If a keyword is unknown or wrong.
    """
    whole = getattr(picks, "arrow_tables", {})
    rows, aside = take_rows(picks, "picks", optional=("event_id",))
    places, bad_stations = take_rows(
        whole.get("stations") if stations is None else stations, "stations"
    )
    known, bad_events = take_rows(whole.get("events") if events is None else events, "events")
    if not places.num_rows:
        raise InputError(
            "There are no stations, so no event can be located. Give `stations` with station, "
            "longitude and latitude."
        )
    checked = settings_of(
        "locate", ("locate",), settings, seed=seed, takeoff={"angles": "given"},
        locate={"models": model_names(models)},
    ).locate  # fmt: skip
    assert checked is not None
    places, misplaced = put_aside_misplaced(places, known, [rows], log.warning)
    alone = pc.equal(rows.column("event_id"), "")
    rejects = [
        aside, bad_stations, bad_events, misplaced,
        reject_rows("picks", rows.filter(alone), "it belongs to no event; associate it first"),
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        found = locate_tables(
            checked, known, rows.filter(pc.invert(alone)) if pc.any(alone).as_py() else rows,
            places, open_folder(Path(folder if cache is None else cache)), seed,
        )  # fmt: skip
    return Locations(found, places, pa.concat_tables(rejects), checked)
