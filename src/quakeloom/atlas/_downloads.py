"""Files of an atlas that other programs read, and how to cite it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from quakeloom import __version__, formats
from quakeloom.atlas._api import api_files
from quakeloom.atlas._contents import AtlasContents
from quakeloom.atlas._events import EventRows
from quakeloom.atlas._map_projects import query_page, styled_files
from quakeloom.atlas._places import coast_frame
from quakeloom.atlas._texts import Download, Part, Said
from quakeloom.schema import VARIABLES
from quakeloom.store import Item, atomic_file, read_bytes, write_bytes

FOLDER = "files"
"""Folder of the files in an atlas."""

MOST_BYTES = 12_000_000
"""Bytes of a whole atlas of a nation (chosen here): it goes to a visitor by mail, too. Files for
other programs that would pass it are left out, and the atlas says so."""

_MOST_ROWS_OF_TEXT = 20_000
"""Mechanisms up to which text files are written; larger ones are read as Parquet."""

_MOST_PIXELS = 4_000_000
"""Nodes of a grid up to which it becomes an image, with the empty ones between; chosen here."""

_LAND_STEP_DEG = 0.002
"""Finest step of the land in the project of QGIS; chosen here, some 200 m."""


_FIRST = (
    "files/stress_gmt.txt", "api/v1/cells.parquet", "api/v1/wsm.csv", "api/v1/cells.csm.txt",
    "files/a_phi.tif", "files/faults.geojson", "files/shmax.geojson", "files/stress.parquet",
)  # fmt: skip
"""Files that have their turn first where there is little room, the others follow; chosen here:
every number of a national stress map, in three formats, before what repeats it."""

_OF_BARS = (
    "longitude", "latitude", "depth_km", "time_year", "shmax_deg", "shmax_std_deg",
    "shmax_low_deg", "shmax_high_deg", "shape_ratio", "shape_ratio_std", "a_phi", "a_phi_std",
    "regime", "mechanism_count", "stress_quality",
)  # fmt: skip
"""Columns that bars have as properties."""


class Downloads(NamedTuple):
    """What was written for other programs.

    Attributes
    ----------
    listed : list of dict
        What the page lists: ``name`` (of a file, or of a folder with an ending slash), ``bytes``,
        ``what``, ``ja`` and ``files``, the number of them.
    names : list of str
        All files.
    said : list of Said
        On files that were left out.
    """

    listed: list[dict[str, Any]]
    names: list[str]
    said: list[Said]


def citation_text(contents: AtlasContents) -> str:
    """Return how an atlas is cited: title, version where it is sealed, program."""
    sealed = f", version {contents.versions[-1]['version']}" if contents.versions else ""
    digest = contents.provenance.get("settings_digest", "")
    mark = f" Settings digest {digest[:12]}." if digest else ""
    return (
        f"{contents.title or contents.name}{sealed}. Stress atlas made with quakeloom "
        f"{__version__}.{mark}"
    )


def write_downloads(
    contents: AtlasContents,
    folder: Item,
    room_bytes: float,
    extent: tuple[float, float, float, float],
) -> Downloads:
    """Write the tables of an atlas as files for other programs.

    Parameters
    ----------
    contents : AtlasContents
    folder : Item
        Of the atlas.
    room_bytes : float
        Bytes that they may have together.
    extent : tuple of float
        West, east, south, north of the map.

    Returns
    -------
    Downloads
    """
    made = Downloads([], [], [])
    room = room_bytes
    whole = _whole_catalog(contents)
    found = [*_files(contents, extent), *api_files(contents), *whole]
    for download in sorted(found, key=_rank):
        room -= _write_whole(download, folder, room, made)
    beside = [n.removeprefix(f"{FOLDER}/") for n in made.names if n.startswith(f"{FOLDER}/")]
    styled = styled_files(beside, contents.title or contents.name, extent)
    digest = str(contents.provenance.get("settings_digest", ""))[:12]
    projects = (
        ("atlas.qgs", "Project of QGIS: the files of this folder, styled.",
         "QGIS プロジェクト(このフォルダーのファイルを色分け表示)。"),
        ("map_gmt.sh", "Script of GMT 6 that draws a map.", "地図を描く GMT 6 スクリプト。"),
    )  # fmt: skip
    for name, en, ja in projects:
        if name in styled:
            part = Part(f"{FOLDER}/{name}", styled.pop(name))
            _write_whole(Download(en, ja, (part,)), folder, np.inf, made)
    for name, content in styled.items():
        write_bytes(folder / FOLDER / name, content)
        made.names.append(f"{FOLDER}/{name}")
    if any(n.endswith(".parquet") for n in made.names):
        page = Part("query.md", query_page(made.names, digest))
        en = "How to ask the tables with DuckDB, pandas and R."
        _write_whole(Download(en, "DuckDB・pandas・R での読み方。", (page,)), folder, np.inf, made)
    return made


def _rank(download: Download) -> int:
    """Return how early a download has its turn while there is room."""
    name = download.parts[0].name
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)


def _write_whole(download: Download, folder: Item, room: float, made: Downloads) -> int:
    """Write all files of a download, or none if they have no room; return their bytes."""
    size = 0
    written = []
    for part in download.parts:
        item = folder / part.name
        if isinstance(part.content, bytes):
            write_bytes(item, part.content)
            size += len(part.content)
        else:
            with atomic_file(item) as path:
                part.content(path)
            size += len(read_bytes(item))
        written.append(item)
        if size > room:
            break
    name = download.parts[0].name
    if len(download.parts) > 1:
        name = name.rpartition("/")[0] + "/"
    if size > room:
        for item in written:
            item.remove()
        made.said.append(
            Said(
                f"{name} is left out to keep the atlas small; its table is in the folder of the "
                "run, and quakeloom atlas --all-files writes it.",
                f"{name} はアトラスを小さく保つために省いています(quakeloom atlas --all-files "
                "で出力できます)。",
            )
        )
        return 0
    made.listed.append(
        {"name": name, "bytes": size, "what": download.en, "ja": download.ja,
         "files": len(download.parts)}
    )  # fmt: skip
    made.names.extend(part.name for part in download.parts)
    return size


def _files(contents: AtlasContents, extent: tuple[float, float, float, float]) -> list[Download]:
    """Return the files that a run gives for maps and tables, the small ones first."""
    stress, mechanisms = contents.table("stress"), contents.table("mechanisms")
    faults = contents.table("tendency")
    found: list[Download] = []

    def add(name: str, en: str, ja: str, content: Any) -> None:
        found.append(Download(en, ja, (Part(f"{FOLDER}/{name}", content),)))

    if stress.num_rows:
        bars = stress.select(list(_OF_BARS))
        add("stress_gmt.txt", "SHmax for GMT: longitude, latitude, azimuth and the rest.",
            "GMT 用の SHmax(経度、緯度、方位ほか)。",
            lambda p: formats.write_stress_gmt(stress, p))  # fmt: skip
        add("stress.parquet", "The stress map with every column, GeoParquet.",
            "応力場の全項目(GeoParquet)。",
            lambda p: formats.write_geoparquet(stress, p))  # fmt: skip
        add("shmax.geojson", "SHmax as bars, for QGIS and other maps.",
            "SHmax の線分(QGIS など)。",
            lambda p: formats.write_stress_geojson(bars, p, _bar_deg(stress)))  # fmt: skip
        grid = regular_grid(stress)
        if grid is not None:
            add("a_phi.tif", "Regime number A_phi as a GeoTIFF.", "応力場の型 A_phi(GeoTIFF)。",
                lambda p: formats.write_geotiff(p, *grid, VARIABLES["a_phi"]))  # fmt: skip
        add("stress.csv", "The stress map as text, all digits.", "応力場の表(CSV、全桁)。",
            lambda p: formats.write_csv(stress, p))  # fmt: skip
    if faults.num_rows:
        add("faults.geojson", "Faults with their slip tendency.", "断層とすべりやすさ。",
            lambda p: formats.write_fault_geojson(faults, p))  # fmt: skip
    if 0 < mechanisms.num_rows <= _MOST_ROWS_OF_TEXT:
        add("mechanisms_meca.txt", "Solved mechanisms for gmt meca -Sa.",
            "gmt meca -Sa 用の発震機構解。",
            lambda p: formats.write_gmt_meca(mechanisms, p))  # fmt: skip
        add("mechanisms.geojson", "Events with their mechanisms, for QGIS and other maps.",
            "地震と発震機構解(QGIS など)。",
            lambda p: formats.write_mechanism_geojson(mechanisms, p))  # fmt: skip
    if found and contents.coastline is not None:
        add("land.geojson", "Land around the map.", "周辺の陸地。", _land(contents, extent))
    return found


def _whole_catalog(contents: AtlasContents) -> list[Download]:
    """Return all events as one file, the largest of all."""
    mechanisms = contents.table("mechanisms")
    if not mechanisms.num_rows:
        return []
    part = Part(f"{FOLDER}/mechanisms.parquet", lambda p: formats.write_geoparquet(mechanisms, p))
    en = "All events with their mechanisms, GeoParquet."
    return [Download(en, "すべての地震と発震機構解(GeoParquet)。", (part,))]


def _bar_deg(stress: pa.Table) -> float:
    """Return the length of bars in degrees: the distance of nodes along the meridian."""
    values = np.unique(np.round(stress.column("latitude").to_numpy().astype(float), 5))
    return float(np.median(np.diff(values))) if len(values) > 1 else 0.1


def regular_grid(stress: pa.Table) -> tuple[Any, Any, Any] | None:
    """Return longitudes, latitudes and A_phi of a stress map on one even grid, else None.

    Maps of several depths or times have several values at a place, and get none.
    """
    lon, lat, value = (
        stress.column(n).to_numpy().astype(float) for n in ("longitude", "latitude", "a_phi")
    )
    axes = []
    places = []
    for values in (lon, lat):
        if not np.isfinite(values).all():
            return None
        edges = np.unique(np.round(values, 6))
        step = float(np.diff(edges).min()) if len(edges) > 1 else 0.0
        if step <= 0:
            return None
        place = np.round((values - edges[0]) / step).astype(int)
        if np.abs(edges[0] + step * place - values).max() > 0.01 * step:
            return None
        axes.append(edges[0] + step * np.arange(place.max() + 1))
        places.append(place)
    columns, rows = len(axes[0]), len(axes[1])
    cells = places[1] * columns + places[0]
    if len(np.unique(cells)) < len(cells) or rows * columns > _MOST_PIXELS:
        return None
    grid = np.full(rows * columns, np.nan)
    grid[cells] = value
    return axes[0], axes[1], grid.reshape(rows, columns)


def _land(contents: AtlasContents, extent: tuple[float, float, float, float]) -> bytes:
    """Return the land around a map as GeoJSON."""
    assert contents.coastline is not None
    west, east, south, north = coast_frame(extent)
    step = max((east - west) / 4000.0, _LAND_STEP_DEG)
    rings = contents.coastline.clip(west, east, south, north, step)
    features = [
        {"type": "Feature", "properties": {},
         "geometry": {"type": "Polygon",
                      "coordinates": [[[round(float(x), 4), round(float(y), 4)] for x, y in
                                       [*ring, ring[0]]]]}}
        for ring in rings
    ]  # fmt: skip
    return (json.dumps({"type": "FeatureCollection", "features": features}) + "\n").encode()


def write_description(
    contents: AtlasContents, events: EventRows, meta: dict[str, Any], folder: Item
) -> None:
    """Write ``stac.json``: where and when an atlas is of, and its files, for catalogs of data.

    References
    ----------
    Open Geospatial Consortium. SpatioTemporal Asset Catalog, item specification 1.0.0.
    """
    west, east, south, north = meta["extent"]
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    times = meta["bounds"]["time_s"]
    if times is None:
        return
    start, end = (pd.Timestamp(t, unit="s").strftime("%Y-%m-%dT%H:%M:%SZ") for t in times)
    kinds = {"parquet": "application/vnd.apache.parquet", "geojson": "application/geo+json",
             "csv": "text/csv", "txt": "text/plain", "tif": "image/tiff; application=geotiff",
             "json": "application/json"}  # fmt: skip
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": contents.name,
        "bbox": [west, south, east, north],
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {
            "title": contents.title or contents.name,
            "description": contents.description,
            "datetime": None,
            "start_datetime": start,
            "end_datetime": end,
            "quakeloom:version": __version__,
            "quakeloom:digests": meta["digests"],
            "quakeloom:events": len(events),
            "sci:citation": meta["citation"],
        },
        "links": [{"rel": "alternate", "href": "./index.html", "type": "text/html"}],
        "assets": {
            _asset_name(f["name"]): {
                "href": f"./{f['name']}",
                "title": f["what"],
                "type": kinds[Path(f["name"]).suffix[1:]],
                "roles": ["data"],
            }
            for f in [*meta["downloads"], _INDEX]
            if f["files"] == 1 and Path(f["name"]).suffix[1:] in kinds
        },
    }
    write_bytes(folder / "stac.json", (json.dumps(item, indent=1) + "\n").encode())


_INDEX = {"name": "api/v1/index.json", "what": "Index of the static interface.", "files": 1}
"""The static interface as an asset."""


def _asset_name(name: str) -> str:
    """Return the name of a file as a key of an item: its folders, its stem, its ending."""
    return name.removeprefix(f"{FOLDER}/").replace("/", "-").replace(".", "-")
