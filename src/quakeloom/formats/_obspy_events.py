"""Event files that ObsPy reads and quakeloom has no reader for, by way of QuakeML.

Slower than the readers of this room by a factor of 10 to 100, and without what QuakeML has no
place for; but read.
"""

from __future__ import annotations

import logging
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from quakeloom.core import FormatError
from quakeloom.formats._format import Format
from quakeloom.formats._head import read_head
from quakeloom.formats._phase_rows import identifier_of_time
from quakeloom.formats._quakeml import read_quakeml
from quakeloom.formats._quakeml_mechanisms import read_quakeml_mechanisms
from quakeloom.formats._source_tables import Rejects, SourceTables
from quakeloom.formats._text_lines import head_lines, read_lines

_LOG = logging.getLogger(__name__)
"""Log of what ObsPy reads."""

_LONGEST = 300
"""Letters of a warning of ObsPy that are kept."""

_PREFIX = "smi:local/"
"""How identifiers begin that stand for nothing outside of the file."""

_RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""An identifier that ObsPy has drawn, another one at every reading."""

_NO_NAMES = {"event", "ndk", "cmtsolution", "focmec", "isf", "mchedr", "source", "local", ""}
"""Parts of ObsPy's identifiers that do not tell events apart."""

_NDK = re.compile(r"(?!WID)\S{1,4} +\d{4}/\d\d/\d\d \d\d:\d\d:\d\d")
"""First line of five of the Global CMT catalog."""

_NORDIC = re.compile(r" \d{4} ?[ \d]{2}[ \d]{2}.{70}1$")
"""Line of type 1 of Nordic format: year, month, day, and a 1 in column 80."""

_BULLETIN = re.compile(r"(DATA_TYPE )?\w*BULLETIN\b.*|BEGIN (IMS|GSE)\d?\.?\d?", re.IGNORECASE)
"""How bulletins of the IMS and of GSE2 begin."""

_GSE = re.compile(r"^BEGIN GSE|^DATA_TYPE BULLETIN GSE", re.IGNORECASE | re.MULTILINE)
"""What tells a GSE2 bulletin from one of the IMS."""

_CMTSOLUTION = re.compile(r" ?[A-Z]{3,4}\w* +\d{4} +\d+ +\d+ +\d+ +\d+ +[\d.]+ ")
"""First line of a CMTSOLUTION file."""

_NORDIC_WIDTH = 80
"""Letters of a Nordic line; the type of the line stands in the last."""

_NORDIC_PHASES = " STAT SP IPHASW D"
"""How the line above the phases of a Nordic event begins, in the format with 80 columns."""

_NORDIC_MOTION = 16
"""Column (from 0) of the first motion in a phase line of it."""

_NORDIC_SIGNS = {"+": "C", "-": "D"}
"""First motions that ObsPy passes over, and what they are: + and - stand for unclear ones."""

_NORDIC_WEIGHTS = {"0": 1.0, "1": 0.75, "2": 0.5, "3": 0.25, "4": 0.0, "9": 0.0}
"""Weights of arrivals by SEISAN's codes; 9 is a pick without absolute time, which says nothing
here."""

_MCHEDR = re.compile(r"HY\d{8}[ a-z]\d{6}\.")
"""First line of a file of the PDE (mchedr)."""


@dataclass(frozen=True)
class _Kind:
    """A format that ObsPy reads: its name there, what people call it, how it is recognized."""

    name: str
    title: str
    sniff: Callable[[list[str]], bool]


def _is_bulletin(lines: list[str]) -> bool:
    text = "\n".join(lines[:40]).upper()
    return any(_BULLETIN.match(line) for line in lines[:5]) and "BULLETIN" in text


_KINDS = (
    _Kind("NDK", "NDK of the Global CMT catalog", lambda x: bool(_NDK.match(x[0]))),
    _Kind(
        "NORDIC",
        "SEISAN's Nordic format",
        lambda x: any(_NORDIC.match(line[:80]) for line in x[:5]),
    ),
    _Kind(
        "GSE2",
        "a GSE2 bulletin",
        lambda x: _is_bulletin(x) and bool(_GSE.search("\n".join(x[:40]))),
    ),
    _Kind("IMS10BULLETIN", "an ISF bulletin (IMS1.0)", _is_bulletin),
    _Kind("FOCMEC", "output of FOCMEC", lambda x: x[0].rstrip().endswith("for program Focmec")),
    _Kind(
        "CMTSOLUTION",
        "a CMTSOLUTION file",
        lambda x: bool(_CMTSOLUTION.match(x[0])) and len(x) > 1 and x[1].startswith("event name"),
    ),
    _Kind("MCHEDR", "a machine-readable PDE bulletin", lambda x: bool(_MCHEDR.match(x[0]))),
)
"""What is left to ObsPy, the most certain first."""


def find_obspy_kind(head: bytes) -> _Kind | None:
    """Say which of ObsPy's formats a file has by its first bytes; nothing for any other."""
    lines = [line for line in head_lines(head)[:60] if line.strip()]
    return next((kind for kind in _KINDS if lines and kind.sniff(lines)), None)


def read_obspy_events(path: Path) -> SourceTables:
    """Read events, picks and first motions with ObsPy.

    Events without a name in the file are named by their origin time. Lines are not known:
    ``source_line`` is -1.

    Raises
    ------
    FormatError
        If the file is in no format that ObsPy reads, or ObsPy fails on it.
    """
    with _as_quakeml(path) as (quakeml, sayings):
        tables = read_quakeml(quakeml)
    for name in tables.counts():
        setattr(tables, name, _renamed(getattr(tables, name), path))
    tables.rejects = pa.concat_tables([tables.rejects, _sayings(path, sayings).table()])
    return tables


