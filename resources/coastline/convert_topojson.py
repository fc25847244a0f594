"""Convert a TopoJSON land layer into a compact coastline file.

Usage: ``python convert_topojson.py land-10m.json coastline-10m.npz``

The integers of the TopoJSON file are kept as they are, so nothing is lost: rings are put
together from their arcs, and each is stored as differences between vertices (16 bits are
enough), in a NumPy archive packed with LZMA.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np


def assemble_rings(topology: dict) -> list[np.ndarray]:
    """Return the closed rings of the ``land`` object as integer vertices, shape (n, 2)."""
    arcs = [np.cumsum(np.asarray(a, dtype=np.int64), axis=0) for a in topology["arcs"]]
    rings = []
    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in polygons:
            for indices in polygon:
                pieces = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
                ring = np.concatenate([pieces[0]] + [p[1:] for p in pieces[1:]])
                if not np.array_equal(ring[0], ring[-1]):
                    raise ValueError("A ring of the land layer is not closed.")
                rings.append(ring)
    return rings


def unwrap_ring(ring: np.ndarray, turn: int, south_pole: int) -> np.ndarray:
    """Return a ring without jumps at the date line; longitudes may pass 180 degrees.

    A ring that goes round the pole (Antarctica) is closed along the pole.
    """
    steps = np.diff(ring, axis=0)
    steps[:, 0] = (steps[:, 0] + turn // 2) % turn - turn // 2
    steps = steps[np.any(steps != 0, axis=1)]
    ring = np.concatenate([ring[:1], ring[0] + np.cumsum(steps, axis=0)])
    if ring[-1, 0] == ring[0, 0]:
        return ring
    along = np.linspace(ring[-1, 0], ring[0, 0], 13).round().astype(np.int64)
    base = np.stack([along, np.full_like(along, south_pole)], axis=1)
    return np.concatenate([ring, base, ring[:1]])


def pack_rings(rings: list[np.ndarray], scale: list[float], origin: list[float]) -> dict:
    """Return the arrays of a coastline file."""
    turn = round(360.0 / scale[0])
    south_pole = round((-90.0 - origin[1]) / scale[1])
    rings = [unwrap_ring(r, turn, south_pole) for r in rings]
    steps = np.concatenate([np.diff(r, axis=0) for r in rings])
    if np.abs(steps).max() > np.iinfo(np.int16).max:
        raise ValueError(f"A step of {np.abs(steps).max()} units does not fit in 16 bits.")
    return {
        "ring_length": np.array([len(r) for r in rings], dtype=np.int32),
        "ring_start": np.array([r[0] for r in rings], dtype=np.int32),
        "longitude_step": steps[:, 0].astype(np.int16),
        "latitude_step": steps[:, 1].astype(np.int16),
        "scale": np.array(scale, dtype=np.float64),
        "origin": np.array(origin, dtype=np.float64),
    }


def write_archive(arrays: dict, path: Path) -> None:
    """Write a NumPy archive packed with LZMA, with the same bytes every time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_LZMA
            archive.writestr(entry, buffer.getvalue())


def main(source: str, target: str) -> None:
    topology = json.loads(Path(source).read_text())
    transform = topology["transform"]
    rings = assemble_rings(topology)
    write_archive(pack_rings(rings, transform["scale"], transform["translate"]), Path(target))


if __name__ == "__main__":
    main(*sys.argv[1:3])
