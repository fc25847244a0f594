"""Rows of the last finished state, kept under a second name before planning replaces them."""

from __future__ import annotations

from quakeloom.store import Item, RunLayout, link_item


def keep_before(layout: RunLayout, folder: Item, partition: str, table: str = "") -> None:
    """Keep the tables of a folder as those of a partition in the last finished state.

    The first that are kept count: what an update that did not end has planned is no finished
    state. Without one there is nothing to keep. A second name costs no room.

    Parameters
    ----------
    layout : RunLayout
    folder : Item
        Folder with tables, or a table.
    partition : str
        Name to keep them under; empty for tables that all partitions share.
    table : str
        Name of a table whose file is called otherwise.
    """
    if not layout.finished.exists():
        return
    kept = layout.before / partition if partition else layout.before / "shared"
    for file in folder.children() if folder.is_folder() else [folder]:
        if file.name.endswith((".parquet", "rows.json")) and file.exists():
            link_item(file, kept / (f"{table}.parquet" if table else file.name))
