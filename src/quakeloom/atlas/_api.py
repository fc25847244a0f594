"""The static interface of an atlas, ``api/v1``: files at fixed addresses that programs read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from quakeloom import formats
from quakeloom.atlas._contents import AtlasContents
from quakeloom.atlas._hilbert import hilbert_order
from quakeloom.atlas._texts import Download, Part
from quakeloom.schema import VARIABLES, Variable
from quakeloom.stress import stress_tensors, tensor_basis

ROOT = "api/v1"
"""Folder of the interface; its number changes when a program that reads it would fail."""

_DIGITS = 7
"""Digits of numbers in JSON; the tables have all."""

_PAIRS = (("ee", 1, 1), ("en", 1, 0), ("eu", 1, 2), ("nn", 0, 0), ("nu", 0, 2), ("uu", 2, 2))
"""Components of a tensor in east, north and up, and their places in north, east and down."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""Dialect of the schema of a cell."""

_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
"""Longitude and latitude on WGS84, as OGC names it."""


def tensors_with_errors(components: Any, covariance: Any) -> NDArray[np.float64]:
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


def cell_table(contents: AtlasContents) -> pa.Table:
    """Return the nodes of the stress map with their tensors, along Hilbert's curve.

    Table ``stress`` with ``tensor_ee`` to ``tensor_uu`` and ``tensor_std_ee`` to
    ``tensor_std_uu`` (east, north, up; tension positive; of unit norm) where the run has them.
    """
    table = contents.table("stress")
    if contents.posterior is not None:
        both = tensors_with_errors(contents.posterior.components, contents.posterior.covariance)
        for k, word in enumerate(("tensor", "tensor_std")):
            for name, i, j in _PAIRS:
                sign = -1.0 if k == 0 and (i == 2) != (j == 2) else 1.0
                table = table.append_column(f"{word}_{name}", pa.array(sign * both[:, k, i, j]))
    return _near_rows(table)


def _near_rows(table: pa.Table) -> pa.Table:
    """Return rows along Hilbert's curve, so that those of a place are read together."""
    places = (table.column(n).to_numpy().astype(float) for n in ("longitude", "latitude"))
    return table.take(pa.array(hilbert_order(*places)))


def api_files(contents: AtlasContents) -> list[Download]:
    """Return the files of the interface, the small and the wanted ones first."""
    found: list[Download] = []
    if contents.table("stress").num_rows:
        cells = cell_table(contents)
        found += [
            Download(
                "The stress map with every column and the tensors, GeoParquet.",
                "応力場の全項目と応力テンソル(GeoParquet)。",
                (Part(f"{ROOT}/cells.parquet", lambda p: formats.write_geoparquet(cells, p)),),
            ),
            Download(
                "Nodes as records of the World Stress Map, in the columns of its release of 2025.",
                "World Stress Map(2025年版の項目順)の形式による格子点。",
                (Part(f"{ROOT}/wsm.csv",
                      lambda p: formats.write_stress_wsm(contents.table("stress"), p)),),
            ),
        ]  # fmt: skip
        model = community_stress(contents)
        if model is not None:
            found.append(
                Download(
                    "Tensors with uncertainty in the format of SCEC's Community Stress Model.",
                    "SCEC Community Stress Model の形式による応力テンソルと不確かさ。",
                    (Part(f"{ROOT}/cells.csm.txt", lambda p: formats.write_stress_csm(model, p)),),
                )
            )
    mechanisms = contents.table("mechanisms")
    if mechanisms.num_rows:
        found.append(
            Download(
                "Mechanisms by year along Hilbert's curve, GeoParquet.",
                "年ごとの発震機構解(GeoParquet、ヒルベルト曲線順)。",
                tuple(
                    Part(f"{ROOT}/mechanisms/{year}.parquet", _writer(rows))
                    for year, rows in _by_year(mechanisms)
                ),
            )
        )
    if contents.table("stress").num_rows:
        found.append(
            Download(
                "One JSON file for every place of the stress map.",
                "応力場の各地点の JSON ファイル。",
                tuple(Part(f"{ROOT}/cells/{n}.json", c) for n, c in cell_documents(contents)),
            )
        )
    return found


def _writer(table: pa.Table) -> Any:
    return lambda path: formats.write_geoparquet(table, path)


def community_stress(contents: AtlasContents) -> formats.CommunityStress | None:
    """Return what the Community Stress Model takes of a stress map; None without tensors."""
    stress, posterior = contents.table("stress"), contents.posterior
    if posterior is None or not stress.num_rows:
        return None

    def together(*names: str) -> NDArray[np.float64]:
        return np.stack([stress.column(n).to_numpy().astype(float) for n in names], axis=1)

    return formats.CommunityStress(
        together("longitude", "latitude", "depth_km"),
        stress_tensors(posterior.components),
        together("shmax_deg", "shmax_std_deg"),
        together("s1_std_deg", "s2_std_deg", "s3_std_deg"),
        together("shape_ratio_std")[:, 0],
    )


