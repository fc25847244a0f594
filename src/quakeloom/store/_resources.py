"""The files that come with quakeloom: coastline, velocity models, weights."""

from __future__ import annotations

from pathlib import Path

from quakeloom.core import InputError

_PACKAGE = Path(__file__).resolve().parents[1]
"""Folder of the package: ``src/quakeloom`` in a checkout."""


def find_resource(name: str) -> Path:
    """Return a file or folder of ``resources/``, in a checkout or in an installed package.

    Raises
    ------
    InputError
        If it is in neither; the message names both places.
    """
    places = [_PACKAGE / "resources" / name, _PACKAGE.parents[1] / "resources" / name]
    for place in places:
        if place.exists():
            return place
    raise InputError(
        f"The resource '{name}' is missing (looked at {places[0]} and {places[1]}). "
        "The installation is incomplete; install quakeloom again, or run from a whole checkout."
    )
