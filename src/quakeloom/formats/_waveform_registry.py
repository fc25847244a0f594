"""All waveform formats, in the order in which they are tried."""

from __future__ import annotations

from quakeloom.formats._miniseed import WAVEFORM_FORMAT as _MINISEED
from quakeloom.formats._numpy_archive import WAVEFORM_FORMAT as _NUMPY
from quakeloom.formats._sac import WAVEFORM_FORMAT as _SAC
from quakeloom.formats._waveforms import WaveformFormat
from quakeloom.formats._win import WAVEFORM_FORMATS_HERE as _WIN

WAVEFORM_FORMATS: dict[str, WaveformFormat] = {f.name: f for f in (_MINISEED, _SAC, _NUMPY, *_WIN)}
"""Every waveform format by name."""
