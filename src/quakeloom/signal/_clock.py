"""Times of samples as whole nanoseconds, exact for any year and any usual rate."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

NANO = 1_000_000_000
"""Nanoseconds in a second: times are whole numbers of them since 1970."""


@cache
def _ratio(rate_hz: float) -> Fraction:
    return Fraction(rate_hz).limit_denominator(1_000_000)


def sample_time(number: int, rate_hz: float) -> int:
    """Return the time (nanoseconds since 1970) of a sample by its absolute number."""
    return round(Fraction(number) * NANO / _ratio(rate_hz))


def sample_number(time: int, rate_hz: float) -> int:
    """Return the absolute number of the sample nearest to a time in nanoseconds."""
    return round(Fraction(time) * _ratio(rate_hz) / NANO)


def first_sample_from(time: int, rate_hz: float) -> int:
    """Return the absolute number of the first sample at or after a time (within 1 ns)."""
    number = sample_number(time, rate_hz)
    return number if sample_time(number, rate_hz) >= time - 1 else number + 1
