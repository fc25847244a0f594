"""Picked travel times of refraction lines: one door for all their formats."""

from __future__ import annotations

from pathlib import Path

from quakeloom.core import FormatError, InputError
from quakeloom.formats._line_format import LineFormat, LinePicks
from quakeloom.formats._pygimli import FORMAT as _PYGIMLI
from quakeloom.formats._rayinvr import FORMAT as _RAYINVR
from quakeloom.formats._text_lines import head_lines
from quakeloom.formats._travel_time_csv import FORMAT as _CSV

LINE_FORMATS: dict[str, LineFormat] = {f.name: f for f in (_CSV, _PYGIMLI, _RAYINVR)}
"""Every format of travel times by name, in the order in which they are tried."""

_KM_PER_UNIT = {"km": 1.0, "m": 1e-3}
"""Units of positions along a line."""


def read_line_picks(path: str | Path, format: str = "auto", unit: str = "auto") -> LinePicks:
    """Read picked travel times of a refraction line.

    Parameters
    ----------
    path : str or Path
    format : str
        ``rayinvr`` (``tx.in``), ``pygimli`` (``.sgt``), ``csv``, or ``auto`` to recognize it.
    unit : {"auto", "km", "m"}
        Unit of positions in the file; ``auto`` takes what the format's users write
        (kilometers in ``tx.in`` and CSV, whose columns say so, meters in ``.sgt``).

    Raises
    ------
    FormatError
        If the format is unknown or not recognized, or nothing can be read.
    InputError
        If the file is missing.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(65_536)
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be opened ({error.strerror}). No picks can be read; correct the path."
        ) from error
    if format == "auto":
        lines = head_lines(head)
        hits = [f for f in LINE_FORMATS.values() if f.sniff(lines)]
        if not hits:
            raise FormatError(
                f"'{path}' is in none of the formats of travel times that quakeloom recognizes. "
                f"Nothing is read from it; name one of {', '.join(LINE_FORMATS)}."
            )
        suffix = path.suffix.lower()
        chosen = next((f for f in hits if suffix in f.suffixes), hits[0])
    elif format in LINE_FORMATS:
        chosen = LINE_FORMATS[format]
    else:
        raise FormatError(
            f"Format '{format}' for '{path}' is not known. Write auto or one of: "
            f"{', '.join(LINE_FORMATS)}."
        )
    if unit not in ("auto", *_KM_PER_UNIT):
        raise FormatError(f"Unit '{unit}' for '{path}' is not known; write km, m or auto.")
    return chosen.read(path, _KM_PER_UNIT[chosen.unit if unit == "auto" else unit])
