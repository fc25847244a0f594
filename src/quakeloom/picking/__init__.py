"""Picking: P and S arrivals in windows of ground motion.

Floor 4. Everything that picks is a :class:`Picker`: windows in, probabilities of P and S out.
:func:`build_seisbench_picker` makes one of published weights (PhaseNet without SeisBench,
padded as trained), :func:`build_own_picker` of ours; :class:`ClassicalPicker` needs none.
:func:`pick_records` reads a record of any length in an absolute grid of windows;
:func:`find_peaks` turns probabilities into times with uncertainty.
"""

from quakeloom.picking._classical import ClassicalOptions, ClassicalPicker, aic_onset, sta_lta
from quakeloom.picking._pairs import choose_s, prefer_earliest
from quakeloom.picking._peaks import find_peaks
from quakeloom.picking._phase_network import build_own_picker, train_phase_network
from quakeloom.picking._phase_windows import (
    SAMPLES,
    SAMPLING_RATE_HZ,
    PickerTraining,
    TrainingRecords,
    cut_training_windows,
)
from quakeloom.picking._phasenet import PhaseNetConventions, PhaseNetPicker, normalize_windows
from quakeloom.picking._pick_errors import WIDE_TARGETS, PickErrors
from quakeloom.picking._picker import PHASES, Picker
from quakeloom.picking._published import build_seisbench_picker
from quakeloom.picking._records import (
    PickOptions,
    Picks,
    find_phases,
    pick_records,
    picking_grid,
    record_probabilities,
)
from quakeloom.picking._scores import PickScore, score_picks, score_windows
from quakeloom.picking._seisbench import SeisBenchPicker
from quakeloom.picking._steady import steady_probabilities
from quakeloom.picking._vetting import Vetting

__all__ = [
    "PHASES",
    "SAMPLES",
    "SAMPLING_RATE_HZ",
    "WIDE_TARGETS",
    "ClassicalOptions",
    "ClassicalPicker",
    "PhaseNetConventions",
    "PhaseNetPicker",
    "PickErrors",
    "PickOptions",
    "PickScore",
    "Picker",
    "PickerTraining",
    "Picks",
    "SeisBenchPicker",
    "TrainingRecords",
    "Vetting",
    "aic_onset",
    "build_own_picker",
    "build_seisbench_picker",
    "choose_s",
    "cut_training_windows",
    "find_peaks",
    "find_phases",
    "normalize_windows",
    "pick_records",
    "picking_grid",
    "prefer_earliest",
    "record_probabilities",
    "score_picks",
    "score_windows",
    "sta_lta",
    "steady_probabilities",
    "train_phase_network",
]
