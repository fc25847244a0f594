"""The first bytes of a file, for recognizing it."""

from __future__ import annotations

from pathlib import Path

from quakeloom.core import InputError
from quakeloom.formats._format import SNIFF_BYTES


def read_head(path: Path) -> bytes:
    """Return the first bytes of a file; :class:`InputError` if it cannot be opened."""
    try:
        with path.open("rb") as stream:
            return stream.read(SNIFF_BYTES)
    except FileNotFoundError:
        raise InputError(
            f"'{path}' does not exist. Nothing can be read; correct the path in the settings."
        ) from None
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be opened ({error.strerror}). Nothing can be read; give a "
            "readable file."
        ) from error
