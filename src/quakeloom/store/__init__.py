"""What is kept on disk: Parquet tables, Zarr arrays, plans, and where they lie.

Floor 2. All writes are complete or absent, and give the same bytes for the same content.
"""

from quakeloom.store._arrays import (
    create_array,
    digest_array,
    open_array,
    write_array,
    write_region,
)
from quakeloom.store._atomic import (
    atomic_file,
    atomic_folder,
    read_json,
    write_json_if_changed,
    write_text_if_changed,
)
from quakeloom.store._layout import RunLayout
from quakeloom.store._resources import find_resource
from quakeloom.store._tables import (
    read_provenance,
    read_table,
    write_table,
    write_tables,
)

__all__ = [
    "RunLayout",
    "atomic_file",
    "atomic_folder",
    "create_array",
    "digest_array",
    "find_resource",
    "open_array",
    "read_json",
    "read_provenance",
    "read_table",
    "write_array",
    "write_json_if_changed",
    "write_region",
    "write_table",
    "write_tables",
    "write_text_if_changed",
]