def _by_year(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Yield years with their rows, near ones together; events without a time come last."""
    years = np.asarray(pc.year(table.column("origin_time")).fill_null(-1).to_numpy())
    for year in [*np.unique(years[years >= 0]), *np.unique(years[years < 0])]:
        rows = table.filter(pa.array(years == year))
        yield (f"{year:04d}" if year >= 0 else "undated"), _near_rows(rows)


def cell_name(longitude: float, latitude: float) -> str:
    """Return the name of a cell's file without its ending: both coordinates, five decimals."""
    turned = (longitude + 180.0) % 360.0 - 180.0
    return f"{turned:.5f}_{latitude:.5f}".replace("-0.00000", "0.00000")


def cell_documents(contents: AtlasContents) -> Iterator[tuple[str, bytes]]:
    """Yield names and JSON of the cells: all nodes of a place, with their posterior."""
    table = contents.table("stress")
    frame = table.to_pandas()
    placed = np.isfinite(frame["longitude"]) & np.isfinite(frame["latitude"])
    names = np.array(
        [cell_name(x, y) for x, y in zip(frame["longitude"], frame["latitude"], strict=True)]
    )
    digests = _digests(contents)
    for name, rows in frame[placed].groupby(names[placed], sort=True):
        document = {
            "longitude": _number((float(rows["longitude"].iloc[0]) + 180.0) % 360.0 - 180.0),
            "latitude": _number(rows["latitude"].iloc[0]),
            "nodes": [_node(contents, rows.loc[i], int(i)) for i in rows.index],
            "digests": digests,
            "index": "../index.json",
        }
        yield str(name), (json.dumps(document, allow_nan=False) + "\n").encode()


def _node(contents: AtlasContents, row: pd.Series, place: int) -> dict[str, Any]:
    """Return the columns of a node, its tensor and the covariance of it."""
    node: dict[str, Any] = {
        str(n): (v if isinstance(v, str) else _number(v))
        for n, v in row.items()
        if n not in ("longitude", "latitude")
    }
    if contents.posterior is not None:
        covariance = np.asarray(contents.posterior.covariance[place], dtype=float)
        node["components"] = [_number(v) for v in contents.posterior.components[place]]
        node["covariance"] = [_number(v) for v in covariance[np.triu_indices(5)]]
    return node


def _number(value: Any) -> float | int | None:
    """Return a number as JSON has it; null where it is not known."""
    if value is None or pd.isna(value):
        return None
    if isinstance(value, int | np.integer):
        return int(value)
    return float(f"{float(value):.{_DIGITS}g}") if np.isfinite(value) else None


def _digests(contents: AtlasContents) -> dict[str, str]:
    return {k: str(v) for k, v in contents.provenance.items() if k.endswith("_digest")}


def cell_schema(contents: AtlasContents) -> dict[str, Any]:
    """Return the JSON schema of a cell's file."""
    names = [n for n in contents.table("stress").column_names if n in VARIABLES]
    numbers = {"type": "array", "items": {"type": ["number", "null"]}}
    node = {n: _property(VARIABLES[n]) for n in names if n not in ("longitude", "latitude")}
    required = list(node)
    node["components"] = {
        **numbers, "minItems": 5, "maxItems": 5,
        "description": "Best tensor, five components in the basis of index.json.",
    }  # fmt: skip
    node["covariance"] = {
        **numbers, "minItems": 15, "maxItems": 15,
        "description": "Covariance of components: upper triangle, row by row.",
    }  # fmt: skip
    return {
        "$schema": _DIALECT,
        "title": "Cell of a stress map",
        "type": "object",
        "required": ["longitude", "latitude", "nodes", "digests", "index"],
        "additionalProperties": False,
        "properties": {
            "longitude": {"type": "number", "minimum": -180, "maximum": 180},
            "latitude": {"type": "number", "minimum": -90, "maximum": 90},
            "nodes": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object", "properties": node, "required": required,
                    "additionalProperties": False,
                },
            },
            "digests": {"type": "object", "additionalProperties": {"type": "string"}},
            "index": {"type": "string"},
        },
    }  # fmt: skip


def _property(v: Variable) -> dict[str, Any]:
    """Return a variable of the registry as a property of the JSON schema."""
    unit = f" ({v.unit})" if v.unit and v.unit != "1" else ""
    if v.dtype == "string":
        return {"type": "string", "description": v.meaning}
    kind = "integer" if v.dtype.startswith(("int", "uint")) else "number"
    return {"type": [kind, "null"], "description": f"{v.meaning.rstrip('.')}{unit}."}


