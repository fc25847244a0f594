"""The registry of every variable, table and array, and what follows from it.

Floor 1. Parquet schemas, Zarr attributes, validation and the documentation table all
come from here; a quantity is described nowhere else.
"""

from quakeloom.schema._arrow import (
    arrow_type,
    conform_table,
    empty_table,
    make_table,
    out_of_bounds,
    table_schema,
    time_values,
    validate_table,
    variable,
)
from quakeloom.schema._association_variables import UNASSIGNED_REASONS
from quakeloom.schema._detection_variables import DETECTION_STATUSES
from quakeloom.schema._event_types import (
    EARTHQUAKE_TYPES,
    NO_EVENT_TYPES,
    UNSAID_TYPES,
    is_earthquake,
    is_known_event_type,
    is_no_event,
    normalize_event_type,
)
from quakeloom.schema._mechanism_variables import QUALITIES, STATUSES
from quakeloom.schema._merge_variables import MATCH_STATUSES
from quakeloom.schema._phases import is_first_p, phase_class
from quakeloom.schema._ranges import MODEL_VARIABLES, OTHER_UNITS, range_problem
from quakeloom.schema._registry import ArraySpec, TableSpec, Variable
from quakeloom.schema._simulated_days import NOISE_KINDS, SOURCE_CLASSES
from quakeloom.schema._tables import ARRAYS, TABLES, register_table
from quakeloom.schema._variables import USES, VARIABLES

__all__ = [
    "ARRAYS",
    "DETECTION_STATUSES",
    "EARTHQUAKE_TYPES",
    "MATCH_STATUSES",
    "MODEL_VARIABLES",
    "NOISE_KINDS",
    "NO_EVENT_TYPES",
    "OTHER_UNITS",
    "QUALITIES",
    "SOURCE_CLASSES",
    "STATUSES",
    "TABLES",
    "UNASSIGNED_REASONS",
    "UNSAID_TYPES",
    "USES",
    "VARIABLES",
    "ArraySpec",
    "TableSpec",
    "Variable",
    "arrow_type",
    "conform_table",
    "empty_table",
    "is_earthquake",
    "is_first_p",
    "is_known_event_type",
    "is_no_event",
    "make_table",
    "normalize_event_type",
    "out_of_bounds",
    "phase_class",
    "range_problem",
    "register_table",
    "table_schema",
    "time_values",
    "validate_table",
    "variable",
]
