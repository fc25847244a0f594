"""The atlas of a run: a folder of static files that people browse and machines read.

Floor 6. :func:`write_atlas` makes it of a finished run; :func:`build_atlas` of anything that tables
hold. The page's own sources are in ``web/``, and what is built of them in ``assets/``.
"""

from quakeloom.atlas._contents import AtlasContents, collect_contents
from quakeloom.atlas._folder import AtlasSummary, build_atlas, write_atlas

__all__ = [
    "AtlasContents",
    "AtlasSummary",
    "build_atlas",
    "collect_contents",
    "write_atlas",
]
