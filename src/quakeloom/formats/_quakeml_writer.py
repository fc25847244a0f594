"""Catalogs as QuakeML 1.2 (BED): events with picks, origins, magnitudes and mechanisms."""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

from quakeloom.core import auxiliary_plane
from quakeloom.formats._catalog_events import (
    CatalogEvent,
    CatalogTables,
    Row,
    is_placed,
    iterate_events,
)
from quakeloom.formats._quakeml_elements import (
    Creation,
    amplitude_elements,
    comment_text,
    local_amplitude_element,
    magnitude_element,
    mechanism_element,
    origin_element,
    pick_element,
)
from quakeloom.formats._quakeml_ids import own_id, public_id
from quakeloom.formats._replacing import replacing
from quakeloom.formats._written_counts import WrittenCounts
from quakeloom.schema import is_earthquake

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2" '
    'xmlns="http://quakeml.org/xmlns/bed/1.2">\n'
    "  <eventParameters publicID={}>\n"
)
"""What a file begins with, around the id of the catalog."""
_TAIL = "  </eventParameters>\n</q:quakeml>\n"
"""What a file ends with."""

_STANDARD_TYPES = {
    "accidental explosion",
    "acoustic noise",
    "anthropogenic event",
    "atmospheric event",
    "avalanche",
    "blasting levee",
    "boat crash",
    "building collapse",
    "cavity collapse",
    "chemical explosion",
    "collapse",
    "controlled explosion",
    "crash",
    "debris avalanche",
    "earthquake",
    "experimental explosion",
    "explosion",
    "fluid extraction",
    "fluid injection",
    "hydroacoustic event",
    "ice quake",
    "induced or triggered event",
    "industrial explosion",
    "landslide",
    "meteorite",
    "mine collapse",
    "mining explosion",
    "not existing",
    "not reported",
    "nuclear explosion",
    "other event",
    "plane crash",
    "quarry blast",
    "reservoir loading",
    "road cut",
    "rock burst",
    "rockslide",
    "slide",
    "snow avalanche",
    "sonic blast",
    "sonic boom",
    "thunder",
    "train crash",
    "volcanic eruption",
}
"""Event types of QuakeML 1.2; others are written as the nearest of them."""


def write_quakeml(
    tables: CatalogTables, path: Path, creation: Creation | None = None
) -> WrittenCounts:
    """Write a catalog as QuakeML 1.2, every event with all that is known of it.

    Picks have errors, onsets and polarities; the located hypocenter (preferred) and the given
    one are origins, the first with its uncertainty ellipsoid of 68 % and its arrivals;
    magnitudes keep their types; all solutions are focal mechanisms with both nodal planes and
    their errors, none of which is preferred. What QuakeML has no element for (quality,
    probability, ...) is in the comment of a mechanism; an event without one has the comment
    with its status and reason. :func:`read_source` and :func:`read_mechanisms` give everything
    back.

    Parameters
    ----------
    tables : CatalogTables
    path : Path
        Compressed if it ends in ``.gz``.
    creation : Creation, optional
        Who made the file and when.

    Returns
    -------
    WrittenCounts
        Left out are first motions without a time, since QuakeML asks for one.
    """
    path = Path(path)
    made = Creation() if creation is None else creation
    counts = WrittenCounts()
    with replacing(path) as temporary:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(temporary, "wt", encoding="utf-8", newline="\n") as stream:
            stream.write(_HEAD.format(quoteattr(own_id("catalog", path.name.split(".")[0]))))
            for event in iterate_events(tables):
                stream.writelines(f"{line}\n" for line in _event(event, made))
                counts.events += 1
                counts.picks += len(event.picks)
                counts.leave_out("first motions have no time", event.untimed)
            stream.writelines(f"{line}\n" for line in made.element("    "))
            stream.write(_TAIL)
    return counts


