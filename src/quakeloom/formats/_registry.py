"""All formats that quakeloom reads, and the one door through which files come in.

To add a format: write a module with a module-level ``FORMAT = Format(...)`` (or several),
import it here, and add it to ``_ALL``. Earlier entries win where two recognize a file.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quakeloom.core import FormatError, SettingsError
from quakeloom.formats._compressed import plain_head
from quakeloom.formats._csv import FORMAT as _CSV
from quakeloom.formats._dataless import FORMAT as _DATALESS
from quakeloom.formats._doubtful_units import put_aside_doubts
from quakeloom.formats._fill_values import leave_out_fills
from quakeloom.formats._foreign_kinds import describe_foreign_file
from quakeloom.formats._format import Format
from quakeloom.formats._growclust import FORMAT as _GROWCLUST
from quakeloom.formats._hash_amplitudes import FORMATS_HERE as _HASH_AMPLITUDES
from quakeloom.formats._hash_fpfit import FORMAT as _HASH_FPFIT
from quakeloom.formats._hash_reversals import FORMAT as _HASH_REVERSALS
from quakeloom.formats._hash_scedc import FORMAT as _HASH_SCEDC
from quakeloom.formats._hash_simul import FORMAT as _HASH_SIMUL
from quakeloom.formats._hash_stations import FORMATS_HERE as _HASH_STATIONS
from quakeloom.formats._head import read_head
from quakeloom.formats._hypo71 import FORMAT as _HYPO71
from quakeloom.formats._hypo71_summary import FORMAT as _HYPO71_SUMMARY
from quakeloom.formats._hypodd import FORMATS_HERE as _HYPODD
from quakeloom.formats._hypodd_stations import FORMAT as _HYPODD_STATIONS
from quakeloom.formats._hypoinverse import FORMATS_HERE as _HYPOINVERSE
from quakeloom.formats._hypoinverse_stations import FORMAT as _HYPOINVERSE_STATIONS
from quakeloom.formats._jma import FORMAT as _JMA
from quakeloom.formats._mechanism_tables import is_mechanism_catalog
from quakeloom.formats._nonlinloc import FORMATS_HERE as _NONLINLOC
from quakeloom.formats._nonlinloc_stations import FORMAT as _NONLINLOC_STATIONS
from quakeloom.formats._numpy_picks import FORMAT as _NUMPY_PICKS
from quakeloom.formats._obspy_events import FORMAT as _OBSPY
from quakeloom.formats._parquet import FORMAT as _PARQUET
from quakeloom.formats._quakeml import FORMATS_HERE as _QUAKEML
from quakeloom.formats._reading_times import put_aside_misdated
from quakeloom.formats._real import FORMAT as _REAL
from quakeloom.formats._sac import FORMAT as _SAC_STATIONS
from quakeloom.formats._skhash import FORMATS_HERE as _SKHASH
from quakeloom.formats._skhash_stations import FORMATS_HERE as _SKHASH_STATIONS
from quakeloom.formats._source_tables import SourceTables, put_aside_non_events
from quakeloom.formats._stationxml import FORMAT as _STATIONXML
from quakeloom.formats._velest import FORMATS_HERE as _VELEST
from quakeloom.formats._zmap import FORMAT as _ZMAP

_ALL: tuple[Format, ...] = (
    *_QUAKEML,
    _STATIONXML,
    _DATALESS,
    _SAC_STATIONS,
    _PARQUET,
    *_NONLINLOC,
    _NONLINLOC_STATIONS,
    _JMA,
    *_HYPOINVERSE,
    _HYPO71,
    _HYPO71_SUMMARY,
    _HASH_FPFIT,
    _HASH_SCEDC,
    _HASH_SIMUL,
    *_HASH_AMPLITUDES,
    *_HASH_STATIONS,
    _HASH_REVERSALS,
    *_HYPODD,
    _HYPODD_STATIONS,
    _HYPOINVERSE_STATIONS,
    _REAL,
    _GROWCLUST,
    *_VELEST,
    _ZMAP,
    *_SKHASH,
    *_SKHASH_STATIONS,
    _NUMPY_PICKS,
    _OBSPY,
    _CSV,
)
"""Every format, in the order in which they are tried."""

FORMATS: dict[str, Format] = {f.name: f for f in _ALL}
"""Every format by name, in the order in which they are tried."""


def read_source(path: str | Path, format: str = "auto", **options: Any) -> SourceTables:
    """Read one foreign file into registered tables.

    Parameters
    ----------
    path : str or Path
        The file. Its spelling is what ``source_file`` holds.
    format : str
        A key of :data:`FORMATS`, or ``auto`` to recognize it.
    **options
        Options of that format, see :attr:`Format.options`.

    Returns
    -------
    SourceTables
        Tables with a ``rejects`` row for everything that could not be read.

    Raises
    ------
    FormatError
        If the format is unknown, not recognized, or the file is not in it.
    InputError
        If the file is missing or cannot be opened.
    SettingsError
        If the format has no such option.
    """
    path = Path(path)
    name = detect_format(path) if format == "auto" else format
    check_format_options(name, str(path), options)
    read_head(path)
    tables = put_aside_non_events(FORMATS[name].read(path, **options))
    return put_aside_doubts(put_aside_misdated(leave_out_fills(tables)))


def check_format_options(name: str, path: str, options: Mapping[str, Any]) -> None:
    """Refuse a format that does not exist, and options that it does not have.

    Parameters
    ----------
    name : str
        A format, or ``auto``, whose options are known when the file is recognized.
    path : str
        The file or files that it is written for, for the message.
    options : mapping

    Raises
    ------
    FormatError
        If there is no such format; the message lists all.
    SettingsError
        If it has no such option.
    """
    if name == "auto":
        return
    if name not in FORMATS:
        near = difflib.get_close_matches(name, FORMATS, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise FormatError(
            f"Format '{name}' for '{path}' is not known, so the file is not read. {hint}"
            f"Write auto or one of: {', '.join(FORMATS)}."
        )
    unknown = [o for o in options if o not in FORMATS[name].options]
    if unknown:
        known = ", ".join(FORMATS[name].options) or "none"
        raise SettingsError(
            f"Format '{name}' has no option {', '.join(map(repr, unknown))} (for '{path}'). "
            f"Remove it; its options are: {known}."
        )


def sniffs_as(name: str, path: str | Path) -> bool:
    """Say whether the beginning of a file is that of a format."""
    return name in FORMATS and FORMATS[name].sniff(read_head(Path(path)))


def detect_format(path: str | Path) -> str:
    """Recognize the format of a file by its first 64 kB, then by its name.

    Raises
    ------
    FormatError
        If the file is empty or no format recognizes it.
    InputError
        If the file is missing or cannot be opened.
    """
    path = Path(path)
    head = read_head(path)
    if not head.strip():
        raise FormatError(f"'{path}' is empty. Nothing can be read from it; give a data file.")
    hits = [f for f in FORMATS.values() if f.sniff(head)]
    if not hits:
        raise FormatError(_unrecognized(path, head))
    suffix = path.suffix.lower()
    return next((f.name for f in hits if suffix in f.suffixes), hits[0].name)


def _unrecognized(path: Path, head: bytes) -> str:
    """Say what a file is that no format recognizes, as far as that can be told."""
    what, remedy = describe_foreign_file(head)
    if not what and is_mechanism_catalog(plain_head(head) or head):
        what = "a catalog of focal mechanisms"
        remedy = "name it under `stress.catalogs`, or give it to `quakeloom stress --mechanisms`"
    if what:
        return (
            f"'{path}' is {what}, which is no source of events, readings or stations here. "
            f"Nothing is read from it; {remedy}."
        )
    return (
        f"'{path}' is in none of the formats that quakeloom recognizes. Nothing is read "
        f"from it; if it is one of {', '.join(FORMATS)}, name the format in the settings; else "
        "write a CSV whose first line names columns, or convert it to QuakeML."
    )
