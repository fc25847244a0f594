"""Catalogs: tables of events, readings, stations and mechanisms, read from any format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from matplotlib.figure import Figure

from quakeloom.core import FormatError, InputError
from quakeloom.formats import (
    FORMATS,
    Rejects,
    detect_format,
    names_mechanisms,
    read_mechanisms,
    read_source,
)
from quakeloom.library._frames import frame_of, take_rows
from quakeloom.library._maps import draw_mechanism_map, draw_network_map
from quakeloom.library._results import Result, nothing_to_plot
from quakeloom.schema import empty_table
from quakeloom.stages.ingest.row_partitions import unique_events

if TYPE_CHECKING:
    import obspy

TABLES = (
    "events", "stations", "picks", "polarities", "amplitudes", "mechanisms", "reversals",
    "sp_corrections",
)  # fmt: skip
"""Tables of a catalog."""

_MECHANISMS = "mechanisms"
"""Table that a plot of a catalog draws, if it is there."""

_QUAKEML = "quakeml"
"""Form of an export that takes all tables."""


class Catalog(Result):
    """Tables of events, stations, readings and mechanisms as pandas frames.

    Columns have registered names with their units; absent tables are empty.

    Parameters
    ----------
    **tables : DataFrame, table, mapping or list of rows
        ``events``, ``stations``, ``picks``, ``polarities``, ``amplitudes``, ``mechanisms``,
        ``reversals``, ``sp_corrections``. Rows that cannot be used go to ``rejects``.

    Raises
    ------
    InputError
        If a table is unknown, or is none.
    FormatError
        If a required column is missing, or no row of a table can be read.

    Examples
    --------
    >>> ql.Catalog(events=pd.read_csv("events.csv"), picks=my_picks)
    """

    def __init__(self, **tables: Any) -> None:
        unknown = [n for n in tables if n not in TABLES]
        if unknown:
            raise InputError(
                f"A catalog has no table {', '.join(map(repr, unknown))}. Nothing was taken; its "
                f"tables are {', '.join(TABLES)}."
            )
        found = {n: take_rows(data, n) for n, data in tables.items()}
        rejects = pa.concat_tables([empty_table("rejects"), *(r for _, r in found.values())])
        self._take({n: rows for n, (rows, _) in found.items()}, rejects)

    @classmethod
    def of_tables(cls, tables: Mapping[str, pa.Table], rejects: pa.Table) -> Catalog:
        """Make a catalog of registered Arrow tables."""
        made = cls.__new__(cls)
        made._take(tables, rejects)
        return made

    def _take(self, tables: Mapping[str, pa.Table], rejects: pa.Table) -> None:
        known = {n: tables.get(n, empty_table(n)) for n in TABLES}
        known["events"], doubled = unique_events(known["events"])
        self.arrow_tables: dict[str, pa.Table] = known
        main = next((n for n in ("events", *TABLES) if known[n].num_rows), "events")
        super().__init__(known[main], pa.concat_tables([rejects, doubled]))
        self._main = main

    @property
    def events(self) -> pd.DataFrame:
        """Earthquakes."""
        return frame_of(self.arrow_tables["events"])

    @property
    def stations(self) -> pd.DataFrame:
        """Stations and their epochs."""
        return frame_of(self.arrow_tables["stations"])

    @property
    def picks(self) -> pd.DataFrame:
        """Picked arrivals."""
        return frame_of(self.arrow_tables["picks"])

    @property
    def polarities(self) -> pd.DataFrame:
        """First motions of P."""
        return frame_of(self.arrow_tables["polarities"])

    @property
    def amplitudes(self) -> pd.DataFrame:
        """Amplitudes of P and S."""
        return frame_of(self.arrow_tables["amplitudes"])

    @property
    def mechanisms(self) -> pd.DataFrame:
        """Focal mechanisms."""
        return frame_of(self.arrow_tables["mechanisms"])

    @property
    def reversals(self) -> pd.DataFrame:
        """Spans in which stations are reversed."""
        return frame_of(self.arrow_tables["reversals"])

    @property
    def sp_corrections(self) -> pd.DataFrame:
        """Station corrections of log10 S/P."""
        return frame_of(self.arrow_tables["sp_corrections"])

    def to_obspy(self) -> tuple[obspy.Catalog, obspy.Inventory]:
        """Return the events as an ObsPy catalog, and the stations as an inventory.

        Origins, magnitudes, picks with arrivals, first motions and focal mechanisms. What ObsPy
        has no place for (probabilities, weight codes, amplitudes, reversals) stays behind.
        """
        from quakeloom.library._to_obspy import catalog_to_obspy

        return catalog_to_obspy(self.arrow_tables)

    def plot(self) -> Figure:
        """Return a map: beachballs where there are mechanisms, else events and stations."""
        tables = self.arrow_tables
        figure = draw_mechanism_map(tables["mechanisms"])
        if figure is None:
            figure = draw_network_map(tables["events"], tables["stations"])
        if figure is None:
            raise nothing_to_plot("the catalog", "Give events or stations with coordinates.")
        return figure

    def _words(self) -> list[str]:
        rows = [f"{t.num_rows:,} {n}" for n, t in self.arrow_tables.items() if t.num_rows]
        words = [f"Catalog: {', '.join(rows) or 'empty'}"]
        times = self.arrow_tables["events"].column("origin_time").drop_null()
        if len(times):
            first, last = (str(f(times.to_numpy()))[:10] for f in (np.min, np.max))
            words.append(f"from {first} to {last}")
        return words


def read(paths: str | Path | Sequence[str | Path], format: str = "auto", **options: Any) -> Catalog:
    """Read files of events, stations, picks, first motions, amplitudes or mechanisms.

    Any format of ``quakeloom formats``, recognized from what is in the file: QuakeML,
    StationXML, HASH, SKHASH, Hypoinverse, HYPO71, hypoDD, NonLinLoc, JMA, CSV and Parquet with
    registered columns, and tables of mechanisms (also GeoNet's and GMT's).

    Parameters
    ----------
    paths : str, Path or list
        Files; a name may be a pattern such as ``events-*.xml``.
    format : str
        A name of ``quakeloom formats``, ``mechanisms``, or ``auto`` to recognize it.
    **options
        Options of that format.

    Returns
    -------
    Catalog
        The first of several events with one ``event_id`` is taken. Everything that could not be
        read is in ``rejects``, with file, line and reason.

    Raises
    ------
    InputError
        If a file is missing.
    FormatError
        If a file is in none of the formats.
    SettingsError
        If the format has no such option.

    Examples
    --------
    >>> catalog = ql.read(["events-*.xml", "stations.xml"])
    >>> catalog.events
    """
    pieces: dict[str, list[pa.Table]] = {n: [empty_table(n)] for n in (*TABLES, "rejects")}
    for path in _files(paths):
        for name, table in _read_one(path, format, options).items():
            if name in pieces:
                pieces[name].append(table)
    joined = {n: pa.concat_tables(tables).combine_chunks() for n, tables in pieces.items()}
    rejects = joined.pop("rejects")
    return Catalog.of_tables(joined, rejects)


def _files(paths: str | Path | Sequence[str | Path]) -> list[Path]:
    try:
        given = [Path(p) for p in ([paths] if isinstance(paths, str | Path) else paths)]
    except TypeError:
        raise InputError(
            f"Files are given as {type(paths).__name__}, which names none. Nothing was read; give "
            "a path, or a list of paths."
        ) from None
    files: list[Path] = []
    for path in given:
        if path.is_dir():
            remedy = (
                "open it with ql.open_run" if (path / "plan").is_dir() else
                f"give its files, such as {path / '*.xml'}"
            )  # fmt: skip
            raise InputError(f"'{path}' is a folder. Nothing was read; {remedy}.")
        if path.exists() or not any(c in str(path) for c in "*?["):
            files.append(path)
            continue
        root = Path(path.anchor) if path.is_absolute() else Path()
        found = sorted(root.glob(str(path.relative_to(root) if path.is_absolute() else path)))
        if not found:
            raise InputError(f"No file matches '{path}'. Nothing was read; correct the pattern.")
        files += found
    if not files:
        raise InputError("No file is given, so nothing can be read.")
    return files


def _read_one(path: Path, format: str, options: dict[str, Any]) -> dict[str, pa.Table]:
    """Return the registered tables of a file, rejects among them."""
    if format == _MECHANISMS:
        return _mechanisms_of(path)
    if format == "auto":
        if names_mechanisms(path):
            return _mechanisms_of(path)
        try:
            format = detect_format(path)
        except FormatError:
            try:
                return _mechanisms_of(path)
            except FormatError:
                pass
            raise
    if format not in FORMATS:
        raise FormatError(
            f"Format '{format}' for '{path}' is not known, so the file is not read. Write auto, "
            f"{_MECHANISMS} or one of {', '.join(FORMATS)}."
        )
    source = read_source(path, format, **options)
    tables = {n: getattr(source, n) for n in (*TABLES, "rejects") if hasattr(source, n)}
    if format == _QUAKEML:
        # the reader of readings has said already what is wrong with events
        solved = _mechanisms_of(path)[_MECHANISMS]
        keep = np.isfinite(solved.column("strike_deg").to_numpy())
        tables[_MECHANISMS] = solved.filter(pa.array(keep))
    return tables


def _mechanisms_of(path: Path) -> dict[str, pa.Table]:
    rejects = Rejects(path)
    found = read_mechanisms(path, rejects)
    return {_MECHANISMS: found, "rejects": rejects.table()}
