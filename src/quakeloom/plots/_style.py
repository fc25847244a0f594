"""The look of every figure: palette, sizes, type, and how a figure becomes bytes."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Callable
from typing import Any, Literal, ParamSpec, TypeVar

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter, LogFormatterSciNotation
from numpy.typing import NDArray

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

QUALITIES = ("A", "B", "C", "D", "E", "F")
"""Quality letters of mechanisms, the best first."""

QUALITY_COLORS: dict[str, str] = {
    "A": "#16325c",
    "B": "#2a7f8e",
    "C": "#c08a2b",
    "D": "#b3aca0",
    "E": "#d2cdc3",
    "F": "#e4e0d8",
}
"""One color per quality letter, dark to light, so that print in gray keeps the order."""

INK = "#22262b"
"""Color of text, axes' labels and what matters most."""

MUTED = "#6b6f75"
"""Color of ticks, frames and second things."""

RULE = "#c9c6bf"
"""Color of guide lines."""

PAPER = "#ffffff"
"""Color of the ground of a figure."""

LAND = "#f4f1ea"
"""Color of land, so pale that symbols on it stand out."""

SEA = "#e6edf1"
"""Color of the sea."""

COAST = "#938e83"
"""Color of coastlines."""

ALERT = "#b23a26"
"""Color of what contradicts, and of limits."""

PRESSURE = "#16325c"
"""Color of the P wave and of the first of two series."""

PAGE_WIDTH_IN = 7.0
"""Width of a figure over the whole page, inches."""

COLUMN_WIDTH_IN = 3.4
"""Width of a figure in one of two columns, inches."""

PHONE_WIDTH_IN = 3.9
"""Width of a figure for a phone, inches: as wide as most screens (390 px), so that its lettering is
as large there as that of a page."""

SIDE_BY_SIDE_IN = 5.0
"""Width from which panels stand side by side, inches; below each other in narrower figures."""

_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
"""Entries of an SVG file that are left out, so that the same figure gives the same bytes."""

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.titleweight": "normal",
    "axes.titlelocation": "left",
    "axes.titlepad": 6.0,
    "axes.labelsize": 8.0,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "grid.color": "#e6e3dd",
    "grid.linewidth": 0.6,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "patch.linewidth": 0.6,
    "figure.facecolor": PAPER,
    "figure.dpi": 100.0,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "path",
    "svg.hashsalt": "quakeloom",
    "path.simplify": True,
    # names of stations and events may hold dollar signs, which are no formulas
    "text.parse_math": False,
}
"""The house style, as settings of matplotlib (sizes in points)."""

_LOOK = {
    *("agg", "axes", "contour", "date", "errorbar", "figure", "font", "grid", "hatch", "hist"),
    *("image", "legend", "lines", "markers", "mathtext", "patch", "path", "savefig", "scatter"),
    *("svg", "text", "xaxis", "xtick", "yaxis", "ytick"),
}
"""Groups of matplotlib's settings that show in a figure: first its defaults, then ours."""

_SETTINGS: dict[Any, Any] = {
    **{k: v for k, v in matplotlib.rcParamsDefault.items() if k.split(".")[0] in _LOOK},
    **STYLE,
}
"""All settings of a figure, so that those of the caller do not show in it."""


def styled(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Make a drawing function use the house style, whatever the caller's settings are."""

    @functools.wraps(function)
    def wrapper(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with matplotlib.rc_context(_SETTINGS):
            return function(*args, **kwargs)

    return wrapper


class _Drawing(Figure):
    """A figure that notebooks show without pyplot, which is not asked for it."""

    def _repr_png_(self) -> bytes:
        return figure_to_png(self, 110.0)


def new_figure(width_in: float, height_in: float, constrained: bool = True) -> Figure:
    """Return an empty figure that no global state knows of; call inside ``styled``."""
    layout: Any = "constrained" if constrained else None
    figure = _Drawing(figsize=(width_in, height_in), layout=layout)
    FigureCanvasAgg(figure)
    return figure


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
"""Digits and sign as exponents."""


class _PlainPowers(LogFormatterSciNotation):
    """Powers of ten in plain characters: 10² and 2×10⁻³."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        text = str(super().__call__(x, pos)).replace("$", "").replace("\\mathdefault", "")
        text = text.replace("\\times", "\N{MULTIPLICATION SIGN}")
        return re.sub(r"\^\{([^}]*)\}", lambda m: m[1].translate(_RAISED), text).strip("{}")


def use_logarithmic(axes: Axes, which: Literal["x", "y"]) -> None:
    """Give an axis a logarithmic scale whose labels need no formulas."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(plain_powers())
    axis.set_minor_formatter(plain_powers())


def plain_powers() -> Formatter:
    """Return a formatter of logarithmic ticks that writes 10² and 2×10⁻³."""
    return _PlainPowers()


def new_panels(
    count: int, width_in: float, height_in: float, **options: Any
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels side by side, or below each other where it is narrow.

    ``options`` are those of :meth:`matplotlib.figure.Figure.subplots`.
    """
    wide = width_in >= SIDE_BY_SIDE_IN
    figure = new_figure(width_in, height_in if wide else height_in * count)
    rows, columns = (1, count) if wide else (count, 1)
    return figure, list(figure.subplots(rows, columns, squeeze=False, **options).ravel())


def figure_to_svg(figure: Figure, raster_dpi: float = 200.0) -> bytes:
    """Return a figure as SVG text; rasterized parts are embedded at ``raster_dpi``.

    The same figure gives the same bytes: no date, no random identifiers. Paths are rounded
    to a hundredth of a point.
    """
    with matplotlib.rc_context(_SETTINGS):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", dpi=raster_dpi, metadata=_NO_METADATA)
    text = buffer.getvalue().decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' d="[^"]*"', _shorten_path, text)
    return re.sub(r">\s+<", "><", text).encode()


def _shorten_path(match: re.Match[str]) -> str:
    path = re.sub(r"(\.\d\d)\d+", r"\1", match.group().replace("\n", ""))
    return re.sub(r" (?=[MLCQz])|(?<=[MLCQ]) ", "", path)


def figure_to_png(figure: Figure, dpi: float = 170.0) -> bytes:
    """Return a figure as PNG bytes."""
    with matplotlib.rc_context(_SETTINGS):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def quality_colors(qualities: Any, missing: str = "#ffffff") -> NDArray[np.str_]:
    """Return one color per quality letter; an unknown letter gets ``missing``."""
    letters = np.asarray(qualities, dtype=object)
    table = {**QUALITY_COLORS}
    return np.array([table.get(str(q), missing) for q in letters.ravel()]).reshape(letters.shape)
