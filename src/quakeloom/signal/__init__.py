"""Records of ground motion: resampling, windows, quality. Everything is causal.

Floor 3. Arrays in, arrays out. :func:`make_records` joins pieces of channels to
three-component records; :class:`WindowGrid` is the absolute grid in which continuous records
are read; :func:`check_filter` refuses zero-phase filters, which destroy first motions.
"""

from quakeloom.signal._clock import first_sample_from, sample_number, sample_time
from quakeloom.signal._components import band_of, channel_like, component_of
from quakeloom.signal._fill import Fill, find_fill
from quakeloom.signal._grid import WindowGrid, cut_windows, stack_windows, window_starts
from quakeloom.signal._orientation import (
    Arrangement,
    Direction,
    arrange_channels,
)
from quakeloom.signal._pieces import Piece
from quakeloom.signal._quality import (
    FLAGS,
    flag_bit,
    flag_names,
    flag_quality,
    is_clipped_before,
    signal_to_noise,
)
from quakeloom.signal._records import Record, make_records
from quakeloom.signal._resample import (
    FILTERS,
    band_pass_causally,
    check_filter,
    high_pass_causally,
    resample_causally,
)
from quakeloom.signal._sensors import ACCELERATION, separate_sensors

__all__ = [
    "ACCELERATION",
    "FILTERS",
    "FLAGS",
    "Arrangement",
    "Direction",
    "Fill",
    "Piece",
    "Record",
    "WindowGrid",
    "arrange_channels",
    "band_of",
    "band_pass_causally",
    "channel_like",
    "check_filter",
    "component_of",
    "cut_windows",
    "find_fill",
    "first_sample_from",
    "flag_bit",
    "flag_names",
    "flag_quality",
    "high_pass_causally",
    "is_clipped_before",
    "make_records",
    "resample_causally",
    "sample_number",
    "sample_time",
    "separate_sensors",
    "signal_to_noise",
    "stack_windows",
    "window_starts",
]
