"""What an atlas shows, and collecting it from a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.core import Coastline, SettingsError
from quakeloom.formats import find_coastline
from quakeloom.schema import TABLES, empty_table
from quakeloom.stages.frame.chains import find_chain, run_stages
from quakeloom.stages.stress.posterior import NodePosterior, read_node_posterior
from quakeloom.stages.versions.seals import list_versions, versions_folder
from quakeloom.store import (
    Item,
    RunLayout,
    find_resource,
    open_array,
    read_columns,
    read_json,
    read_table,
)

SHOWN_TABLES = (
    "events",
    "faults",
    "hypocenters",
    "mechanisms",
    "polarities",
    "station_report",
    "stations",
    "stress",
    "tendency",
)
"""Tables of a run that an atlas shows, as far as there are such."""

SHOWN_CHAINS = ("events", "mechanisms")
"""Kinds of run that an atlas can show: those of earthquakes."""


AcceptedSets = Callable[[str], "NDArray[np.uint8] | None"]
"""Event identifier to the weights of the mechanisms of the grid, 255 the most accepted."""


def _nothing(_: str) -> None:
    return None


@dataclass(frozen=True)
class AtlasContents:
    """Everything that an atlas shows, already read.

    Attributes
    ----------
    name : str
        Name of the run.
    title, description : str
    tables : mapping of str to pyarrow.Table
        Registered tables, see :data:`SHOWN_TABLES`; any may be absent.
    posterior : NodePosterior, optional
        Of the rows of table ``stress``.
    facts : mapping
        Numbers of the inversion (``stress.json``).
    provenance : mapping
        Versions and digests.
    versions : sequence of mapping
        Seals of the run, the oldest first.
    acceptance : callable
        Event identifier to the weights over the mechanism grid, or None.
    grid : ndarray, shape (mechanisms, 3)
        Strike, dip and rake of the mechanism grid; empty where there is none.
    coastline : Coastline, optional
    synthetic : bool
        The earthquakes are simulated.
    """

    name: str
    title: str = ""
    description: str = ""
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    posterior: NodePosterior | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    versions: Sequence[Mapping[str, Any]] = ()
    acceptance: AcceptedSets = _nothing
    grid: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    coastline: Coastline | None = None
    synthetic: bool = False

    def table(self, name: str) -> pa.Table:
        """Return a table, empty where the run has none."""
        found = self.tables.get(name)
        return empty_table(name) if found is None else found


def collect_contents(settings: Settings, layout: RunLayout) -> AtlasContents:
    """Read what an atlas shows from the tables of a finished run.

    Raises
    ------
    SettingsError
        If the run is of a kind that has no earthquakes.
    """
    kind = find_chain(settings).name
    if kind not in SHOWN_CHAINS:
        raise SettingsError(
            f"Run {layout.root} is of kind '{kind}', and an atlas shows earthquakes, mechanisms "
            "and their stress. Nothing was written; open its report, or name a run of a catalog."
        )
    names = {n for stage in run_stages(settings) for n in stage.tables if n in TABLES}
    tables = {
        n: _read_shown(layout.table(n), n)
        for n in SHOWN_TABLES
        if n in names and layout.table(n).exists()
    }
    acceptance, grid = _read_sets(layout)
    facts = layout.root / "stress.json"
    return AtlasContents(
        name=settings.name,
        title=settings.report.title or settings.name,
        description=settings.description,
        tables=tables,
        posterior=read_node_posterior(layout, tables.get("stress")),
        facts=read_json(facts) if facts.exists() else {},
        provenance=read_json(layout.provenance) if layout.provenance.exists() else {},
        versions=_read_versions(settings, layout),
        acceptance=acceptance,
        grid=grid,
        coastline=find_coastline(find_resource("coastline")),
        synthetic=settings.simulation is not None,
    )


_POLARITY_COLUMNS = [
    "event_id",
    "network",
    "station",
    "polarity",
    "probability_up",
    "azimuth_deg",
    "takeoff_deg",
    "use",
]
"""Columns of the largest table that an atlas shows."""


def _read_shown(item: Item, name: str) -> pa.Table:
    if name == "polarities" and set(_POLARITY_COLUMNS) <= set(read_columns(item)):
        return read_table(item, name, _POLARITY_COLUMNS)
    return read_table(item, name)


def _read_sets(layout: RunLayout) -> tuple[AcceptedSets, NDArray[np.float64]]:
    """Return a reader of the acceptable mechanisms of an event, and their grid."""
    group = layout.accepted / "grid"
    if not group.exists():
        return _nothing, np.zeros((0, 3))
    grid = np.stack(
        [np.asarray(open_array(group, f"{n}_deg")[...]) for n in ("strike", "dip", "rake")], axis=1
    )
    where: dict[str, tuple[str, int]] = {}
    for part in layout.parts("mechanism").children():
        if part.is_folder() and (layout.accepted / part.name / "acceptance").exists():
            ids = read_table(part / "events.parquet", "events", ["event_id"]).column("event_id")
            where |= {str(e): (part.name, row) for row, e in enumerate(ids.to_pylist())}
    opened: dict[str, Any] = {}

    def acceptance(event_id: str) -> NDArray[np.uint8] | None:
        if event_id not in where:
            return None
        part, row = where[event_id]
        if part not in opened:
            opened.clear()  # one partition at a time stays in memory
            opened[part] = np.asarray(open_array(layout.accepted / part, "acceptance")[...])
        return np.asarray(opened[part][row])

    return acceptance, grid


def _read_versions(settings: Settings, layout: RunLayout) -> list[dict[str, Any]]:
    folder = versions_folder(layout.results(settings.name), settings.name.split("/")[0])
    if not folder.exists():
        return []
    return [
        {k: str(seal.get(k, "")) for k in ("version", "made", "message", "digest")}
        for seal in list_versions(folder)
    ]
