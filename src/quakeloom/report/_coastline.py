"""Reading the coastline of the maps."""

from __future__ import annotations

import logging
from lzma import LZMAError
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from quakeloom.core import FormatError
from quakeloom.plots import Coastline

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
    path = Path(path)
    if path.is_dir():
        files = [path / f"coastline-{r}.npz" for r in _NAMES]
        found = [f for f in files if f.is_file()]
        if not found:
            _LOG.info("No coastline file in '%s'; maps are drawn without one.", path)
            return None
        path = found[0]
    try:
        with np.load(path) as data:
            arrays = {name: data[name] for name in _ARRAYS}
            name = next((text for r, text in _NAMES.items() if r in path.name), "")
            return Coastline.from_steps(**arrays, name=name)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, LZMAError) as error:
        raise FormatError(
            f"Coastline file '{path}' cannot be read ({error}). Maps cannot show the coast; "
            "take the file from the repository again or make it with "
            "resources/coastline/convert_topojson.py."
        ) from error