def read_obspy_mechanisms(path: Path, rejects: Rejects) -> pa.Table:
    """Read focal mechanisms and moment tensors with ObsPy as a ``mechanisms`` table."""
    with _as_quakeml(path) as (quakeml, sayings):
        aside = Rejects(quakeml)
        table = read_quakeml_mechanisms(quakeml, aside)
    rejects.extend(_sayings(path, sayings))
    for row in aside.table().to_pylist():
        rejects.add(
            -1, row["record"], row["reason"], row["text"], row["event_id"].removeprefix(_PREFIX)
        )
    return _renamed(table, path)


def _sayings(path: Path, sayings: list[str]) -> Rejects:
    """What ObsPy warned of: it leaves out what it cannot read."""
    rejects = Rejects(path)
    for text in sayings:
        rejects.add(-1, "file", f"ObsPy says: {text.partition(' Traceback')[0][:_LONGEST]}")
    return rejects


@contextmanager
def _as_quakeml(path: Path) -> Iterator[tuple[Path, list[str]]]:
    """Give a temporary QuakeML file with what ObsPy reads, and ObsPy's warnings."""
    kind = find_obspy_kind(read_head(path))
    if kind is None:
        raise FormatError(
            f"'{path}' is in none of the formats that are left to ObsPy "
            f"({', '.join(k.title for k in _KINDS)}). Nothing is read; name its format."
        )
    from obspy import read_events  # takes a second, which other formats do not need

    _LOG.warning("%s: read by ObsPy as %s, which is slower", path, kind.title)
    with tempfile.TemporaryDirectory() as folder:
        quakeml = Path(folder, "events.xml")
        try:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                readable = path
                if kind.name == "NORDIC":
                    readable = Path(folder, "nordic.out")
                    text = "\n".join(_whole_nordic(read_lines(path, kind.title)))
                    readable.write_text(text + "\n", encoding="utf-8")
                catalog = read_events(str(readable), format=kind.name)
                if kind.name == "NORDIC":
                    _weigh_arrivals(catalog)
                _name_events(catalog, path.stem)
                catalog.write(str(quakeml), format="QUAKEML")
        except Exception as error:  # ObsPy's readers raise what their parts raise
            raise FormatError(
                f"'{path}' looks like {kind.title}, but ObsPy cannot read it ({error}). Nothing "
                "is read; correct the file, or convert it to QuakeML."
            ) from error
        if not len(catalog):
            raise FormatError(
                f"'{path}' looks like {kind.title}, but ObsPy finds no event in it. Nothing is "
                "read; check the file."
            )
        yield quakeml, sorted({" ".join(str(w.message).split()) for w in said})


def _whole_nordic(lines: list[str]) -> list[str]:
    """Lines of a Nordic file as ObsPy reads them without loss.

    Editors remove blanks at the ends of lines, without which ObsPy refuses the file; first
    motions of + and - it takes for none.
    """
    whole = []
    phases = False
    for line in lines:
        if not line.strip():
            phases = False
        elif line.startswith(_NORDIC_PHASES):
            phases = True
        elif phases and line[_NORDIC_MOTION : _NORDIC_MOTION + 1] in _NORDIC_SIGNS:
            motion = _NORDIC_SIGNS[line[_NORDIC_MOTION]]
            line = line[:_NORDIC_MOTION] + motion + line[_NORDIC_MOTION + 1 :]
        whole.append(line.ljust(_NORDIC_WIDTH) if line.strip() else "")
    return whole


def _weigh_arrivals(catalog: Any) -> None:
    """Give arrivals the weights that analysts gave to their picks, which ObsPy keeps aside."""
    for event in catalog:
        codes = {
            str(pick.resource_id): pick.extra["nordic_pick_weight"]["value"]
            for pick in event.picks
            if "nordic_pick_weight" in getattr(pick, "extra", {})
        }  # a blank code is full weight
        for arrival in (a for origin in event.origins for a in origin.arrivals):
            code = codes.get(str(arrival.pick_id), "0").strip()
            if code in _NORDIC_WEIGHTS:
                arrival.time_weight = _NORDIC_WEIGHTS[code]


def _name_events(catalog: Any, stem: str) -> None:
    """Give events identifiers that stay the same: of the file, of the origin time, of its name."""
    from obspy.core.event import ResourceIdentifier

    for number, event in enumerate(catalog, start=1):
        text = str(event.resource_id.id)
        parts = [p for p in re.split(r"[/:#]", text.removeprefix("smi:")) if p not in _NO_NAMES]
        name = "/".join(parts)
        origin = event.preferred_origin() or (event.origins[0] if event.origins else None)
        if not name or _RANDOM.search(name):
            name = f"{stem}-{number}"
            if origin is not None and origin.time is not None:
                name = identifier_of_time(origin.time._ns)
        event.resource_id = ResourceIdentifier(_PREFIX + name)


def _renamed(table: pa.Table, path: Path) -> pa.Table:
    """A table with the file's name, without the prefix of local identifiers."""
    for i, name in enumerate(table.column_names):
        if name == "source_file":
            column = pa.array([str(path)] * table.num_rows, pa.string())
        elif name == "source_line":
            column = pa.array([-1] * table.num_rows, table.schema.field(i).type)
        elif name == "event_id":
            column = pc.replace_substring_regex(table.column(i), f"^{_PREFIX}", "")
        else:
            continue
        table = table.set_column(i, table.schema.field(i), column)
    return table


FORMAT = Format(
    name="obspy_events",
    title="Nordic, ISF, GSE2, FOCMEC, NDK, MCHEDR, CMTSOLUTION (read by ObsPy, slower)",
    read=read_obspy_events,
    sniff=lambda head: find_obspy_kind(head) is not None,
    suffixes=(".ndk",),
)
"""What is left to ObsPy."""
