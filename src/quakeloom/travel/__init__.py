"""Travel times and take-off angles of first arrivals.

Floor 3. One-dimensional models are traced once into tables (:func:`trace_table`), tables of
several models are stacked (:func:`stack_tables`), and angles are looked up for millions of
readings a second (:func:`lookup`). :class:`TakeoffDraws` is what any source of take-off
angles offers to the focal mechanisms, one draw per trial: several 1-D models now
(:class:`LayeredTakeoffs`), 3-D models and ensembles later.
"""

from quakeloom.travel._draws import LayeredTakeoffs, TakeoffDraws
from quakeloom.travel._lookup import TableStack, lookup, stack_tables
from quakeloom.travel._tables import (
    HASH_DEPTHS_KM,
    HASH_DISTANCES_KM,
    TakeoffTable,
    table_grid,
    trace_table,
)

__all__ = [
    "HASH_DEPTHS_KM",
    "HASH_DISTANCES_KM",
    "LayeredTakeoffs",
    "TableStack",
    "TakeoffDraws",
    "TakeoffTable",
    "lookup",
    "stack_tables",
    "table_grid",
    "trace_table",
]
