"""Projects of QGIS and GMT that draw the files of an atlas, styled, from where they lie."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import numpy as np
from cmcrameri import cm
from matplotlib.colors import to_hex, to_rgb

from quakeloom.plots import QUALITY_COLORS, REGIME_COLORS
from quakeloom.stress import REGIMES

_VERSION = "3.28.0"
"""Version of QGIS whose format it is, a long-term release; later ones read it."""

_BINS = 6
"""Classes of slip tendency; chosen here."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, escaped or not."""

_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
"""First line of projects and styles."""

_WIDTH_CM = 16.0
"""Width of the map of GMT; chosen here, that of a page."""


class Layer(NamedTuple):
    """A layer of a project.

    Attributes
    ----------
    file : str
        Beside the project.
    title : str
    style : Element
        Renderer of a vector layer, or pipe of a raster layer.
    geometry : str
        ``Point``, ``Line``, ``Polygon``, or ``Raster``.
    """

    file: str
    title: str
    style: ET.Element
    geometry: str

    @property
    def key(self) -> str:
        """Identifier within the project."""
        return self.file.replace(".", "_")


def choose_layers(files: list[str]) -> list[Layer]:
    """Return the layers that some files give, the upper ones first."""
    letters = {q: QUALITY_COLORS[q] for q in QUALITY_COLORS}
    known = (
        Layer("faults.geojson", "Faults, by slip tendency", _graduated("slip_tendency"), "Point"),
        Layer("mechanisms.geojson", "Events, by quality of their mechanism",
              _categorized("quality", letters, "marker"), "Point"),
        Layer("shmax.geojson", "SHmax, by regime",
              _categorized("regime", {r: REGIME_COLORS[r] for r in REGIMES}, "line"), "Line"),
        Layer("a_phi.tif", "Regime number A_phi, 0 to 3", _pseudocolor(0.0, 3.0), "Raster"),
        Layer("land.geojson", "Land", _single("fill", "#e9e6dc"), "Polygon"),
    )  # fmt: skip
    return [layer for layer in known if layer.file in files]


def qgis_project(layers: list[Layer], title: str, extent: tuple[float, ...]) -> bytes:
    """Return a project of QGIS (``.qgs``): layers with their style, by relative paths.

    Parameters
    ----------
    layers : list of Layer
    title : str
        Any text.
    extent : tuple of float
        West, east, south, north.
    """
    west, east, south, north = extent
    root = ET.Element("qgis", {"projectname": _plain(title), "version": _VERSION})
    ET.SubElement(root, "title").text = _plain(title)
    ET.SubElement(root, "projectCrs").append(_wgs84())
    tree = ET.SubElement(root, "layer-tree-group")
    for layer in layers:
        ET.SubElement(
            tree, "layer-tree-layer",
            {"id": layer.key, "name": layer.title, "source": f"./{layer.file}",
             "providerKey": _provider(layer), "checked": "Qt::Checked", "expanded": "1"},
        )  # fmt: skip
    canvas = ET.SubElement(root, "mapcanvas", {"name": "theMapCanvas"})
    ET.SubElement(canvas, "units").text = "degrees"
    box = ET.SubElement(canvas, "extent")
    for name, value in (("xmin", west), ("ymin", south), ("xmax", east), ("ymax", north)):
        ET.SubElement(box, name).text = f"{value:.6f}"
    ET.SubElement(canvas, "rotation").text = "0"
    ET.SubElement(canvas, "destinationsrs").append(_wgs84())
    listed = ET.SubElement(root, "projectlayers")
    for layer in layers:
        listed.append(_map_layer(layer))
    order = ET.SubElement(root, "layerorder")
    for layer in layers:
        ET.SubElement(order, "layer", {"id": layer.key})
    paths = ET.SubElement(ET.SubElement(root, "properties"), "Paths")
    ET.SubElement(paths, "Absolute", {"type": "bool"}).text = "false"
    return _text(root)


def qgis_style(layer: Layer) -> bytes:
    """Return a style of QGIS (``.qml``), which it takes for the file of the same name."""
    root = ET.Element("qgis", {"version": _VERSION, "styleCategories": "Symbology"})
    root.append(layer.style)
    if layer.geometry != "Raster":
        ET.SubElement(root, "layerGeometryType").text = str(
            ("Point", "Line", "Polygon").index(layer.geometry)
        )
    return _text(root)


def _map_layer(layer: Layer) -> ET.Element:
    raster = layer.geometry == "Raster"
    element = ET.Element("maplayer", {"type": "raster" if raster else "vector"})
    if not raster:
        element.set("geometry", layer.geometry)
    ET.SubElement(element, "id").text = layer.key
    ET.SubElement(element, "datasource").text = f"./{layer.file}"
    ET.SubElement(element, "layername").text = layer.title
    ET.SubElement(element, "srs").append(_wgs84())
    provider = ET.SubElement(element, "provider")
    provider.text = _provider(layer)
    if not raster:
        provider.set("encoding", "UTF-8")
    element.append(layer.style)
    return element


