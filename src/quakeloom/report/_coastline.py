"""Reading the coastline of the maps."""

from __future__ import annotations

import logging
from pathlib import Path

from quakeloom.core import FormatError, InputError
from quakeloom.plots import Coastline
from quakeloom.store import open_item, read_arrays

_LOG = logging.getLogger(__name__)
"""Log of this module."""

_ARRAYS = ("ring_length", "ring_start", "longitude_step", "latitude_step", "scale", "origin")
"""Arrays of a coastline file; see ``resources/coastline/README.md``."""

_NAMES = {"10m": "Natural Earth, 1:10 million", "50m": "Natural Earth, 1:50 million"}
"""Source and scale of coastline files by the ends of their names, the finest first."""


def load_coastline(path: str | Path | None) -> Coastline | None:
    """Read a coastline (see ``resources/coastline/README.md``).

    Parameters
    ----------
    path : str, Path or None
        The archive, or a folder that holds it (the finest one is taken). None, or a folder
        without one, gives None: maps are then drawn without a coast.

    Raises
    ------
    FormatError
        If the file is no such archive.
    """
    if path is None:
        return None
    item = open_item(path)
    if item.is_folder():
        files = [item / f"coastline-{r}.npz" for r in _NAMES]
        found = [f for f in files if f.exists()]
        if not found:
            _LOG.info("No coastline file in '%s'; maps are drawn without one.", path)
            return None
        item = found[0]
    try:
        data = read_arrays(item)
        name = next((text for r, text in _NAMES.items() if r in item.name), "")
        return Coastline.from_steps(**{n: data[n] for n in _ARRAYS}, name=name)
    except (InputError, KeyError, ValueError) as error:
        raise FormatError(
            f"Coastline file '{item}' cannot be read ({error}). Maps cannot show the coast; "
            "take the file from the repository again or make it with "
            "resources/coastline/convert_topojson.py."
        ) from error
