"""Picking: P and S arrivals in windows of ground motion.

Floor 4. Everything that picks is a :class:`Picker`: windows in, probabilities of P and S out.
:func:`load_picker` gives one by name or file: PhaseNet with published weights (without
SeisBench, padded as trained), any other network of SeisBench, our own, or the classical
:class:`ClassicalPicker`. :func:`pick_records` reads a record of any length in an absolute grid
of windows; :func:`find_peaks` turns probabilities into times with uncertainty.
"""

from quakeloom.picking._classical import ClassicalOptions, ClassicalPicker, aic_onset, sta_lta
from quakeloom.picking._peaks import find_peaks
from quakeloom.picking._phasenet import PhaseNetPicker, normalize_windows
from quakeloom.picking._picker import PHASES, Picker
from quakeloom.picking._records import (
    PickOptions,
    Picks,
    pick_records,
    picking_grid,
    record_probabilities,
)
from quakeloom.picking._scores import PickScore, score_picks
from quakeloom.picking._seisbench import SeisBenchPicker
from quakeloom.picking._weights import find_weights, load_picker, seisbench_cache

__all__ = [
    "PHASES",
    "ClassicalOptions",
    "ClassicalPicker",
    "PhaseNetPicker",
    "PickOptions",
    "PickScore",
    "Picker",
    "Picks",
    "SeisBenchPicker",
    "aic_onset",
    "find_peaks",
    "find_weights",
    "load_picker",
    "normalize_windows",
    "pick_records",
    "picking_grid",
    "record_probabilities",
    "score_picks",
    "seisbench_cache",
    "sta_lta",
]
