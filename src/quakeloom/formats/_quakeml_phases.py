"""Names of phases as catalogs write them, without the onset before them."""

from __future__ import annotations

import re

import pyarrow as pa

from quakeloom.schema import phase_class

_ONSET_BEFORE = re.compile(r"([ieqIEQ])([PS](?:[A-Za-z0-9*']*))$")
"""An onset before a crustal or mantle phase: iPg, eS."""
_ONSETS = {"i": "I", "e": "E", "q": ""}
"""Onsets by their letter; q is questionable, which is none."""


def split_phases(phases: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the names of phases and the onsets written before them.

    Parameters
    ----------
    phases : pyarrow.StringArray
        Such as ``Pg``, ``iPg`` or ``eS``.

    Returns
    -------
    names, onsets : pyarrow.StringArray
        ``iPg`` is ``Pg`` and ``I``; onsets are empty where none is written.
    """
    encoded = phases.dictionary_encode()
    pairs = [split_phase(word) for word in encoded.dictionary.to_pylist()]
    names = pa.array([name for name, _ in pairs], pa.string())
    onsets = pa.array([onset for _, onset in pairs], pa.string())
    return names.take(encoded.indices), onsets.take(encoded.indices)


def split_phase(phase: str) -> tuple[str, str]:
    """Return the name of one phase and the onset before it; see :func:`split_phases`."""
    found = _ONSET_BEFORE.fullmatch(phase)
    return (found[2], _ONSETS[found[1].lower()]) if found else (phase, "")


def phase_kinds(phases: pa.Array) -> pa.Array:
    """Return P or S for first arrivals, and the name itself for other phases."""
    encoded = phases.dictionary_encode()
    kinds = [phase_class(word) or word for word in encoded.dictionary.to_pylist()]
    return pa.array(kinds, pa.string()).take(encoded.indices)


def first_phases(phases: pa.Array) -> list[str]:
    """Return P or S for first arrivals, and nothing for other phases."""
    known = {word: phase_class(word) for word in set(phases.to_pylist())}
    return [known[word] for word in phases.to_pylist()]