def _provider(layer: Layer) -> str:
    return "gdal" if layer.geometry == "Raster" else "ogr"


def _wgs84() -> ET.Element:
    system = ET.Element("spatialrefsys")
    for name, value in (
        ("proj4", "+proj=longlat +datum=WGS84 +no_defs"), ("srsid", "3452"), ("srid", "4326"),
        ("authid", "EPSG:4326"), ("description", "WGS 84"), ("geographicflag", "true"),
    ):  # fmt: skip
        ET.SubElement(system, name).text = value
    return system


def _symbol(name: str, kind: str, color: str) -> ET.Element:
    """Return a symbol: a ``marker``, a ``line`` or a ``fill`` of one color."""
    rgb = ",".join(str(round(255 * v)) for v in to_rgb(color)) + ",255"
    options = {
        "marker": {"name": "circle", "color": rgb, "outline_color": "255,255,255,255",
                   "outline_width": "0.2", "outline_width_unit": "MM", "size": "2.4",
                   "size_unit": "MM"},
        "line": {"line_color": rgb, "line_width": "0.7", "line_width_unit": "MM",
                 "line_style": "solid", "capstyle": "flat"},
        "fill": {"color": rgb, "style": "solid", "outline_color": "120,116,105,255",
                 "outline_width": "0.15", "outline_width_unit": "MM", "outline_style": "solid"},
    }[kind]  # fmt: skip
    symbol = ET.Element("symbol", {"type": kind, "name": name, "alpha": "1",
                                   "clip_to_extent": "1", "force_rhr": "0"})  # fmt: skip
    drawn = {"marker": "SimpleMarker", "line": "SimpleLine", "fill": "SimpleFill"}[kind]
    layer = ET.SubElement(symbol, "layer", {"class": drawn, "enabled": "1", "pass": "0",
                                            "locked": "0"})  # fmt: skip
    mapped = ET.SubElement(layer, "Option", {"type": "Map"})
    for key, value in options.items():
        ET.SubElement(mapped, "Option", {"type": "QString", "name": key, "value": value})
    for key, value in options.items():  # before QGIS 3.20
        ET.SubElement(layer, "prop", {"k": key, "v": value})
    return symbol


def _renderer(kind: str, **more: str) -> ET.Element:
    return ET.Element(
        "renderer-v2",
        {"type": kind, "enableorderby": "0", "forceraster": "0", "symbollevels": "0", **more},
    )


def _single(kind: str, color: str) -> ET.Element:
    renderer = _renderer("singleSymbol")
    ET.SubElement(renderer, "symbols").append(_symbol("0", kind, color))
    return renderer


def _categorized(column: str, colors: dict[str, str], kind: str) -> ET.Element:
    """Return a renderer with a color for every value of a column."""
    renderer = _renderer("categorizedSymbol", attr=column)
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for k, (value, color) in enumerate([*colors.items(), ("", "#9a958a")]):
        ET.SubElement(
            categories, "category",
            {"render": "true", "symbol": str(k), "value": value, "label": value or "other"},
        )  # fmt: skip
        symbols.append(_symbol(str(k), kind, color))
    return renderer


def _graduated(column: str) -> ET.Element:
    """Return a renderer with colors for ranges from 0 to 1 of a column."""
    renderer = _renderer("graduatedSymbol", attr=column, graduatedMethod="GraduatedColor")
    ranges = ET.SubElement(renderer, "ranges")
    symbols = ET.SubElement(renderer, "symbols")
    edges = np.linspace(0.0, 1.0, _BINS + 1)
    for k in range(_BINS):
        low, high = f"{edges[k]:.6f}", f"{edges[k + 1]:.6f}"
        ET.SubElement(
            ranges, "range",
            {"render": "true", "symbol": str(k), "lower": low, "upper": high,
             "label": f"{edges[k]:.2f} to {edges[k + 1]:.2f}"},
        )  # fmt: skip
        color = to_hex(cm.lajolla_r(0.05 + 0.8 * k / (_BINS - 1)))
        symbols.append(_symbol(str(k), "marker", color))
    return renderer


