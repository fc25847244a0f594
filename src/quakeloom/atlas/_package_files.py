"""Files of the page that come with quakeloom."""

from __future__ import annotations

import pkgutil

from quakeloom.core import InputError


def package_file(name: str) -> bytes:
    """Return a file that comes with the atlas, such as ``assets/atlas.js``.

    Raises
    ------
    InputError
        If the installation lacks it.
    """
    try:
        found = pkgutil.get_data("quakeloom.atlas", name)
    except FileNotFoundError:
        found = None
    if found is None:
        raise InputError(
            f"The atlas lacks its file '{name}'. The installation is incomplete; install "
            "quakeloom again, or run from a whole checkout."
        )
    return found
