"""Foreign files in and out, one module per format.

Floor 2. Every reader gives :class:`SourceTables`: registered tables, with one row in
``rejects`` for everything that could not be read. :func:`read_source` is the door for all of
them; formats are recognized or named.
"""

from quakeloom.formats._format import Format
from quakeloom.formats._registry import FORMATS, detect_format, read_source
from quakeloom.formats._source_tables import SourceTables

__all__ = [
    "FORMATS",
    "Format",
    "SourceTables",
    "detect_format",
    "read_source",
]
