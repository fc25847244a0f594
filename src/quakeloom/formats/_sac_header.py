"""The header of a SAC file: its fields, and the time, rate and direction that follow from them.

Reference: SAC user's manual, "SAC data file format": 70 floats, 40 integers and 24 words, in
the byte order of the writer; -12345 is "undefined"; version 7 repeats some floats in double
precision after the samples.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import FormatError
from quakeloom.formats._text_lines import utc_nanoseconds

HEADER_BYTES = 632
"""Length of the header: 70 and 40 numbers of four bytes, 192 letters."""

UNDEFINED = -12345.0
"""Value of a field that is not set, in floats, integers and words."""

_NANO = 1_000_000_000
"""Nanoseconds of a second."""

_DELTA, _B, _E, STLA, STLO, STEL, _CMPAZ, _CMPINC = 0, 5, 6, 31, 32, 33, 57, 58
"""Places of floats: interval, begin and end against the reference time, station, direction."""

_VERSION, _NPTS, KIND, _UNIT, LEVEN = 6, 9, 15, 16, 35
"""Places of integers: NVHDR, NPTS, IFTYPE, IDEP, LEVEN; the time NZ* stands at 0 to 5."""

_UNITS = {6: "displacement", 7: "velocity", 8: "acceleration", 50: "volts"}
"""Values of IDEP that say what the samples are."""

_WORDS = {"station": 0, "location_code": 24, "channel": 160, "network": 168, "sensor": 184}
"""Bytes, after the numbers, of KSTNM, KHOLE, KCMPNM, KNETWK and KINST."""

_FOOTER_BYTES, _FOOTER_DELTA, _FOOTER_B = 176, 0, 1
"""Version 7: length of the doubles after the samples, and the places of DELTA and B."""

_PIVOT_YEAR = 70
"""Years 70 to 99 are of the 20th century, as SAC has them; nobody had digital SAC before."""

_TELLING_SPACING = 1e-3
"""A begin whose neighbors in single precision are farther apart, in seconds, is told."""

_NEAR_NAME_DEG = 45.0
"""A direction this far off the component that its name promises contradicts it."""


@dataclass(frozen=True)
class SacHeader:
    """Fields of one SAC file.

    Attributes
    ----------
    floats, integers : ndarray
    words : dict
        ``station``, ``location_code``, ``channel``, ``network``, ``sensor``; empty if undefined.
    order : str
        ``<`` or ``>``.
    doubles : ndarray or None
        DELTA, B, ... of version 7.
    size : int
        Bytes of the file.
    """

    floats: NDArray[np.float32]
    integers: NDArray[np.int32]
    words: dict[str, str]
    order: str
    doubles: NDArray[np.float64] | None
    size: int

    @property
    def count(self) -> int:
        """Samples that the header promises."""
        return int(self.integers[_NPTS])

    @property
    def available(self) -> int:
        """Samples that the file has room for."""
        return max((self.size - HEADER_BYTES) // 4, 0)

    def value(self, place: int) -> float:
        """Return a float, NaN if it is undefined or no number."""
        value = float(self.floats[place])
        return value if math.isfinite(value) and value != UNDEFINED else math.nan

    def rate_hz(self) -> float:
        """Return the sampling rate; ValueError if there is no interval."""
        if self.doubles is not None and self.doubles[_FOOTER_DELTA] > 0.0:
            return float(1.0 / self.doubles[_FOOTER_DELTA])
        delta = self.value(_DELTA)
        if not delta > 0.0:
            raise ValueError(f"the sampling interval (DELTA) is {float(self.floats[_DELTA]):g} s")
        return nearest_rate(self.floats[_DELTA])

    def start(self, rate_hz: float, said: list[str]) -> int:
        """Return the time of the first sample in nanoseconds since 1970.

        What is resolved by a rule is added to ``said``; ValueError if there is no time.
        """
        begin = self._begin(rate_hz, said)
        return self._reference(said) + round(begin * 1e6) * 1000

    def _begin(self, rate_hz: float, said: list[str]) -> float:
        """Return the seconds from the reference time to the first sample."""
        if self.doubles is not None and self.doubles[_FOOTER_B] != UNDEFINED:
            return float(self.doubles[_FOOTER_B])
        begin, end = self.value(_B), self.value(_E)
        length = (self.count - 1) / rate_hz
        if math.isnan(begin):
            if math.isnan(end):
                raise ValueError("B, the time of the first sample, is undefined")
            said.append("B is undefined; the start follows from E, NPTS and DELTA")
            return end - length
        spacing = float(np.spacing(np.float32(abs(begin))))
        if spacing > _TELLING_SPACING:
            said.append(f"the start is known to {spacing * 1e3:.0f} ms only: B is {begin:g} s")
        # the end is in single precision too, and programs that cut leave it half a sample off
        doubt = 1.5 / rate_hz + 2.0 * float(np.spacing(np.float32(abs(end) + abs(begin))))
        if not math.isnan(end) and abs(end - begin - length) > doubt:
            said.append(
                f"E is {end:g} s where B, NPTS and DELTA give {begin + length:g} s; E is not used"
            )
        return begin

    def _reference(self, said: list[str]) -> int:
        year, day, hour, minute, second, ms = (int(v) for v in self.integers[:6])
        names = ("NZYEAR", "NZJDAY", "NZHOUR", "NZMIN", "NZSEC", "NZMSEC")
        absent = [n for n, v in zip(names, self.integers[:6], strict=True) if v == UNDEFINED]
        if absent:
            raise ValueError(f"no reference time: {', '.join(absent)} undefined")
        if _PIVOT_YEAR <= year <= 99:
            said.append(f"the year {year} is taken as {1900 + year}, as SAC does")
            year += 1900
        elif 0 <= year < _PIVOT_YEAR:
            raise ValueError(f"no reference time: the year {year} may be {1900 + year} or "
                             f"{2000 + year}; write four digits")  # fmt: skip
        days = 366 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 365
        for name, value, low, high in (
            ("NZJDAY", day, 1, days), ("NZHOUR", hour, 0, 23), ("NZMIN", minute, 0, 59),
            ("NZSEC", second, 0, 60), ("NZMSEC", ms, 0, 999),
        ):  # fmt: skip
            if not low <= value <= high:
                raise ValueError(
                    f"no reference time: {name} {value} is outside [{low}, {high}] of {year}"
                )
        if second == 60:
            said.append("second 60 is taken as the first of the next minute")
        reference = utc_nanoseconds(year, 1, 1, hour, minute, second)
        return reference + (day - 1) * 86_400 * _NANO + ms * 1_000_000

    def direction(self) -> tuple[float, float]:
        """Return azimuth and dip (down from the horizontal) of positive samples; NaN if unsaid.

        CMPINC is from the vertical: 0 is up. Many files hold dips as SEED has them instead
        (-90 is up), or zeros in all components; a direction that contradicts a name of Z, N
        or E says nothing, but for a vertical that points down.
        """
        azimuth, inclination = self.value(_CMPAZ), self.value(_CMPINC)
        if math.isnan(inclination):
            return math.nan, math.nan
        if inclination == -90.0:
            dip = -90.0
        elif 0.0 <= inclination <= 180.0:
            dip = inclination - 90.0
        else:
            return math.nan, math.nan
        letter = self.words["channel"][-1:].upper()
        if letter in ("Z", "N", "E") and (abs(dip) > _NEAR_NAME_DEG) != (letter == "Z"):
            return math.nan, math.nan
        return azimuth % 360.0 if not math.isnan(azimuth) else math.nan, dip

    def sensor(self) -> str:
        """Return KINST and the unit of the samples, as far as they are said."""
        unit = _UNITS.get(int(self.integers[_UNIT]), "")
        return " ".join(w for w in (self.words["sensor"], unit) if w)


def nearest_rate(delta: np.float32) -> float:
    """Return the simplest rate in Hz whose interval is this number in single precision.

    A rate of few decimals, or the inverse of an interval of few decimals; else the inverse of
    the number itself. Rounding the interval instead would make 256 Hz 256.003.
    """
    exact = 1.0 / float(delta)
    for digits in range(4):
        for rate in (round(exact, digits), 1.0 / (round(float(delta), digits) or math.nan)):
            if rate > 0.0 and np.float32(1.0 / rate) == delta:
                return rate
    # programs that divide in single precision end one step beside
    for digits in range(3):
        rate = round(exact, digits)
        if rate > 0.0 and abs(1.0 / rate - float(delta)) <= 2.0 * float(np.spacing(delta)):
            return rate
    return exact


def read_sac_header(path: Path) -> SacHeader:
    """Read the header of a SAC file, in either byte order.

    Raises
    ------
    FormatError
        If it is no SAC file.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        raw = stream.read(HEADER_BYTES)
        order = byte_order(raw)
        if not order:
            raise FormatError(
                f"'{path}' is no SAC file: its header is cut short or has no version 6 or 7. "
                "Nothing is read from it."
            )
        floats = np.frombuffer(raw[:280], f"{order}f4").astype(np.float32)
        integers = np.frombuffer(raw[280:440], f"{order}i4").astype(np.int32)
        doubles = None
        footer = HEADER_BYTES + 4 * max(int(integers[_NPTS]), 0)
        if integers[_VERSION] == 7 and size >= footer + _FOOTER_BYTES:
            stream.seek(footer)
            doubles = np.frombuffer(stream.read(_FOOTER_BYTES), f"{order}f8").astype(np.float64)
    return SacHeader(floats, integers, _read_words(raw), order, doubles, size)


def _read_words(raw: bytes) -> dict[str, str]:
    words = {}
    for name, offset in _WORDS.items():
        text = raw[440 + offset : 448 + offset].split(b"\0")[0].decode("latin-1").strip()
        words[name] = "" if text.startswith("-12345") else text
    if words["location_code"] == "--":
        words["location_code"] = ""
    # some programs write station and location into one field: "AGE  00"
    station, *rest = words["station"].split() or [""]
    words["station"] = station
    if rest and not words["location_code"]:
        words["location_code"] = rest[0][:2]
    return words


def byte_order(head: bytes) -> str:
    """Return ``<`` or ``>``, or nothing if the head is none of a SAC file."""
    if len(head) < HEADER_BYTES:
        return ""
    for order in "<>":
        version, count = (
            struct.unpack_from(f"{order}i", head, 280 + 4 * i)[0] for i in (_VERSION, _NPTS)
        )
        if version in (6, 7) and (count >= 0 or count == UNDEFINED):
            return order
    return ""
