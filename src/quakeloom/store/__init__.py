"""What is kept of a run: Parquet tables, Zarr arrays, plans; where it lies, and how it is written.

Floor 2. The only room that knows whether results lie in a folder or elsewhere: stages and
commands ask for an :class:`Item` by name. All writes are complete or absent, and give the same
bytes for the same content. Files that users name are found here as well.
"""

from quakeloom.store._arrays import (
    GrowingArray,
    create_array,
    digest_array,
    grow_array,
    open_array,
    resize_arrays,
    write_array,
    write_region,
)
from quakeloom.store._groups import (
    create_group,
    open_dataset,
    open_lazily,
    read_attributes,
    write_attributes,
    write_dataset,
)
from quakeloom.store._inputs import (
    InputDigests,
    archive_file,
    digest_input,
    find_input,
    find_velocity_model,
    full_path,
    input_name,
    input_place,
    input_stamp,
    is_input,
    list_archive,
    list_inputs,
    list_tree,
    near_names,
    own_velocity_models,
    pattern_of,
    read_input_text,
    walk_inputs,
)
from quakeloom.store._items import (
    Item,
    atomic_file,
    atomic_folder,
    keep_timings,
    link_item,
    local_copy,
    local_side,
    open_folder,
    open_item,
    open_results,
    read_bytes,
    remove_others,
    write_bytes,
)
from quakeloom.store._layout import RUN_SETTINGS, RunLayout
from quakeloom.store._local import LocalStore
from quakeloom.store._named_arrays import read_arrays, write_arrays
from quakeloom.store._objects import ObjectStore
from quakeloom.store._protocol import Store
from quakeloom.store._resources import find_resource
from quakeloom.store._seals import is_sealed, read_json_or, read_seal, write_seal
from quakeloom.store._tables import (
    read_columns,
    read_provenance,
    read_table,
    write_table,
    write_tables,
)
from quakeloom.store._texts import (
    read_json,
    read_text,
    write_json_if_changed,
    write_text_if_changed,
)

__all__ = [
    "RUN_SETTINGS",
    "GrowingArray",
    "InputDigests",
    "Item",
    "LocalStore",
    "ObjectStore",
    "RunLayout",
    "Store",
    "archive_file",
    "atomic_file",
    "atomic_folder",
    "create_array",
    "create_group",
    "digest_array",
    "digest_input",
    "find_input",
    "find_resource",
    "find_velocity_model",
    "full_path",
    "grow_array",
    "input_name",
    "input_place",
    "input_stamp",
    "is_input",
    "is_sealed",
    "keep_timings",
    "link_item",
    "list_archive",
    "list_inputs",
    "list_tree",
    "local_copy",
    "local_side",
    "near_names",
    "open_array",
    "open_dataset",
    "open_folder",
    "open_item",
    "open_lazily",
    "open_results",
    "own_velocity_models",
    "pattern_of",
    "read_arrays",
    "read_attributes",
    "read_bytes",
    "read_columns",
    "read_input_text",
    "read_json",
    "read_json_or",
    "read_provenance",
    "read_seal",
    "read_table",
    "read_text",
    "remove_others",
    "resize_arrays",
    "walk_inputs",
    "write_array",
    "write_arrays",
    "write_attributes",
    "write_bytes",
    "write_dataset",
    "write_json_if_changed",
    "write_region",
    "write_seal",
    "write_table",
    "write_tables",
    "write_text_if_changed",
]
