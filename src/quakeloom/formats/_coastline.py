"""The coastline that comes with quakeloom."""

from __future__ import annotations

import logging
from pathlib import Path

from quakeloom.core import Coastline, FormatError, read_array_archive

_LOG = logging.getLogger(__name__)
"""Tells of coastlines that are not at hand."""

_ARRAYS = ("ring_length", "ring_start", "longitude_step", "latitude_step", "scale", "origin")
"""Arrays of a file."""

_NAMES = {"10m": "Natural Earth, 1:10 million", "50m": "Natural Earth, 1:50 million"}
"""Source and scale by the resolution in the name of a file, the finest first."""


def read_coastline(path: str | Path) -> Coastline:
    """Read the file of a coastline (see ``resources/coastline/README.md``).

    Parameters
    ----------
    path : str or Path
        An archive of numpy with the rings as integer differences, see
        :meth:`quakeloom.core.Coastline.from_steps`.

    Raises
    ------
    FormatError
        If the file is no such archive.
    """
    path = Path(path)
    try:
        arrays = read_array_archive(path, _ARRAYS)
        name = next((text for r, text in _NAMES.items() if r in path.name), "")
        return Coastline.from_steps(**arrays, name=name)
    except (OSError, ValueError, TypeError, IndexError, OverflowError) as error:
        raise FormatError(
            f"Coastline file '{path}' cannot be read ({error}). Maps cannot show the coast; "
            "take the file from the repository again or make it with "
            "resources/coastline/convert_topojson.py."
        ) from error


def find_coastline(folder: str | Path) -> Coastline | None:
    """Read the finest coastline of a folder; None where it has none.

    Maps are then drawn without a coast, and the log says so.
    """
    for resolution in _NAMES:
        path = Path(folder) / f"coastline-{resolution}.npz"
        if path.is_file():
            return read_coastline(path)
    _LOG.info("No coastline file in '%s'; maps are drawn without one.", folder)
    return None
