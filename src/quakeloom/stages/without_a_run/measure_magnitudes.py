"""Magnitudes of anybody's amplitudes, and completeness of any catalog, without a run."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from quakeloom import __version__
from quakeloom.config import Magnitude, parse_settings
from quakeloom.core import InputError
from quakeloom.formats import CatalogTables, Creation, read_source, write_quakeml
from quakeloom.schema import TABLES, empty_table, make_table
from quakeloom.stages.magnitude.completeness_table import make_completeness
from quakeloom.stages.magnitude.measured_tables import measure_catalog
from quakeloom.store import (
    Item,
    atomic_file,
    is_input,
    local_copy,
    open_folder,
    open_item,
    read_columns,
    read_table,
    write_json_if_changed,
    write_table,
)

log = logging.getLogger(__name__)

_OTHER_NAMES = {
    "event_id": ("event_id", "event", "id"),
    "network": ("network", "net"),
    "station": ("station", "sta"),
    "phase": ("phase",),
    "amplitude_wa_mm": ("amplitude_wa_mm",),
    "peak_velocity_m_s": ("peak_velocity_m_s",),
    "amplitude_wa_snr": ("amplitude_wa_snr", "snr"),
    "clipped": ("clipped", "amplitude_clipped"),
}
"""Columns of amplitudes, and how they may be called in a CSV."""

_PLAIN = {"ML_hutton_boore": ("amplitude_wa_mm", 1.0), "Mv_watanabe": ("peak_velocity_m_s", 0.01)}
"""What a column called ``amplitude``, in the unit of the formula, is."""

_OWN_EVENTS = ("hypocenters", "magnitudes", "events")
"""Tables of quakeloom that have events, the best first."""

_YES, _NO = {"1", "true", "yes", "y", "t"}, {"", "0", "false", "no", "n", "f", "nan"}
"""Words for clipped and not."""


@dataclass(frozen=True)
class MagnitudeInputs:
    """What magnitudes are measured from.

    Attributes
    ----------
    events, amplitudes, stations, rejects : pyarrow.Table
        Rejects are amplitudes that belong to no event.
    """

    events: pa.Table
    amplitudes: pa.Table
    stations: pa.Table
    rejects: pa.Table = field(default_factory=lambda: empty_table("rejects"))


def read_magnitude_inputs(
    amplitudes: Path, events: Path, stations: Path, formula: str
) -> MagnitudeInputs:
    """Read amplitudes, events and stations.

    Raises
    ------
    InputError
        If a file is missing, or does not hold what it should.
    """
    found = read_events(events)
    places = _read_source_table(stations, "stations")
    item = _require(amplitudes, "amplitudes")
    table = _read_amplitudes(item, formula)
    is_there = pc.is_in(table.column("event_id"), found.column("event_id").combine_chunks())
    lost = np.flatnonzero(~np.asarray(is_there))
    rejects = make_table("rejects", {
        "source_file": [str(amplitudes)] * lost.size, "source_line": lost + 1,
        "reason": [
            f"amplitude of event '{e}', which is not among the events"
            for e in table.column("event_id").take(pa.array(lost)).to_pylist()
        ],
    }, rows=lost.size)  # fmt: skip
    if lost.size:
        log.warning("%d of %d amplitudes are of no event in %s", lost.size, table.num_rows, events)
    kept = table.filter(is_there)
    if not kept.num_rows:
        raise InputError(
            f"None of the {table.num_rows} amplitudes of '{amplitudes}' is of an event of "
            f"'{events}'. Nothing was measured; both must have the same event ids."
        )
    return MagnitudeInputs(found, kept, places, rejects)


def read_events(path: Path) -> pa.Table:
    """Read events from a table of quakeloom, or from any format that has some.

    Raises
    ------
    InputError
        If there are none.
    """
    item = _require(path, "events")
    if item.name.lower().endswith(".parquet"):
        try:
            columns = set(read_columns(item))
        except pa.ArrowInvalid:
            columns = set()
        for name in _OWN_EVENTS:
            if columns >= set(TABLES[name].columns):
                return read_table(item, name)
    return _read_source_table(path, "events")


def measure_folder(
    asked: Magnitude, inputs: MagnitudeInputs, out: Path, seed: int
) -> dict[str, Any]:
    """Measure magnitudes, write all tables and ``catalog.xml``, and return what was found.

    Parameters
    ----------
    asked : Magnitude
    inputs : MagnitudeInputs
    out : Path
    seed : int

    Returns
    -------
    dict
        As ``magnitude.json`` has it.
    """
    made = measure_catalog(asked, inputs.events, inputs.amplitudes, inputs.stations)
    folder = open_folder(out)
    provenance = {"quakeloom": __version__, "seed": seed}
    for name, table in (
        ("magnitudes", made.magnitudes),
        ("station_magnitudes", made.station_magnitudes),
        ("magnitude_terms", made.magnitude_terms),
        ("completeness", make_completeness(asked, seed, made.magnitudes)),
        ("rejects", inputs.rejects),
    ):
        write_table(folder / f"{name}.parquet", name, table, provenance)
    write_json_if_changed(folder / "magnitude.json", made.facts)
    is_located = "cov_ee" in inputs.events.column_names
    shared = [n for n in TABLES["events"].columns
              if n in inputs.events.column_names and not n.startswith("magnitude")]  # fmt: skip
    given = make_table(
        "events", {n: inputs.events.column(n) for n in shared}, rows=inputs.events.num_rows
    )
    tables = CatalogTables(
        events=given,
        hypocenters=inputs.events if is_located else empty_table("hypocenters"),
        magnitudes=made.magnitudes,
    )
    with atomic_file(folder / "catalog.xml") as file:
        write_quakeml(tables, file, Creation(f"quakeloom {__version__}"))
    return made.facts


def measure_completeness(asked: Magnitude, events: pa.Table, seed: int) -> pa.Table:
    """Make the table of completeness and b-values of any catalog with magnitudes.

    Raises
    ------
    InputError
        If no event has a magnitude.
    """
    magnitude = events.column("magnitude").to_numpy()
    if not np.isfinite(magnitude).any():
        raise InputError(
            f"None of {events.num_rows} events has a magnitude, so there is no completeness. Give "
            "a catalog with magnitudes, or --amplitudes and --stations to measure them."
        )
    if "magnitude_type" in events.column_names:
        kinds = set(events.filter(pa.array(np.isfinite(magnitude))).column("magnitude_type")
                    .to_pylist())  # fmt: skip
        if len(kinds) > 1:
            log.warning(
                "the magnitudes are of several types (%s), which bends their frequencies",
                ", ".join(sorted(k or "not named" for k in kinds)),
            )
    return make_completeness(asked, seed, events)


def _require(path: Path, what: str) -> Item:
    if not is_input(path):
        raise InputError(f"There is no file {path} with {what}, so nothing can be measured.")
    return open_item(path)


def _read_source_table(path: Path, name: str) -> pa.Table:
    _require(path, name)
    source = read_source(path)
    table: pa.Table = getattr(source, name)
    if not table.num_rows:
        raise InputError(f"'{path}' holds no {name}, so nothing can be measured; check the file.")
    for row in source.rejects.slice(0, 5).to_pylist():
        log.warning("line %d: %s", row["source_line"], row["reason"])
    return table


def _read_amplitudes(item: Item, formula: str) -> pa.Table:
    """Read amplitudes as the registered table ``assignments``."""
    with local_copy(item) as file:
        try:
            if item.name.lower().endswith(".parquet"):
                frame = pd.read_parquet(file)
            else:
                frame = pd.read_csv(file, dtype=str, keep_default_na=False, comment="#")
        except (pa.ArrowInvalid, ValueError, UnicodeDecodeError) as error:
            raise InputError(
                f"'{item}' can be read neither as CSV nor as Parquet ({str(error)[:100]}). Nothing "
                "was measured; give a table with station, event and amplitude."
            ) from error
    frame.columns = [str(c).strip().lower() for c in frame.columns]
    columns: dict[str, Any] = {}
    for name, others in _OTHER_NAMES.items():
        there = [o for o in others if o in frame.columns]
        if there:
            columns[name] = frame[there[0]]
    plain, factor = _PLAIN[formula]
    if plain not in columns and "amplitude" in frame.columns:
        columns[plain] = frame["amplitude"]
    else:
        factor = 1.0
    missing = [n for n in ("event_id", "station", plain) if n not in columns]
    if missing:
        raise InputError(
            f"'{item}' has no column {', '.join(missing)} (it has "
            f"{', '.join(list(frame.columns)[:8])}). Nothing was measured; amplitudes of {formula} "
            f"are a column `{plain}`, or `amplitude` in the unit of the formula."
        )
    if len(frame) == 0:
        raise InputError(f"'{item}' has no rows, so nothing can be measured; check the file.")
    for name in ("amplitude_wa_mm", "peak_velocity_m_s", "amplitude_wa_snr"):
        if name in columns:
            scale = factor if name == plain else 1.0
            columns[name] = _numbers(item, columns[name]) * scale
    for name in ("event_id", "network", "station", "phase"):
        if name in columns:
            columns[name] = columns[name].astype(str).str.strip().tolist()
    if "clipped" in columns:
        columns["clipped"] = _flags(item, columns["clipped"])
    return make_table("assignments", columns, rows=len(frame))


def _numbers(item: Item, values: pd.Series) -> Any:
    """Return numbers of a column, NaN where a cell is empty."""
    texts = values.where(values.astype(str).str.strip() != "", other=np.nan)
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(float)
    wrong = np.flatnonzero(np.isnan(numbers) & texts.notna().to_numpy())
    if wrong.size or np.isinf(numbers).any() or (numbers < 0.0).any():
        bad = wrong if wrong.size else np.flatnonzero(np.isinf(numbers) | (numbers < 0.0))
        row = int(bad[0])
        raise InputError(
            f"'{item}' has '{values.iloc[row]}' in column '{values.name}' (row {row + 1}), which "
            "is no number from 0 on. Nothing was measured; correct it, or leave the cell empty."
        )
    return numbers


def _flags(item: Item, values: pd.Series) -> list[bool]:
    words = values.astype(str).str.strip().str.lower()
    strange = sorted(set(words) - _YES - _NO)
    if strange:
        raise InputError(
            f"'{item}' has '{strange[0]}' in column '{values.name}', which says neither yes nor "
            "no. Nothing was measured; write 1 and 0."
        )
    return [w in _YES for w in words]


def write_completeness(completeness: pa.Table, out: Path, seed: int) -> None:
    """Write the table of completeness and b-values to a folder."""
    provenance = {"quakeloom": __version__, "seed": seed}
    write_table(open_folder(out) / "completeness.parquet", "completeness", completeness, provenance)


def parse_magnitude(values: dict[str, Any]) -> Magnitude:
    """Make settings of values by name.

    Raises
    ------
    SettingsError
        If one is not known or out of bounds.
    """
    given = {
        "name": "magnitude",
        "sources": [{"path": "events"}],
        "takeoff": {"models": ["generic_crust"]},
        "associate": {},
        "locate": {"models": ["generic_crust"]},
        "magnitude": values,
    }
    asked = parse_settings(given, "quakeloom magnitude").magnitude
    assert asked is not None
    return asked
