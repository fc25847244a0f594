"""Writing an atlas: a folder of static files that opens by a double click."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from quakeloom import __version__
from quakeloom.atlas._api import ROOT, collections_document, index_document
from quakeloom.atlas._columns import columns_script, plain_value, quantize, value_script
from quakeloom.atlas._contents import AtlasContents, collect_contents
from quakeloom.atlas._details import DETAIL_ROWS, EventDetails, detail_columns, gather_details
from quakeloom.atlas._downloads import (
    MOST_BYTES,
    citation_text,
    write_description,
    write_downloads,
)
from quakeloom.atlas._events import (
    EventRows,
    event_bounds,
    event_columns,
    gather_events,
    identifier_columns,
)
from quakeloom.atlas._legend import meanings, palettes
from quakeloom.atlas._nodes import (
    gather_nodes,
    is_grid,
    node_columns,
    node_slices,
    node_step,
    posterior_columns,
)
from quakeloom.atlas._package_files import package_file
from quakeloom.atlas._places import (
    coast_columns,
    coast_frame,
    fault_values,
    gather_stations,
    map_extent,
    station_values,
)
from quakeloom.atlas._static_map import FILE, draw_static_map, plain_tables
from quakeloom.atlas._texts import Said
from quakeloom.config import Settings
from quakeloom.core import InputError, middle_longitude
from quakeloom.schema import QUALITIES, STATUSES, USES, VARIABLES
from quakeloom.store import (
    Item,
    RunLayout,
    atomic_folder,
    open_item,
    read_bytes,
    write_bytes,
)
from quakeloom.stress import REGIMES

log = logging.getLogger(__name__)

LAYOUT_VERSION = 1
"""Number of the layout of the data; it changes when the page reads other files."""

ASSETS = ("atlas.js", "atlas.css", "licenses.txt")
"""Files of the page that are the same for every atlas."""

DATA = "data"
"""Folder of the data of an atlas."""

_PAGE_ROOM = 100_000
"""Bytes that are kept for what is written last: the page, its description, what it knows."""

_LEAST_ROOM = 4_000_000
"""Bytes that files for other programs may have beside a page that is large itself; chosen here: the
stress map of a nation fits."""

_KNOWN_BY = f"{DATA}/meta.js"
"""File by which a folder is known as an atlas, which a new one may replace."""

_NODE_NAMES = (
    "stress_quality", "mechanism_count", "data_weight", "resolution", "time_year", "regime",
    "shmax_deg", "shmax_std_deg", "shmax_low_deg", "shmax_high_deg",
    *(f"{n}{e}" for n in ("shape_ratio", "a_phi") for e in ("", "_std", "_low", "_high")),
    *(f"s{k}_{q}_deg" for k in (1, 2, 3) for q in ("azimuth", "plunge", "std", "95")),
    *(f"probability_{r.lower()}" for r in REGIMES),
)  # fmt: skip
"""Variables of a node whose meaning the page tells."""

_EVENT_NAMES = (
    "event_id", "origin_time", "longitude", "latitude", "depth_km", "magnitude", "quality",
    "status", "strike_deg", "dip_deg", "rake_deg", "auxiliary_strike_deg", "auxiliary_dip_deg",
    "auxiliary_rake_deg", "fault_plane_uncertainty_deg", "auxiliary_plane_uncertainty_deg",
    "mechanism_probability", "polarity_count", "polarity_misfit", "azimuthal_gap_deg",
    "depth_025_km", "depth_975_km", "azimuth_deg", "takeoff_deg", "probability_up", "use",
)  # fmt: skip
"""Variables of an event whose meaning the page tells."""

_PLACE_NAMES = (
    "network", "station", "elevation_m", "contradiction_count", "contradiction_rate", "verdict",
    "fault", "slip_tendency", "slip_tendency_std", "slip_tendency_low", "slip_tendency_high",
    "dip_std_deg", "predicted_rake_deg", "predicted_rake_std_deg", "rake_misfit_deg",
    "fault_status", "strike_std_deg", "fault_length_km", "fault_width_km", "fault_thickness_km",
    "expected_event_count", "start_share", "draw_share", "fault_chance", "known_status",
)  # fmt: skip
"""Variables of a station or a fault whose meaning the page tells."""


@dataclass(frozen=True)
class AtlasSummary:
    """What an atlas has.

    Attributes
    ----------
    folder : Item
    events, mechanisms, nodes, stations, faults : int
    files : int
    size_bytes : int
        Of all files together.
    said : tuple of str
        What is not in it, and why.
    """

    folder: Item
    events: int
    mechanisms: int
    nodes: int
    stations: int
    faults: int
    files: int
    size_bytes: int
    said: tuple[str, ...] = ()


def write_atlas(
    settings: Settings, layout: RunLayout, folder: Any, all_files: bool = False
) -> AtlasSummary:
    """Write the atlas of a finished run as a folder of static files.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    folder : path or Item
        An atlas that lies there is replaced, whole; another folder is not touched.
    all_files : bool
        Also files for other programs that make the atlas larger than it should be.

    Returns
    -------
    AtlasSummary

    Raises
    ------
    InputError
        If the folder holds something else.
    SettingsError
        If the run is of a kind without earthquakes.
    """
    target = open_item(folder)
    refuse_other_folder(target)
    return build_atlas(collect_contents(settings, layout), target, all_files)


def _room(used_bytes: int) -> int:
    """Return the bytes that files for other programs may have."""
    return max(MOST_BYTES - used_bytes - _PAGE_ROOM, _LEAST_ROOM)


def refuse_other_folder(folder: Item) -> None:
    """Refuse a place that holds something else than an atlas.

    Raises
    ------
    InputError
    """
    if not folder.exists():
        return
    if folder.is_folder() and ((folder / DATA / "meta.js").exists() or not folder.children()):
        return
    raise InputError(
        f"'{folder}' is there and is no atlas ({_KNOWN_BY} is missing), so it is not replaced. "
        "Nothing was written; name another folder, or remove it."
    )


def build_atlas(contents: AtlasContents, folder: Item, all_files: bool = False) -> AtlasSummary:
    """Write the atlas of anything that tables hold.

    The same contents give the same bytes; there is no date in it.

    Parameters
    ----------
    contents : AtlasContents
    folder : Item
    all_files : bool
        Also files for other programs that make the atlas larger than it should be.

    Returns
    -------
    AtlasSummary
    """
    events = gather_events(contents)
    middle = _middle(contents, events)
    nodes = gather_nodes(contents, middle)
    stations = gather_stations(contents, middle)
    faults = fault_values(contents, middle)
    details = gather_details(contents, events, stations)
    frame = events.frame
    extent = map_extent(
        (frame["longitude"], frame["latitude"]),
        (nodes["longitude"], nodes["latitude"]),
        (
            np.array(faults.get("longitude", []), dtype=float),
            np.array(faults.get("latitude", []), dtype=float),
        ),
    )
    if not len(frame) and not len(nodes):
        extent = map_extent((stations["longitude"], stations["latitude"]))
    said = _what_is_missing(contents, events, nodes)
    with atomic_folder(folder) as made:
        for name in ASSETS:
            write_bytes(made / name, package_file(f"assets/{name}"))
        for name, script in _scripts(contents, events, details, nodes, extent):
            write_bytes(made / DATA / name, script.encode())
        places = {"stations": station_values(stations), "faults": faults}
        write_bytes(made / DATA / "places.js", value_script("places", places).encode())
        picture = draw_static_map(contents, events, nodes)
        if picture is not None:
            write_bytes(made / FILE, picture)
        used = sum(len(read_bytes(item)) for item in made.files())
        room = np.inf if all_files else _room(used)
        downloads = write_downloads(contents, made, room, extent)
        meta = _meta(contents, events, nodes, details, extent)
        meta |= {"said": [s._asdict() for s in (*said, *downloads.said)]}
        meta |= {"downloads": downloads.listed}
        meta["cells"] = any(n.startswith(f"{ROOT}/cells/") for n in downloads.names)
        meta["counts"] |= {
            "stations": int(stations["longitude"].notna().sum()),
            "faults": len(faults.get("fault", [])),
        }
        _write_api(contents, meta, downloads.names, made)
        write_description(contents, events, meta, made)
        write_bytes(made / DATA / "meta.js", value_script("meta", meta).encode())
        tables = plain_tables(nodes, faults)
        page = page_html(contents, meta, tables, picture is not None)
        write_bytes(made / "index.html", page.encode())
        sizes = [len(read_bytes(item)) for item in made.files()]
    summary = AtlasSummary(
        folder, len(events), meta["counts"]["mechanisms"], len(nodes),
        meta["counts"]["stations"], meta["counts"]["faults"], len(sizes), sum(sizes),
        tuple(s["en"] for s in meta["said"]),
    )  # fmt: skip
    log.info("atlas of '%s': %d files, %.2f MB", contents.name, len(sizes), sum(sizes) / 1e6)
    return summary


def _write_api(
    contents: AtlasContents, meta: dict[str, Any], names: list[str], folder: Item
) -> None:
    """Write what programs read first of the static interface."""
    documents = {
        "index.json": index_document(contents, meta, names),
        "collections.json": collections_document(meta, names),
    }
    for name, document in documents.items():
        text = json.dumps(plain_value(document), indent=1) + "\n"
        write_bytes(folder / ROOT / name, text.encode())


def _middle(contents: AtlasContents, events: EventRows) -> float:
    """Return the longitude that all others are written near to."""
    if len(events):
        return events.middle
    for name in ("stress", "tendency", "stations"):
        values = contents.table(name).column("longitude").to_numpy()
        values = values[np.isfinite(values)]
        if len(values):
            return middle_longitude(values)
    return 0.0


def _scripts(
    contents: AtlasContents,
    events: EventRows,
    details: EventDetails,
    nodes: pd.DataFrame,
    extent: tuple[float, float, float, float],
) -> Iterator[tuple[str, str]]:
    """Yield names and texts of the files of data."""
    yield "coast.js", columns_script("coast", coast_columns(contents.coastline, extent))
    yield "nodes.js", columns_script("nodes", node_columns(nodes) if len(nodes) else [])
    if contents.posterior is not None and len(nodes):
        yield "roses.js", columns_script("roses", posterior_columns(contents.posterior, nodes))
    for k, (start, end) in enumerate(events.pieces()):
        yield f"events-{k}.js", columns_script(f"events-{k}", event_columns(events, start, end))
        names = identifier_columns(events, start, end)
        yield f"names-{k}.js", columns_script(f"names-{k}", names)
    if details:
        if len(contents.grid):
            grid = [
                quantize(f"{n}_deg", contents.grid[:, i], "int16", 0.1)
                for i, n in enumerate(("strike", "dip", "rake"))
            ]
            yield "grid.js", columns_script("grid", grid)
        for k, (start, end) in enumerate(details.pieces()):
            columns = detail_columns(details, start, end)
            yield f"details-{k}.js", columns_script(f"details-{k}", columns)


def _meta(
    contents: AtlasContents,
    events: EventRows,
    nodes: pd.DataFrame,
    details: EventDetails,
    extent: tuple[float, float, float, float],
) -> dict[str, Any]:
    """Return what the page needs to know before anything else."""
    step = node_step(nodes)
    frame = events.frame
    pieces = []
    for start, end in events.pieces():
        rows = frame.iloc[start:end]
        box = [rows["longitude"].min(), rows["longitude"].max(), rows["latitude"].min(),
               rows["latitude"].max()]  # fmt: skip
        pieces.append([start, end, *(round(float(v), 4) for v in box)])
    solved = int(frame["strike_deg"].notna().sum()) if "strike_deg" in frame else 0
    p = contents.provenance
    letters = set(frame["quality"][frame["strike_deg"].notna()]) if solved else set()
    return {
        "layout": LAYOUT_VERSION,
        "name": contents.name,
        "title": contents.title or contents.name,
        "description": contents.description,
        "synthetic": contents.synthetic,
        "quakeloom": __version__,
        "citation": citation_text(contents),
        "digests": {k: p[k] for k in ("settings_digest", "inputs_digest", "code_digest") if k in p},
        "seed": p.get("seed"),
        "versions": list(contents.versions),
        "counts": {
            "events": len(events),
            "mechanisms": solved,
            "nodes": len(nodes),
            "polarities": len(details.readings),
        },
        "extent": [round(v, 4) for v in extent],
        "frame": [round(v, 4) for v in coast_frame(extent)],
        "bounds": event_bounds(events),
        "pieces": pieces,
        "detail_rows": DETAIL_ROWS if details else 0,
        "accepted": bool(len(contents.grid)),
        "posterior": contents.posterior is not None and len(nodes) > 0,
        "step": [round(v, 5) for v in step],
        "gridded": bool(len(nodes)) and is_grid(nodes, step),
        "slices": node_slices(nodes),
        "letters": [q for q in QUALITIES if q in letters],
        "facts": {k: contents.facts[k] for k in ("status", "reason") if k in contents.facts},
        "codes": {
            "quality": QUALITIES,
            "status": STATUSES,
            "regime": REGIMES,
            "use": USES,
            "stress_quality": VARIABLES["stress_quality"].values,
        },
        "meanings": meanings((*_EVENT_NAMES, *_NODE_NAMES, *_PLACE_NAMES)),
        "palettes": palettes(),
        "coast": contents.coastline.name if contents.coastline is not None else "",
    }


def _what_is_missing(contents: AtlasContents, events: EventRows, nodes: pd.DataFrame) -> list[Said]:
    """Return sentences on what an atlas does not show, and why."""
    said = []
    named = {
        str(e)
        for name in ("mechanisms", "hypocenters", "events")
        for e in contents.table(name).column("event_id").to_pylist()
    }
    lost = len(named) - len(events)
    if lost:
        said.append(
            Said(
                f"{lost} of {len(named)} events have no place and are not shown.",
                f"{len(named)} 個の地震のうち {lost} 個は位置がなく、表示していません。",
            )
        )
    if not len(events):
        said.append(Said("The run has no event with a place.", "位置のある地震がありません。"))
    elif "strike_deg" not in events.frame or not events.frame["strike_deg"].notna().any():
        said.append(Said("No event has a mechanism.", "発震機構解のある地震がありません。"))
    if not len(nodes):
        reason = str(contents.facts.get("reason") or "the run made none").rstrip(".")
        told = contents.facts.get("reason")
        ja = f"応力場の地図がありません({reason})。" if told else "応力場の地図がありません。"
        said.append(Said(f"There is no stress map: {reason}.", ja))
    elif contents.posterior is None:
        said.append(
            Said(
                "The tensors of the stress map are not there, so nodes have no rose.",
                "応力テンソルがないため、格子点の事後分布は表示しません。",
            )
        )
    return said


def page_html(
    contents: AtlasContents, meta: dict[str, Any], tables: list[dict[str, Any]], picture: bool
) -> str:
    """Return the page, with what it shows to those whose browser runs no scripts."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("quakeloom.atlas", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("index.html").render(
        title=meta["title"],
        description=contents.description,
        counts=meta["counts"],
        said=[s["en"] for s in meta["said"]],
        downloads=meta["downloads"],
        citation=meta["citation"],
        versions=meta["versions"],
        tables=tables,
        picture=FILE if picture else "",
        stress=meta["counts"]["nodes"] > 0,
        version=__version__,
    )
