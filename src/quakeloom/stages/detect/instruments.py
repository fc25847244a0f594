"""Which instruments of a station show local earthquakes, and which is picked first."""

from __future__ import annotations

from collections.abc import Iterable

from quakeloom.signal import ACCELERATION
from quakeloom.stages.archive.record_sets import IndexRow, Instrument

_SLOW_BANDS = "LVURPTQAO"
"""Band codes of SEED of 1 sample a second and less, and of what is no record of time."""

_NO_GROUND = set("ABCDEFIJKOQRSTUVWYZM")
"""Instrument codes of SEED that record no motion of the ground: pressure, tilt, state of health,
mass positions, rotation."""

_BANDS = "HECFDGSBM"
"""Band codes from the one that is picked first: broadband before short period, fast before slow."""

_SLOW_HZ = 10.0
"""Samples a second below which a record of a local earthquake tells no arrival."""


def refuse_instrument(instrument: Instrument, rows: Iterable[IndexRow]) -> str:
    """Return why an instrument is not picked, or an empty text.

    Codes of three letters are read as SEED has them; other names tell nothing.
    """
    band = instrument.band
    if len(band) == 2 and band[1] in _NO_GROUND:
        return f"its code {band}? is that of no seismometer"
    if len(band) == 2 and band[0] in _SLOW_BANDS:
        return f"by its band code {band[0]} it has a sample a second or less"
    rates = [r.sampling_rate_hz for r in rows if r.sampling_rate_hz > 0.0]
    if rates and max(rates) < _SLOW_HZ:
        return f"{max(rates):g} samples a second are too few to pick local earthquakes"
    return ""


def is_accelerometer(instrument: Instrument) -> bool:
    """Say whether the code names an accelerometer or another low-gain sensor."""
    return len(instrument.band) == 2 and instrument.band[1] in ACCELERATION


def order_instruments(
    found: dict[Instrument, tuple[IndexRow, ...]], rate_hz: float
) -> list[Instrument]:
    """Return the instruments of a station from the one that is picked first.

    Those as fast as the picker before slower ones, seismometers before accelerometers, then by
    band code, location and channel.
    """

    def rank(instrument: Instrument) -> tuple[bool, bool, int, Instrument]:
        rates = [r.sampling_rate_hz for r in found[instrument] if r.sampling_rate_hz > 0.0]
        band = instrument.band[:1]
        # where files are known by their names: B and M are slow by SEED
        slow = max(rates) < 0.8 * rate_hz if rates else band in "BM"
        place = _BANDS.index(band) if band and band in _BANDS else len(_BANDS)
        return slow, is_accelerometer(instrument), place, instrument

    return sorted(found, key=rank)
