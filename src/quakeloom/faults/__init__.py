"""Faults in a stress field: tractions, slip tendency, predicted slip.

Floor 4. Arrays in, arrays out. Axes north, east, down; every docstring says the sign of
stress.
"""

from quakeloom.faults._tendency import FaultTendency, estimate_tendency
from quakeloom.faults._tractions import (
    critical_ratio,
    normalized_tendency,
    predicted_rake,
    resolve_tractions,
    slip_tendency,
)

__all__ = [
    "FaultTendency",
    "critical_ratio",
    "estimate_tendency",
    "normalized_tendency",
    "predicted_rake",
    "resolve_tractions",
    "slip_tendency",
]
