"""The coastline of maps."""

from __future__ import annotations

from functools import cache

from quakeloom.core import QuakeloomError
from quakeloom.plots import Coastline
from quakeloom.report import load_coastline
from quakeloom.store import find_resource


@cache
def load_coast() -> Coastline | None:
    """Return the coastline that comes with quakeloom, or None where it is missing."""
    try:
        return load_coastline(find_resource("coastline"))
    except QuakeloomError:
        return None
