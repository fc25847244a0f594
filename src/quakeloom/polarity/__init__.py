"""Polarity: whether the first motion of P is up or down, with a probability.

Floor 4. :class:`PolarityNetwork` is odd by construction: a record turned upside down turns
the answer, bit for bit. :func:`read_first_pulse` is the classical reading beside it. Both
take windows of the vertical around a P pick, demeaned or not, in any unit.
"""

from quakeloom.polarity._calibration import (
    AccuracyBand,
    Reliability,
    calibration_error,
    find_temperature,
    measure_accuracy,
    measure_accuracy_by_snr,
    measure_reliability,
)
from quakeloom.polarity._first_pulse import read_first_pulse
from quakeloom.polarity._network import ARCHITECTURES, PolarityNetwork, count_operations
from quakeloom.polarity._repeaters import (
    Consistency,
    StationPairs,
    correlate_windows,
    find_candidates,
    find_reversed_spans,
    link_families,
    measure_consistency,
)
from quakeloom.polarity._training import (
    FirstMotionRecords,
    PolarityTraining,
    cut_windows,
    train_polarity_network,
)
from quakeloom.polarity._weights import (
    PolarityReader,
    build_polarity_reader,
    pack_polarity_network,
)
from quakeloom.polarity._windows import (
    PICK_SAMPLE,
    SAMPLES,
    SAMPLING_RATE_HZ,
    normalize_windows,
)

__all__ = [
    "ARCHITECTURES",
    "PICK_SAMPLE",
    "SAMPLES",
    "SAMPLING_RATE_HZ",
    "AccuracyBand",
    "Consistency",
    "FirstMotionRecords",
    "PolarityNetwork",
    "PolarityReader",
    "PolarityTraining",
    "Reliability",
    "StationPairs",
    "build_polarity_reader",
    "calibration_error",
    "correlate_windows",
    "count_operations",
    "cut_windows",
    "find_candidates",
    "find_reversed_spans",
    "find_temperature",
    "link_families",
    "measure_accuracy",
    "measure_accuracy_by_snr",
    "measure_consistency",
    "measure_reliability",
    "normalize_windows",
    "pack_polarity_network",
    "read_first_pulse",
    "train_polarity_network",
]
