"""Files of an atlas that other programs read, and how to cite it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from quakeloom import __version__, formats
from quakeloom.atlas._contents import AtlasContents
from quakeloom.atlas._events import EventRows
from quakeloom.store import Item, atomic_file, read_bytes, write_bytes
from quakeloom.stress import stress_tensors, tensor_basis

FOLDER = "files"
"""Folder of the files in an atlas."""

MOST_BYTES = 12_000_000
"""Bytes of a whole atlas of a nation (chosen here): it goes to a visitor by mail, too. Files for
other programs that would pass it are left out, and the atlas says so."""

_MOST_ROWS_OF_TEXT = 20_000
"""Mechanisms up to which a text file for GMT is written; larger ones are read as Parquet."""


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
    contents: AtlasContents, folder: Item, room_bytes: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """Write the tables of an atlas as files for other programs.

    Parameters
    ----------
    contents : AtlasContents
    folder : Item
        Of the atlas.
    room_bytes : int
        Bytes that they may have together.

    Returns
    -------
    list of dict
        ``name``, ``bytes`` and ``what`` of every file.
    list of str
        Sentences on files that were left out.
    """
    written: list[dict[str, Any]] = []
    said: list[str] = []
    for name, what, write in _files(contents):
        item = folder / FOLDER / name
        with atomic_file(item) as path:
            write(path)
        size = len(read_bytes(item))
        if size > room_bytes:
            item.remove()
            said.append(
                f"{name} ({size / 1e6:.1f} MB) is left out to keep the atlas small; its table is "
                "in the folder of the run."
            )
            continue
        room_bytes -= size
        written.append({"name": f"{FOLDER}/{name}", "bytes": size, "what": what})
    return written, said


def _files(contents: AtlasContents) -> list[tuple[str, str, Callable[[Path], Any]]]:
    """Return names, meanings and writers of the files that a run gives, the small ones first."""
    stress, mechanisms = contents.table("stress"), contents.table("mechanisms")
    faults, posterior = contents.table("tendency"), contents.posterior
    found: list[tuple[str, str, Callable[[Path], Any]]] = []
    if stress.num_rows:
        found += [
            ("stress.parquet", "The stress map with every column, GeoParquet.",
             lambda p: formats.write_geoparquet(stress, p)),
            ("stress_wsm.csv", "The stress map as records of the World Stress Map.",
             lambda p: formats.write_stress_wsm(stress, p)),
            ("stress_gmt.txt", "SHmax for GMT: longitude, latitude, azimuth and the rest.",
             lambda p: formats.write_stress_gmt(stress, p)),
        ]  # fmt: skip
    if stress.num_rows and posterior is not None:
        places = np.stack(
            [stress.column(n).to_numpy() for n in ("longitude", "latitude", "depth_km")], axis=1
        )
        shmax = np.stack([stress.column(f"shmax{e}_deg").to_numpy() for e in ("", "_std")], axis=1)
        tensors = tensors_with_errors(posterior.components, posterior.covariance)
        found.append(
            ("stress_csm.txt", "Tensors with standard deviations, SCEC Community Stress Model.",
             lambda p: formats.write_stress_csm(places, shmax, tensors, p))
        )  # fmt: skip
    if stress.num_rows:
        found += [
            ("stress.geojson", "SHmax as bars, for QGIS and other maps.",
             lambda p: formats.write_stress_geojson(stress, p)),
            ("stress.csv", "The stress map as text, all digits.",
             lambda p: formats.write_csv(stress, p)),
        ]  # fmt: skip
    if faults.num_rows:
        found.append(
            ("faults.geojson", "Faults with their slip tendency.",
             lambda p: formats.write_fault_geojson(faults, p))
        )  # fmt: skip
    if 0 < mechanisms.num_rows <= _MOST_ROWS_OF_TEXT:
        found.append(
            ("mechanisms_meca.txt", "Solved mechanisms for `gmt meca -Sa`.",
             lambda p: formats.write_gmt_meca(mechanisms, p))
        )  # fmt: skip
    if mechanisms.num_rows:
        found.append(
            ("mechanisms.parquet", "All events with their mechanisms, GeoParquet.",
             lambda p: formats.write_geoparquet(mechanisms, p))
        )  # fmt: skip
    return found


def tensors_with_errors(components: Any, covariance: Any) -> np.ndarray:
    """Return tensors and standard deviations of their components, shape (nodes, 2, 3, 3).

    Parameters
    ----------
    components : array_like, shape (nodes, 5)
        Orthonormal basis, tension positive.
    covariance : array_like, shape (nodes, 5, 5)
    """
    basis = np.asarray(tensor_basis("orthonormal"), dtype=float)
    variance = np.einsum("kij,nkl,lij->nij", basis, np.asarray(covariance, dtype=float), basis)
    best = stress_tensors(components)
    return np.stack([best, np.sqrt(np.maximum(variance, 0.0))], axis=1)


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
             "csv": "text/csv", "txt": "text/plain"}  # fmt: skip
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
            Path(f["name"]).stem + "-" + Path(f["name"]).suffix[1:]: {
                "href": f"./{f['name']}",
                "title": f["what"],
                "type": kinds[Path(f["name"]).suffix[1:]],
                "roles": ["data"],
            }
            for f in meta["downloads"]
        },
    }
    write_bytes(folder / "stac.json", (json.dumps(item, indent=1) + "\n").encode())
