"""Spans of time: joined, cut, and taken from each other."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]
"""From and until, nanoseconds since 1970."""

_TOUCH = 50_000_000
"""Nanoseconds within which two spans touch: less than a gap that is told (chosen here)."""


def join_spans(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that touch as one."""
    joined: list[Span] = []
    for a, b in sorted(spans):
        if joined and a <= joined[-1][1] + _TOUCH:
            joined[-1] = joined[-1][0], max(joined[-1][1], b)
        else:
            joined.append((a, b))
    return joined


def clip_spans(spans: Iterable[Span], wanted: Iterable[Span]) -> list[Span]:
    """Return what of spans lies in others."""
    own = list(wanted)
    return [(max(a, c), min(b, d)) for a, b in spans for c, d in own if max(a, c) < min(b, d)]


def without_spans(whole: Span, taken: Iterable[Span]) -> list[Span]:
    """Return what is left of a span without others."""
    left: list[Span] = []
    at = whole[0]
    for a, b in join_spans(clip_spans(taken, [whole])):
        if a > at:
            left.append((at, a))
        at = max(at, b)
    if whole[1] > at:
        left.append((at, whole[1]))
    return left


def span_seconds(spans: Iterable[Span]) -> float:
    """Return how long spans are together, in seconds."""
    return sum(b - a for a, b in spans) / 1e9