def _column_rows(table: pa.Table) -> list[dict[str, str]]:
    """Return name, type, unit and meaning of the columns of a table."""
    rows = []
    for name in table.column_names:
        v = VARIABLES.get(name)
        word = "Standard deviation of the component" if "std" in name else "Component"
        told = (
            {"type": v.dtype, "unit": v.unit, "meaning": v.meaning, "missing": v.missing}
            if v is not None
            else {"type": "float64", "unit": "1", "missing": "NaN",
                  "meaning": f"{word} {name[-2:]} of the tensor of unit norm; east, north, up; "
                             "tension positive."}
        )  # fmt: skip
        rows.append({"name": name, **told})
    return rows


def index_document(
    contents: AtlasContents, meta: dict[str, Any], names: list[str]
) -> dict[str, Any]:
    """Return ``api/v1/index.json``: what there is, where, and what every number means.

    Parameters
    ----------
    contents : AtlasContents
    meta : dict
        What the page knows of the atlas.
    names : list of str
        Files that the atlas has.
    """
    own = sorted(n.removeprefix(f"{ROOT}/") for n in names if n.startswith(ROOT))
    singles = [n for n in own if not n.startswith("cells/")]
    basis = np.asarray(tensor_basis("orthonormal"), dtype=float)
    stress = contents.table("stress")
    return {
        "api": "v1",
        "name": contents.name,
        "title": meta["title"],
        "description": contents.description,
        "synthetic": contents.synthetic,
        "quakeloom": meta["quakeloom"],
        "citation": meta["citation"],
        "versions": meta["versions"],
        "digests": _digests(contents),
        "counts": meta["counts"],
        "bbox": _bbox(meta),
        "time": _interval(meta),
        "coordinates": _CRS84,
        "files": ["collections.json", *singles],
        "cells": {
            "template": "cells/{longitude}_{latitude}.json" if len(own) > len(singles) else None,
            "names": [n.removeprefix("cells/") for n in own if n.startswith("cells/")],
            "schema": cell_schema(contents),
        },
        "basis": {
            "meaning": "Tensor = sum of component k times matrix k; north, east, down; tension "
            "positive; the size of the tensor is arbitrary.",
            "matrices": np.round(basis, 12).tolist(),
        },
        "columns": {
            "cells": _column_rows(cell_table(contents)) if stress.num_rows else [],
            "mechanisms": _column_rows(contents.table("mechanisms")),
        },
        "not_there": [s["en"] for s in meta["said"]],
    }


def _bbox(meta: dict[str, Any]) -> list[float]:
    west, east, south, north = meta["extent"]
    return [(west + 180.0) % 360.0 - 180.0, south, (east + 180.0) % 360.0 - 180.0, north]


def _interval(meta: dict[str, Any]) -> list[str | None]:
    times = meta["bounds"]["time_s"]
    if times is None:
        return [None, None]
    return [pd.Timestamp(t, unit="s").strftime("%Y-%m-%dT%H:%M:%SZ") for t in times]


def collections_document(meta: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Return ``api/v1/collections.json``, as OGC API - Features describes collections.

    Its items are files: a folder answers no query.

    References
    ----------
    Open Geospatial Consortium. OGC API - Features - Part 1: Core, 17-069r4, section 7.13.
    """
    extent = {
        "spatial": {"bbox": [_bbox(meta)], "crs": _CRS84},
        "temporal": {"interval": [_interval(meta)]},
    }
    kinds = {"cells": "Nodes of the stress map", "mechanisms": "Focal mechanisms",
             "faults": "Faults with their slip tendency"}  # fmt: skip
    suffixes = {".parquet": "application/vnd.apache.parquet", ".geojson": "application/geo+json"}
    collections = []
    for kind, title in kinds.items():
        links = [
            {"rel": "items", "href": _from_api(n), "type": media}
            for n in sorted(names)
            for suffix, media in suffixes.items()
            if n.endswith(suffix) and (f"/{kind}." in n or f"/{kind}/" in n)
        ]
        if links:
            collections.append(
                {"id": kind, "title": title, "extent": extent, "itemType": "feature",
                 "crs": [_CRS84], "links": links}
            )  # fmt: skip
    here = {"rel": "self", "href": "collections.json", "type": "application/json"}
    page = {"rel": "alternate", "href": "../../index.html", "type": "text/html"}
    return {"links": [here, page], "collections": collections}


def _from_api(name: str) -> str:
    """Return the address of a file of the atlas as seen from the interface."""
    own = f"{ROOT}/"
    return name.removeprefix(own) if name.startswith(own) else f"../../{name}"
