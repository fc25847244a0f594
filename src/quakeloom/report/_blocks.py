"""The parts a report page is made of; the template knows how each is set."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup, escape
from matplotlib.figure import Figure

from quakeloom.plots import PAGE_WIDTH_IN, PHONE_WIDTH_IN, figure_to_png, figure_to_svg

_RASTER_DPI = 160.0
"""Resolution of images within a drawing, dots per inch; chosen here, sharp on most screens."""

_RESERVED = str.maketrans({c: f"%{ord(c):02X}" for c in "%#<>&{}\n"})
"""Characters that a data URI cannot hold as they are, with their percent codes."""

_SVG_LIMIT = 400_000
"""Largest drawing that is embedded as SVG, bytes; a larger one becomes a PNG. Chosen here: above
it a browser draws slowly."""


@dataclass(frozen=True)
class Text:
    """A paragraph; ``Markup`` is taken as it is, plain text is escaped."""

    text: str | Markup
    tone: str = ""  # "lead", "note", "warning"
    kind: str = "text"


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str
    kind: str = "heading"


@dataclass(frozen=True)
class Picture:
    """A figure as a data URI, with the words that go with it."""

    source: Markup
    alt: str
    caption: str | Markup
    width_px: int
    height_px: int
    width: str = "column"  # "column", or "wide" and "map" over the whole page
    narrow: str | Markup = ""  # the same, drawn for a phone; empty where it is not
    kind: str = "picture"


@dataclass(frozen=True)
class Gallery:
    """Pictures side by side as far as the page allows."""

    pictures: Sequence[Picture]
    caption: str | Markup = ""
    columns: str = "two"  # "two" for charts, "four" for focal spheres
    kind: str = "gallery"


@dataclass(frozen=True)
class Grid:
    """A table. ``numeric`` marks the columns that are set to the right.

    With ``search``, the label of a box above it, the table scrolls and the box hides the rows
    that do not contain what is typed.
    """

    columns: Sequence[str | Markup]
    rows: Sequence[Sequence[Any]]
    caption: str | Markup = ""
    numeric: Sequence[bool] = ()
    search: str = ""
    kind: str = "grid"


@dataclass(frozen=True)
class Code:
    """Preformatted text behind a line that opens it."""

    summary: str
    text: str
    kind: str = "code"


@dataclass(frozen=True)
class Terms:
    """A list of terms and what they mean."""

    items: Sequence[tuple[str, str | Markup]]
    kind: str = "terms"


@dataclass
class Section:
    """A section of the report; one without blocks is left out."""

    anchor: str
    title: str
    blocks: list[Any] = field(default_factory=list)

    def add(self, *blocks: Any) -> Section:
        """Append blocks, ignoring None."""
        self.blocks.extend(b for b in blocks if b is not None)
        return self


def picture(
    figure: Figure,
    alt: str,
    caption: str | Markup = "",
    width: str = "column",
    png: bool = False,
    base64_svg: bool = False,
) -> Picture:
    """Encode a figure: SVG when it is small, PNG otherwise or on demand."""
    data = b"" if png else figure_to_svg(figure, _RASTER_DPI)
    if png or len(data) > _SVG_LIMIT:
        source = "data:image/png;base64," + base64.b64encode(figure_to_png(figure)).decode()
    elif base64_svg:  # lists of sources end at a space
        source = "data:image/svg+xml;base64," + base64.b64encode(data).decode()
    else:
        text = data.decode().replace('"', "'")
        source = "data:image/svg+xml," + text.translate(_RESERVED)
    # 96: a CSS pixel is a 96th of an inch
    width_px, height_px = (round(side * 96) for side in figure.get_size_inches())
    return Picture(Markup(source), alt, caption, width_px, height_px, width)


def page_picture(
    draw: Callable[..., Figure | None], alt: str, caption: str | Markup = "", width: str = "wide"
) -> Picture | None:
    """Draw a figure over the whole page and once more for a phone; None where it is none.

    ``draw`` takes ``width_in``, the width of the figure in inches.
    """
    figure, small = draw(width_in=PAGE_WIDTH_IN), draw(width_in=PHONE_WIDTH_IN)
    if figure is None or small is None:
        return None
    narrow = picture(small, alt, base64_svg=True).source
    return replace(picture(figure, alt, caption, width), narrow=narrow)


def join_html(parts: Sequence[str | Markup], separator: str = ", ") -> Markup:
    """Join texts, escaping those that are not Markup."""
    return Markup(escape(separator)).join(parts)
