"""What a foreign format is: its name, its reader, and how it is recognized.

Reader modules import :class:`Format` from here; :mod:`quakeloom.formats._registry` collects
their ``FORMAT`` objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from quakeloom.formats._source_tables import SourceTables

SNIFF_BYTES = 65_536
"""How many bytes of a file :attr:`Format.sniff` is shown."""


@dataclass(frozen=True)
class Format:
    """One foreign format.

    Attributes
    ----------
    name : str
        The word to write in a configuration, e.g. ``hash_fpfit``.
    title : str
        The name people know it by.
    read : callable
        ``read(path, **options) -> SourceTables``. Raises
        :class:`~quakeloom.core.FormatError` if the file is no such format.
    sniff : callable
        ``sniff(head) -> bool`` on the first :data:`SNIFF_BYTES` bytes; never raises.
    suffixes : tuple of str
        Usual endings of file names, with the dot, lower case; they decide between formats
        that both recognize a file.
    options : mapping of str to str
        Name and meaning of the keyword options of ``read``.
    """

    name: str
    title: str
    read: Callable[..., SourceTables]
    sniff: Callable[[bytes], bool]
    suffixes: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