def _pseudocolor(low: float, high: float) -> ET.Element:
    """Return the pipe of a raster of one band between two values."""
    pipe = ET.Element("pipe")
    drawn = ET.SubElement(
        pipe, "rasterrenderer",
        {"type": "singlebandpseudocolor", "band": "1", "opacity": "0.7", "alphaBand": "-1",
         "classificationMin": f"{low:g}", "classificationMax": f"{high:g}"},
    )  # fmt: skip
    shader = ET.SubElement(
        ET.SubElement(drawn, "rastershader"), "colorrampshader",
        {"colorRampType": "INTERPOLATED", "classificationMode": "1", "clip": "0",
         "minimumValue": f"{low:g}", "maximumValue": f"{high:g}"},
    )  # fmt: skip
    for value in np.linspace(low, high, 13):
        ET.SubElement(
            shader, "item",
            {"value": f"{value:g}", "label": f"{value:g}", "alpha": "255",
             "color": to_hex(cm.roma((value - low) / (high - low)))},
        )  # fmt: skip
    return pipe


def _plain(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return _NOT_XML.sub(" ", text)


def _text(root: ET.Element) -> bytes:
    ET.indent(root, " ")
    return (_HEAD + ET.tostring(root, encoding="unicode") + "\n").encode()


def gmt_script(files: list[str], extent: tuple[float, ...]) -> bytes:
    """Return a script of GMT 6 in its modern mode that draws a map of the files beside it.

    Parameters
    ----------
    files : list of str
    extent : tuple of float
        West, east, south, north.
    """
    west, east, south, north = extent
    middle = 0.5 * (west + east)
    lines = [
        "#!/usr/bin/env bash",
        "# Map of the atlas with GMT 6: writes map.png beside this file.",
        "set -eu",
        'cd "$(dirname "$0")"',
        "gmt begin map png",
        f"  gmt basemap -R{west:.4f}/{east:.4f}/{south:.4f}/{north:.4f} "
        f"-JM{middle:.4f}/{_WIDTH_CM:g}c -Baf -BWSne",
        "  gmt coast -Da -G#e9e6dc -S#f7f8f9 -W0.3p,#77736a",
    ]
    if "mechanisms_meca.txt" in files:
        lines.append("  gmt meca mechanisms_meca.txt -Sa0.35c -G#9a958a -W0.2p,#77736a")
    if "stress_gmt.txt" in files:
        for regime in REGIMES:
            lines.append(
                f'  awk \'$6 == "{regime}" {{ print $1, $2, $3, "0.5c" }}\' stress_gmt.txt | '
                f"gmt plot -SV0c+jc -W1.4p,{REGIME_COLORS[regime]}"
            )
    lines.append("gmt end")
    return ("\n".join(lines) + "\n").encode()


def query_page(names: list[str], digest: str) -> bytes:
    """Return ``query.md``: lines of DuckDB, pandas and R that ask the tables of an atlas.

    Parameters
    ----------
    names : list of str
        Files that the atlas has.
    digest : str
        Of the settings of the run; empty where unknown.
    """
    cells = "api/v1/cells.parquet" in names
    years = any(n.startswith("api/v1/mechanisms/") for n in names)
    asked: list[tuple[str, str]] = []
    if cells:
        asked.append(("api/v1/cells.parquet", "shmax_std_deg < 15"))
    if years:
        asked.append(("api/v1/mechanisms/*.parquet", "magnitude >= 2 AND quality IN ('A', 'B')"))
    lines = ["# Asking the tables", ""]
    lines += ["Run these lines in the folder of the atlas.", ""] if asked else ["No tables.", ""]
    for table, where in asked:
        bounds = "latitude BETWEEN 35 AND 36"
        lines += [
            "```sql", f"SELECT * EXCLUDE (geometry) FROM '{table}'", f"WHERE {where} AND {bounds};",
            "```", "",
        ]  # fmt: skip
    if cells:
        lines += [
            "```python", "import pandas as pd", "",
            'cells = pd.read_parquet("api/v1/cells.parquet")',
            'certain = cells[cells["shmax_std_deg"] < 15]', "```", "",
            "```r", "library(arrow)", 'cells <- read_parquet("api/v1/cells.parquet")',
            "certain <- cells[cells$shmax_std_deg < 15, ]", "```", "",
        ]  # fmt: skip
    if asked:
        lines += [
            "The first lines are of DuckDB, which takes an address of the web in place of the file "
            "and then reads only the groups of rows that it needs.", "",
        ]  # fmt: skip
    lines += [f"Settings digest {digest}." if digest else "The run has no provenance."]
    return ("\n".join(lines) + "\n").encode()


def styled_files(files: list[str], title: str, extent: tuple[float, ...]) -> dict[str, Any]:
    """Return the projects and styles of some files, by name: content, or nothing to draw."""
    layers = choose_layers(files)
    made: dict[str, Any] = {}
    if any(layer.file != "land.geojson" for layer in layers):
        made["atlas.qgs"] = qgis_project(layers, title, extent)
        for layer in layers:
            made[f"{layer.file.rpartition('.')[0]}.qml"] = qgis_style(layer)
    if {"stress_gmt.txt", "mechanisms_meca.txt"} & set(files):
        made["map_gmt.sh"] = gmt_script(files, extent)
    return made
