"""The coastline that comes with quakeloom."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np

from quakeloom.core import FormatError
from quakeloom.plots import Coastline

_LOG = logging.getLogger(__name__)
_NAMES = {"10m": "Natural Earth, 1:10 million", "50m": "Natural Earth, 1:50 million"}


def find_coastline(resolution: str = "10m") -> Path | None:
    """Return the path of the coastline file, or None when it is not there.

    It is looked for in the folder that the environment variable ``QUAKELOOM_RESOURCES``
    names, then in ``resources`` beside the source tree and in the working folder.

    Parameters
    ----------
    resolution : {"10m", "50m"}
        Scale of the source, one to 10 or 50 million.
    """
    folders = [
        os.environ.get("QUAKELOOM_RESOURCES", ""),
        str(Path(__file__).resolve().parents[3] / "resources"),
        "resources",
    ]
    for folder in folders:
        path = Path(folder) / "coastline" / f"coastline-{resolution}.npz"
        if folder and path.is_file():
            return path
    _LOG.info("No coastline file found; maps are drawn without one.")
    return None


def load_coastline(path: str | Path) -> Coastline:
    """Read a coastline file (see ``resources/coastline/README.md``).

    Raises
    ------
    FormatError
        If the file is no such archive.
    """
    path = Path(path)
    try:
        with np.load(path) as data:
            arrays = {
                name: data[name]
                for name in (
                    "ring_length",
                    "ring_start",
                    "longitude_step",
                    "latitude_step",
                    "scale",
                    "origin",
                )
            }
            return Coastline.from_steps(
                **arrays, name=next((t for r, t in _NAMES.items() if r in path.name), "")
            )
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise FormatError(
            f"Coastline file '{path}' cannot be read ({error}). Maps cannot show the coast; "
            "take the file from the repository again or make it with "
            "resources/coastline/convert_topojson.py."
        ) from error