def _event(event: CatalogEvent, creation: Creation) -> Iterator[str]:
    key = event.event_id
    names = {kind: own_id(kind, key) for kind in ("origin", "magnitude", "mechanism")}
    origins = _origins(event)
    mechanism = event.mechanism
    solved = mechanism is not None and not math.isnan(mechanism["strike_deg"])
    magnitude = event.magnitude
    yield f"    <event publicID={quoteattr(public_id(key))}>"
    if origins:
        yield f"      <preferredOriginID>{origins[0][1]}</preferredOriginID>"
    if not math.isnan(magnitude):
        yield f"      <preferredMagnitudeID>{names['magnitude']}</preferredMagnitudeID>"
    if solved:
        yield f"      <preferredFocalMechanismID>{names['mechanism']}</preferredFocalMechanismID>"
    kind = event.given["event_type"] if event.given else ""
    if kind:
        yield f"      <type>{_standard_type(kind)}</type>"
    if mechanism is not None and not solved:
        yield f"      <comment><text>{comment_text(mechanism)}</text></comment>"
    picks = [(p, own_id("pick", f"{key}.{n}")) for n, p in enumerate(event.picks, start=1)]
    for pick, name in picks:
        yield from pick_element(pick, name)
    for number, row in enumerate(event.amplitudes, start=1):
        yield from amplitude_elements(row, own_id("amplitude", f"{key}.{number}"))
    for number, row in enumerate(event.local_amplitudes, start=1):
        amplitude = own_id("amplitude", f"{key}.local.{number}")
        yield from local_amplitude_element(row, amplitude, picks)
    for place, (row, name) in enumerate(origins):
        yield from origin_element(event, row, name, picks if place == 0 else ())
    preferred = origins[0][1] if origins else ""
    if not math.isnan(magnitude):
        yield from magnitude_element(event, names["magnitude"], preferred)
    if solved and mechanism is not None:
        yield from _mechanisms(event, mechanism, names["mechanism"], preferred)
    yield from creation.element("      ")
    yield "    </event>"


def _origins(event: CatalogEvent) -> list[tuple[Row, str]]:
    """The origins of an event with their public ids, the preferred one first."""
    best = event.origin
    if best is None:
        return []
    found = [(best, own_id("origin", event.event_id))]
    if event.given is not None and event.given is not best and is_placed(event.given):
        found.append((event.given, own_id("origin", f"{event.event_id}.given")))
    return found


def _mechanisms(event: CatalogEvent, row: Row, name: str, origin: str) -> Iterator[str]:
    """The preferred mechanism, then all other solutions."""
    yield from mechanism_element(row, name, origin, _planes(row))
    for solution in event.solutions:
        if solution["solution"] > 0:
            other = own_id("mechanism", f"{event.event_id}.{solution['solution']}")
            yield from mechanism_element(solution, other, origin, _planes(solution))


def _planes(row: Row) -> list[Row]:
    """Both planes of a mechanism with the RMS angles of their normals."""
    angles = ("strike", "dip", "rake")
    first = [row[f"{n}_deg"] for n in angles]
    second = [row.get(f"auxiliary_{n}_deg", math.nan) for n in angles]
    if math.isnan(sum(second)):
        second = [float(v) for v in auxiliary_plane(*first)]
    errors = row["fault_plane_uncertainty_deg"], row["auxiliary_plane_uncertainty_deg"]
    return [
        {**dict(zip(angles, plane, strict=True)), "error": error}
        for plane, error in zip((first, second), errors, strict=True)
    ]


def _standard_type(event_type: str) -> str:
    """The word of QuakeML 1.2 for a type: itself, else the kind it belongs to."""
    if event_type in _STANDARD_TYPES:
        return event_type
    if event_type == "induced earthquake":
        return "induced or triggered event"
    if event_type == "unknown":
        return "not reported"
    if is_earthquake(event_type):
        return "earthquake"
    return "not existing" if event_type in ("duplicate", "deleted") else "other event"
