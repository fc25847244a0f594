"""What a report is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.core import Coastline
from quakeloom.report._blocks import Section
from quakeloom.schema import TABLES, empty_table


@dataclass(frozen=True)
class ComparedCatalog:
    """Another catalog that the report compares with the run's own.

    Attributes
    ----------
    name : str
        Short name, e.g. ``angles traced in a 1-D model``.
    mechanisms : pyarrow.Table
        A registered ``mechanisms`` table.
    description : str
        One or two sentences: what differs from this run, and why it is shown.
    earlier : bool
        True when the other catalog is the state before this run (its letters are the rows of
        the matrix of letters); False when it is an alternative to it, or what comes after.
    """

    name: str
    mechanisms: pa.Table
    description: str = ""
    earlier: bool = False


def _nothing(_: str) -> None:
    return None


@dataclass(frozen=True)
class RunResults:
    """Everything that the report of a run shows, already read from the store.

    Attributes
    ----------
    name : str
        Name of the run.
    tables : mapping of str to pyarrow.Table
        Registered tables: ``events``, ``stations``, ``polarities``, ``mechanisms``,
        ``solutions``, ``rejects``, ``truth``, ``station_report``, ``reversals``. Any may be
        absent.
    acceptance : callable
        Event identifier to the uint8 weights over the mechanism grid, or None.
    grid : mapping of str to ndarray
        ``strike_deg``, ``dip_deg``, ``rake_deg`` of the mechanism grid; may be empty.
    provenance : mapping
        Versions, digests, code digest, seed, revision: any nesting of plain values. The key
        ``wall_seconds``, where present, is the wall time of the whole run.
    timings : sequence of mapping
        ``rule``, ``partition``, ``seconds``, ``cpu_seconds``, ``peak_memory_mb`` per job.
    settings : mapping
        The settings of the run as plain values.
    comparisons : sequence of ComparedCatalog or of (name, table)
        Catalogs to compare with.
    seed_scatter : mapping, optional
        Rotation between solutions of the same events with different seeds:
        ``rotation_deg`` and ``quality`` (arrays of one length), ``seeds`` (list), and
        optionally ``event_id``, ``settings`` (text: trials, maxout).
    coastline : Coastline, optional
        For the maps.
    description : str
        What this run is, shown under the title.
    stress : mapping
        ``facts``, the numbers of the inversion (``stress.json``), and ``grid`` where the map
        is a grid of longitude and latitude: ``longitude``, ``latitude``, ``a_phi`` and
        ``silent`` (no data); ``posterior``, a ``NodePosterior`` or None. The tables
        ``stress``, ``stress_truth`` and ``tendency`` go with it. Empty where no stress was
        mapped.
    waveforms : mapping
        ``picker`` and ``reader`` (names of weights); ``reference`` (table
        ``reference_arrivals``), ``is_part``, whether it and the tables ``picks`` and ``windows``
        are those of a part of the events, and ``authority``, whose it is (``analyst`` or
        ``simulated truth``); ``window_status`` and ``phases``, numbers of windows and of picks;
        ``readings`` (table ``polarities``), first motions as read; ``excerpt``, a callable that
        takes a row of it and returns vertical, sampling rate and sample of P, or None. Empty where
        the run reads no waveforms.
    location : mapping
        ``members`` of the ensemble, ``boundary_km`` (mean and standard deviation) where there
        is one, ``sources``: identifiers, longitudes, latitudes and depths that came with
        the events, and ``structure``: sentences about residuals that no model explains.
        The tables ``hypocenters`` and ``arrivals`` go with it.
    sections : sequence of Section
        Sections that stages outside the package bring.
    warnings : sequence of str
        Sentences about stages that used nothing of what they were given; told first.
    files : sequence of (str, str)
        Names of result files beside the report, and what they hold.
    """

    name: str
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    acceptance: Callable[[str], NDArray[np.uint8] | None] = _nothing
    grid: Mapping[str, NDArray] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    timings: Sequence[Mapping[str, Any]] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    comparisons: Sequence[ComparedCatalog | tuple[str, pa.Table]] = ()
    seed_scatter: Mapping[str, Any] | None = None
    coastline: Coastline | None = None
    description: str = ""
    stress: Mapping[str, Any] = field(default_factory=dict)
    waveforms: Mapping[str, Any] = field(default_factory=dict)
    location: Mapping[str, Any] = field(default_factory=dict)
    sections: Sequence[Section] = ()
    warnings: Sequence[str] = ()
    files: Sequence[tuple[str, str]] = ()

    def table(self, name: str) -> pa.Table:
        """Return a table; an absent one is returned without rows."""
        found = self.tables.get(name)
        return empty_table(name) if found is None and name in TABLES else found

    def has(self, name: str) -> bool:
        """Return whether a table is there and has rows."""
        found = self.tables.get(name)
        return found is not None and found.num_rows > 0
