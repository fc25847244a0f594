"""The files that come with quakeloom: coastline, velocity models, weights."""

from __future__ import annotations

from pathlib import Path

from quakeloom.core import InputError, find_shipped, shipped_places


def find_resource(name: str) -> Path:
    """Return a file or folder of ``resources/``, in a checkout or in an installed package.

    Raises
    ------
    InputError
        If it is missing; the message names the places.
    """
    found = find_shipped(f"resources/{name}")
    if found is None:
        places = " and ".join(map(str, shipped_places(f"resources/{name}")))
        raise InputError(
            f"The resource '{name}' is missing (looked at {places}). The installation is "
            "incomplete; install quakeloom again, or run from a whole checkout."
        )
    return found
