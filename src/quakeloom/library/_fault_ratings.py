"""Slip tendency of faults in a stress map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from matplotlib.figure import Figure

from quakeloom.core import InputError
from quakeloom.formats import read_fault_segments
from quakeloom.library._frames import take_rows
from quakeloom.library._maps import load_coast, take_columns
from quakeloom.library._results import Result, count, nothing_to_plot
from quakeloom.library._settings import SEED, settings_of
from quakeloom.library._stress_maps import StressMap
from quakeloom.plots import FaultTendencies, plot_fault_tendency
from quakeloom.schema import make_table
from quakeloom.stages.tendency.verbs import rate_faults


class FaultTendency(Result):
    """Slip tendency of fault segments: registered ``tendency``.

    Tendencies compare orientations: 1 is the best oriented plane of a crust at the limit of
    friction, 0 a plane without shear. They do not say how near a fault is to failure.
    """

    def plot(self) -> Figure:
        """Return the faults on a map colored by slip tendency, and their 95 % ranges."""
        c = take_columns(self._table, *self._table.column_names)
        faults = FaultTendencies(
            c["longitude"],
            c["latitude"],
            c["strike_deg"],
            c["slip_tendency"],
            np.stack([c["slip_tendency_low"], c["slip_tendency_high"]], axis=1),
            c["fault"],
        )
        figure = plot_fault_tendency(faults, load_coast())
        if figure is None:
            raise nothing_to_plot("the faults", "All of them lie outside of the stress map.")
        return figure

    def _words(self) -> list[str]:
        values = self._table.column("slip_tendency").to_numpy()
        known = np.isfinite(values)
        words = f"Slip tendency of {count(len(self), 'fault')}"
        if not known.any():
            return [f"{words}, all outside of the stress map"]
        names = self._table.column("fault").to_pylist()
        best = int(np.nanargmax(values))
        spread = self._table.column("slip_tendency_std").to_numpy()[best]
        return [
            f"{words}: largest {values[best]:.2f} +- {spread:.2f} ({names[best]}), median "
            f"{float(np.median(values[known])):.2f}"
        ]


def _called_faults(faults: Any) -> Any:
    """Faults whose names are in ``name``, as settings and files have them, under ``fault``."""
    if isinstance(faults, Mapping):
        other = {} if "fault" in faults else {"name": "fault"}
        return {other.get(k, k): v for k, v in faults.items()}
    if isinstance(faults, pd.DataFrame):
        return faults if "fault" in faults else faults.rename(columns={"name": "fault"})
    if isinstance(faults, list | tuple):
        return [_called_faults(f) if isinstance(f, Mapping) else f for f in faults]
    return faults


def slip_tendency(
    stress: StressMap, faults: Any, *, seed: int = SEED, **settings: Any
) -> FaultTendency:
    """Rate how well faults are oriented to slip in a stress map, with the range of it.

    The stress at a fault is interpolated from the nodes around it, with its posterior; frictions
    are equally likely, and dips vary by their errors.

    Parameters
    ----------
    stress : StressMap
        From :func:`map_stress`, or ``stress_map`` of a run.
    faults : DataFrame, table, str or Path
        With ``fault`` (or ``name``), ``longitude``, ``latitude``, ``strike_deg`` (dip to the
        right), ``dip_deg``, and, where they are known, ``rake_deg`` and ``dip_std_deg``; or a
        GeoJSON or CSV file of them.
    seed : int
        Root of the random streams.
    **settings
        ``frictions`` and ``draws``.

    Returns
    -------
    FaultTendency
        Faults outside of the map have no tendency, and a row in ``rejects``.

    Raises
    ------
    InputError
        If there is no stress map or no fault.
    FormatError
        If a column is missing or no fault can be read.
    SettingsError
        If a keyword is unknown or wrong.

    References
    ----------
    Morris, A., D. A. Ferrill and D. B. Henderson (1996). Geology 24, 275-278.
    """
    if not isinstance(stress, StressMap):
        raise InputError(
            f"The stress is given as {type(stress).__name__}, so no fault can be rated. Give the "
            "result of ql.map_stress, or ql.open_run(...).stress_map."
        )
    if isinstance(faults, str | Path):
        rows, rejects = read_fault_segments(faults), None
    else:
        rows, rejects = take_rows(_called_faults(faults), "tendency", "faults as given")
    if not rows.num_rows:
        raise InputError(
            "There is no fault, so no slip tendency can be computed. Give rows with fault, "
            "longitude, latitude, strike_deg and dip_deg."
        )
    checked = settings_of(
        "slip_tendency", ("tendency",), settings, seed=seed, takeoff={"angles": "given"},
        stress={}, tendency={},
    ).tendency  # fmt: skip
    assert checked is not None
    freedom = stress.facts["freedom"]
    if freedom is not None and not np.isfinite(freedom):
        freedom = None  # a normal posterior; files say it so, too
    table = rate_faults(stress.settings, stress.dataset, freedom, rows, checked, seed)
    outside = np.flatnonzero(~np.isfinite(table.column("slip_tendency").to_numpy()))
    names = table.column("fault").to_pylist()
    aside = make_table(
        "rejects",
        {
            "source_line": outside + 1,
            "record": ["fault"] * outside.size,
            "reason": [f"'{names[i]}' is outside of the stress map" for i in outside],
        },
        rows=outside.size,
    )
    return FaultTendency(table, aside if rejects is None else pa.concat_tables([rejects, aside]))
