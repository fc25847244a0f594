"""Travel times and take-off angles of first arrivals.

Floor 3. One-dimensional models are traced once into tables (:func:`trace_table`), tables of
several models are stacked (:func:`stack_tables`), and angles are looked up for millions of
readings a second (:func:`lookup`). :class:`TakeoffDraws` is what any source of take-off
angles offers to the focal mechanisms, one draw per trial: several 1-D models now
(:class:`LayeredTakeoffs`), 3-D models and ensembles later.

On grids of velocities in two and three dimensions :func:`solve_eikonal` gives first-arrival
times with exact derivatives, take-off angles and rays.
"""

from quakeloom.travel._draws import LayeredTakeoffs, TakeoffDraws
from quakeloom.travel._eikonal import EikonalSolution, solve_eikonal
from quakeloom.travel._lookup import TableStack, lookup, stack_tables
from quakeloom.travel._points import trace_takeoffs
from quakeloom.travel._ray_tracing import trace_rays
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
    "EikonalSolution",
    "LayeredTakeoffs",
    "TableStack",
    "TakeoffDraws",
    "TakeoffTable",
    "lookup",
    "solve_eikonal",
    "stack_tables",
    "table_grid",
    "trace_rays",
    "trace_table",
    "trace_takeoffs",
]
