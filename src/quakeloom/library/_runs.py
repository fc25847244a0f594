"""Finished runs: their tables, arrays, figures and provenance."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import xarray as xr
from matplotlib.figure import Figure

from quakeloom.config import Settings
from quakeloom.core import InputError
from quakeloom.library._frames import frame_of
from quakeloom.library._maps import draw_hypocenter_map, draw_mechanism_map, draw_network_map
from quakeloom.library._stress_maps import StressMap
from quakeloom.plots import SectionGrid, plot_velocity_sections
from quakeloom.schema import TABLES, empty_table
from quakeloom.stages.frame.chains import run_stages
from quakeloom.stages.frame.partition_states import unfinished_stages
from quakeloom.stages.frame.run_settings import read_settings
from quakeloom.store import (
    Item,
    RunLayout,
    open_item,
    open_lazily,
    read_columns,
    read_json,
    read_table,
)

log = logging.getLogger(__name__)


class Run:
    """A run of quakeloom as it lies in its folder; nothing is changed there.

    Every table of the run is an attribute: ``run.mechanisms`` is a pandas frame.

    Attributes
    ----------
    path : Path
    settings : Settings
        As resolved when the run was planned.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._layout = RunLayout(path)
        self.settings: Settings = read_settings(self._layout)
        self._stale = unfinished_stages(self._layout, run_stages(self.settings))

    @property
    def tables(self) -> list[str]:
        """Names of the tables that the run has."""
        more = [t for s in run_stages(self.settings) for t in s.tables if t not in TABLES]
        names = dict.fromkeys((*TABLES, *more))
        return [n for n in names if self._layout.table(n).exists()]

    def table(self, name: str) -> pd.DataFrame:
        """Return a table as a pandas frame; times are UTC.

        Raises
        ------
        InputError
            If the run has no such table; the message lists those it has.
        """
        return frame_of(self._read(name))

    @property
    def datasets(self) -> list[str]:
        """Names of what :meth:`dataset` opens."""
        return list(self._sources())

    def dataset(self, name: str) -> xr.Dataset:
        """Return arrays of the run as an xarray dataset, read when they are used.

        Parameters
        ----------
        name : str
            ``stress``: the stress map. ``sections``: mean, spread and quantiles of a line.
            ``ensemble``: the members of a line or region. ``accepted``: weights of all acceptable
            mechanisms by event, with the mechanisms. ``locations``: draws of hypocenters.
            ``regional``: mean and spread of a region. Others by the name of their file.

        Raises
        ------
        InputError
            If the run has none of that name; the message lists those it has.
        """
        item = self._sources().get(name)
        if item is None:
            known = ", ".join(self.datasets) or "none"
            raise InputError(
                f"Run {self.path} has no arrays '{name}'. Nothing was opened; it has {known}."
            )
        if name == "accepted":
            return self._accepted(item)
        return self._joined(item, "locate") if name == "locations" else open_lazily(item)

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, seed, settings and digests that the results rest on."""
        file = self._layout.provenance
        return dict(read_json(file)) if file.exists() else {}

    @property
    def facts(self) -> dict[str, Any]:
        """Numbers that stages wrote as JSON, by stage: ``stress``, ``tomography`` and others."""
        stages = run_stages(self.settings)
        files = [self._layout.root / f for s in stages for f in s.files if f.endswith(".json")]
        return {f.stem: read_json(f) for f in files if f.exists()}

    @property
    def report(self) -> Path | None:
        """The report page, or None where it was not made."""
        return self._layout.report.local if self._layout.report.exists() else None

    @property
    def stress_map(self) -> StressMap:
        """The stress map, as :func:`map_stress` gives it.

        Raises
        ------
        InputError
            If the run has none.
        """
        if self.settings.stress is None or "stress" not in self.facts:
            raise InputError(
                f"Run {self.path} has no stress map. Add `stress: {{}}` to its settings and run it."
            )
        data = self.dataset("stress")
        return StressMap(
            self._read("stress"), None, data, self.facts["stress"], self.settings.stress
        )

    @property
    def figures(self) -> list[str]:
        """Names of what :meth:`plot` draws."""
        return [n for n, (table, _) in _FIGURES.items() if self._has(table)]

    def plot(self, name: str = "") -> Figure:
        """Return a figure of the run.

        Parameters
        ----------
        name : str
            ``network``, ``mechanisms``, ``hypocenters``, ``stress`` or ``sections``; the last
            of these that the run has if empty.

        Raises
        ------
        InputError
            If there is nothing to draw; the message lists what there is.
        """
        known = self.figures
        name = name or (known[-1] if known else "")
        figure = _FIGURES[name][1](self) if name in known else None
        if figure is None:
            raise InputError(
                f"Run {self.path} has no figure '{name}'. Nothing was drawn; it has "
                f"{', '.join(known) or 'none'}."
            )
        return figure

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or "settings" not in self.__dict__:
            raise AttributeError(f"A run has no attribute '{name}'.")
        if name not in TABLES and name not in self.tables:
            near = difflib.get_close_matches(name, dir(self), n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise AttributeError(f"A run has no attribute '{name}'.{hint}")
        return self.table(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.tables})

    def __repr__(self) -> str:
        return "\n".join(self._words())

    def _repr_html_(self) -> str:
        return f"<p>{'<br>'.join(escape(w) for w in self._words())}</p>"

    def _words(self) -> list[str]:
        rows = [f"{n} ({self._rows(n):,})" for n in self.tables]
        words = [
            f"Run {self.settings.name} in {self.path}",
            f"tables: {', '.join(rows) or 'none yet'}",
        ]
        if self._stale:
            names = ", ".join(s.name for s in self._stale)
            words.append(f"not computed under the present plan: {names}")
        return [*words, f"arrays: {', '.join(self.datasets)}"] if self.datasets else words

    def _has(self, name: str) -> bool:
        return name in self.tables or name in self.datasets

    def _rows(self, name: str) -> int:
        import pyarrow.parquet as pq

        with self._layout.table(name).open() as stream:
            return int(pq.read_metadata(stream).num_rows)

    def _stations(self) -> pa.Table:
        return self._read("stations") if "stations" in self.tables else empty_table("stations")

    def _read(self, name: str) -> pa.Table:
        if name not in self.tables:
            raise InputError(
                f"Run {self.path} has no table '{name}'. Nothing was read; it has "
                f"{', '.join(self.tables) or 'none'}."
            )
        if any(name in s.tables for s in self._stale):
            log.warning(
                "run %s: table '%s' is of an earlier plan than the present one, or in the making: "
                "run it again", self.path, name,
            )  # fmt: skip
        item = self._layout.table(name)
        # what a stage writes in the form of another table has no registry entry of its own
        return read_table(item, name, None if name in TABLES else read_columns(item))

    def _sources(self) -> dict[str, Item]:
        """Zarr groups and NetCDF files of the stages, by name; a group goes before a file."""
        found: dict[str, Item] = {}
        for stage in run_stages(self.settings):
            for key in (*stage.arrays, *stage.files):
                item = self._layout.root / key
                is_array = item.name.endswith((".zarr", ".nc")) and "/" not in key
                if is_array and item.exists():
                    found.setdefault(item.stem, item)
        return found

    def _accepted(self, folder: Item) -> xr.Dataset:
        grid = open_lazily(folder / "grid").load()
        return self._joined(folder, "mechanism").assign_coords(
            {n: grid[n] for n in ("strike_deg", "dip_deg", "rake_deg")}
        )

    def _joined(self, folder: Item, stage: str) -> xr.Dataset:
        """The partitions of an array below each other, with the events of their rows."""
        pieces = []
        for group in folder.children():
            if not group.is_folder() or group.name == "grid":
                continue
            part = self._layout.part(stage, group.name)
            table = "events" if stage == "mechanism" else "hypocenters"
            ids = read_table(part / f"{table}.parquet", table).column("event_id").to_pylist()
            pieces.append(open_lazily(group).assign_coords(event_id=("event", ids)))
        return xr.concat(pieces, "event").set_xindex("event_id")


def open_run(path: str | Path) -> Run:
    """Open a run: tables as pandas frames, arrays as xarray datasets, figures, provenance.

    Parameters
    ----------
    path : str or Path
        Folder of the run, such as ``results/demo``.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If there is no such folder.
    PlanError
        If the folder is none of a run.

    Examples
    --------
    >>> run = ql.open_run("results/demo")
    >>> run.mechanisms.query("quality == 'A'")
    """
    folder = Path(path)
    if not open_item(folder).is_folder():
        raise InputError(
            f"There is no folder '{folder}', so there is no run to open. Give one such as "
            "results/demo."
        )
    return Run(folder)


def _draw_network(run: Run) -> Figure | None:
    return draw_network_map(run._read("mechanisms"), run._read("stations"))


def _draw_mechanisms(run: Run) -> Figure | None:
    return draw_mechanism_map(run._read("mechanisms"))


def _draw_hypocenters(run: Run) -> Figure | None:
    return draw_hypocenter_map(run._read("hypocenters"), run._stations())


def _draw_stress(run: Run) -> Figure | None:
    return run.stress_map.plot()


def _draw_sections(run: Run) -> Figure | None:
    data = run.dataset("sections")
    names = {"quantile_2_5": "2.5 %", "mean": "Mean", "quantile_97_5": "97.5 %"}
    panels = {title: data[name] for name, title in names.items()}
    grid = SectionGrid(data["depth"], data["distance"], data["ground_depth"])
    return plot_velocity_sections(grid, panels)


_FIGURES: dict[str, tuple[str, Callable[[Run], Figure | None]]] = {
    "network": ("mechanisms", _draw_network),
    "mechanisms": ("mechanisms", _draw_mechanisms),
    "hypocenters": ("hypocenters", _draw_hypocenters),
    "stress": ("stress", _draw_stress),
    "sections": ("sections", _draw_sections),
}
"""What a run draws: the table or dataset that it needs, and how."""
