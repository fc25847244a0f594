"""Files that come with quakeloom beside its modules: workflow, examples, resources."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
"""Folder of the package."""

_IN_CHECKOUT = {"examples": "config"}
"""Folders that have another name in a checkout, where ``config`` is no package."""


def shipped_places(name: str) -> list[Path]:
    """Return where a file or folder that comes with quakeloom can be.

    In an installed package it is below the package itself; in a checkout, whose modules lie in
    ``src``, at its top.

    Parameters
    ----------
    name : str
        ``Snakefile``, ``workflow``, ``examples`` or ``resources``, or a path below one of them.
    """
    places = [_PACKAGE / name]
    if _PACKAGE.parent.name == "src":
        first, *rest = name.split("/")
        places.append(_PACKAGE.parents[1].joinpath(_IN_CHECKOUT.get(first, first), *rest))
    return places


def find_shipped(name: str) -> Path | None:
    """Return a file or folder that comes with quakeloom, or None if it is missing."""
    return next((place for place in shipped_places(name) if place.exists()), None)
