"""ObsPy catalogs and inventories as tables."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.core import InputError
from quakeloom.formats import event_id_of
from quakeloom.library._catalogs import Catalog, read
from quakeloom.schema import empty_table, make_table

ORIGIN = "ObsPy"
"""``source_file`` of rows that come from objects of ObsPy."""

_ONSETS = {"impulsive": "I", "emergent": "E"}
"""Letters of onsets by their words in QuakeML."""


def from_obspy(catalog: Any = None, inventory: Any = None) -> Catalog:
    """Turn an ObsPy catalog, and an inventory, into tables.

    The same events, first motions and mechanisms as of a QuakeML file that ObsPy writes, and all
    picks.

    Parameters
    ----------
    catalog : obspy.Catalog, obspy.core.event.Event or list of them, optional
    inventory : obspy.Inventory, optional

    Returns
    -------
    Catalog

    Raises
    ------
    InputError
        If they are no objects of ObsPy, or none is given.
    """
    if catalog is None and inventory is None:
        raise InputError(
            "Neither a catalog nor an inventory is given (None). Nothing was taken; give an "
            "obspy.Catalog, an obspy.Inventory, or both."
        )
    tables: dict[str, pa.Table] = {}
    rejects = [empty_table("rejects")]
    if catalog is not None:
        events = _events(catalog)
        found = _through_file(events, "QUAKEML", "events.xml")
        tables |= {n: found.arrow_tables[n] for n in ("events", "polarities", "mechanisms")}
        tables["picks"], bad = _picks(list(events))
        rejects += [found.to_arrow_rejects(), bad]
    if inventory is not None:
        found = _through_file(inventory, "STATIONXML", "stations.xml")
        tables["stations"] = found.arrow_tables["stations"]
        rejects.append(found.to_arrow_rejects())
    return Catalog.of_tables(tables, pa.concat_tables(rejects))


def _events(catalog: Any) -> Any:
    from obspy import Catalog as ObspyCatalog
    from obspy.core.event import Event

    events = [catalog] if isinstance(catalog, Event) else catalog
    try:
        given = list(events)
    except TypeError:
        given = [None]
    if not all(isinstance(e, Event) for e in given):
        raise InputError(
            f"Events are given as {type(catalog).__name__}, which holds none of ObsPy. Nothing was "
            "taken; give an obspy.Catalog, an event, or a list of events."
        )
    return ObspyCatalog(given)


def _through_file(thing: Any, form: str, name: str) -> Catalog:
    """Write an object of ObsPy and read it as a file, so that both are read alike."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # identifiers that are no valid ones are kept as they are
        warnings.simplefilter("ignore")
        path = Path(folder) / name
        try:
            thing.write(str(path), format=form)
        except Exception as error:
            raise InputError(
                f"ObsPy cannot write what is given as {type(thing).__name__} ({error}). Nothing "
                "was taken; give an obspy.Catalog, and an obspy.Inventory."
            ) from None
        if form == "QUAKEML" and not len(thing):
            return Catalog()
        found = read(path)
    tables = {n: _renamed(t) for n, t in found.arrow_tables.items()}
    return Catalog.of_tables(tables, _renamed(found.to_arrow_rejects()))


def _renamed(table: pa.Table) -> pa.Table:
    """A table whose rows do not name the file that they came through."""
    index = table.schema.get_field_index("source_file")
    if index < 0:
        return table
    names = pa.array([ORIGIN] * table.num_rows, pa.string())
    return table.set_column(index, table.schema.field(index), names)


def _picks(events: list[Any]) -> tuple[pa.Table, pa.Table]:
    """All picks with a phase, and those that have none or no station as rejects."""
    rows: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    for event in events:
        event_id = event_id_of(str(event.resource_id.id))
        origin = event.preferred_origin() or (event.origins[0] if event.origins else None)
        named = {str(a.pick_id): str(a.phase or "") for a in (origin.arrivals if origin else [])}
        for number, pick in enumerate(event.picks, start=1):
            phase = named.get(str(pick.resource_id)) or str(pick.phase_hint or "")
            seed = pick.waveform_id
            station = str(seed.station_code or "") if seed is not None else ""
            missing = [
                what
                for what, has in (("phase", phase), ("station", station), ("time", pick.time))
                if not has
            ]
            if missing or pick.evaluation_status == "rejected":
                reason = f"it has no {missing[0]}" if missing else "the source has rejected it"
                bad.append({"event_id": event_id, "station": station, "source_line": number,
                            "reason": f"pick {pick.resource_id}: {reason}"})  # fmt: skip
                continue
            rows.append(_row(event_id, phase, pick, seed))
    columns: dict[str, Any] = {n: [r[n] for r in rows] for n in rows[0]} if rows else {}
    if rows:
        columns["time"] = np.array(columns["time"], dtype="datetime64[ns]")
    aside: dict[str, Any] = {n: [b[n] for b in bad] for n in bad[0]} if bad else {}
    if bad:
        aside |= {"source_file": [ORIGIN] * len(bad), "record": ["pick"] * len(bad)}
    return (
        make_table("picks", columns, rows=len(rows)), make_table("rejects", aside, rows=len(bad))
    )  # fmt: skip


def _row(event_id: str, phase: str, pick: Any, seed: Any) -> dict[str, Any]:
    error = pick.time_errors.uncertainty if pick.time_errors else None
    return {
        "event_id": event_id,
        "network": str(seed.network_code or ""),
        "station": str(seed.station_code or ""),
        "location_code": str(seed.location_code or ""),
        "channel": str(seed.channel_code or ""),
        "phase": phase,
        "time": pick.time.ns,
        "uncertainty_s": float("nan") if error is None else float(error),
        "onset": _ONSETS.get(str(pick.onset or ""), ""),
        "source_file": ORIGIN,
    }
