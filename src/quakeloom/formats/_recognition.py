"""What any file is, by its content: a source, waveforms, a velocity model, a catalog, or else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from quakeloom.core import QuakeloomError
from quakeloom.formats._compressed import plain_head
from quakeloom.formats._fault_segments import names_faults, read_fault_segments
from quakeloom.formats._foreign_kinds import describe_foreign_file
from quakeloom.formats._head import read_head
from quakeloom.formats._mechanism_tables import is_mechanism_catalog, names_mechanisms
from quakeloom.formats._nonlinloc_models import has_layers
from quakeloom.formats._registry import FORMATS, detect_format
from quakeloom.formats._text_lines import head_lines, is_binary
from quakeloom.formats._travel_time_picks import LINE_FORMATS
from quakeloom.formats._velocity_models import read_velocity_model
from quakeloom.formats._waveform_format import WaveformFormat
from quakeloom.formats._waveforms import WAVEFORM_FORMATS, read_waveforms

Kind = Literal["source", "waveforms", "model", "mechanisms", "line", "faults", "settings", "other"]
"""What a file is for quakeloom."""

_MODEL = "a velocity model"
"""What :func:`describe_foreign_file` calls files that are read as velocity models."""

_MODEL_SUFFIXES = (".nd", ".tvel", ".mod", ".vel", ".model")
"""Usual endings of velocity models; other files are tried if their lines look like one."""

_LARGEST_MODEL = 1_000_000
"""Bytes; larger files are not tried as velocity models."""

_SETTINGS = re.compile(
    rb"^(?:name|sources|takeoff|stress|simulation|waveforms|cases):", re.MULTILINE
)
"""Keys at the beginning of a line that settings of a run have, two of them at least."""

_SURE = frozenset({"miniseed", "sac", "numpy"})
"""Waveform formats with a mark at their beginning; others are tried if nothing else is recognized,
since they have none, or ObsPy takes long to find it."""


@dataclass(frozen=True)
class RecognizedFile:
    """What a file is.

    Attributes
    ----------
    path : Path
    kind : str
        ``source`` (events, readings, stations), ``waveforms``, ``model``, ``mechanisms``,
        ``line`` (travel times of a refraction line), ``settings``, or ``other``.
    format : str
        Name of the format; empty where there is none.
    title : str
        What it is, in words.
    problem : str
        Why it cannot be used and what to do; empty if it can.
    """

    path: Path
    kind: Kind
    format: str = ""
    title: str = ""
    problem: str = ""


def recognize_file(path: str | Path) -> RecognizedFile:
    """Say what a file is by its content, with the readers that there are.

    Never raises for a file that is there: what cannot be opened or used says so in ``problem``.

    Parameters
    ----------
    path : str or Path
    """
    path = Path(path)
    try:
        head = read_head(path)
    except QuakeloomError as error:
        return RecognizedFile(path, "other", title="not readable", problem=str(error))
    if not head.strip(b"\x00 \r\n\t"):
        what = "empty" if not head.strip() else "nothing but zeros"
        return RecognizedFile(path, "other", title=what, problem="give the file with its content")
    sure = _first_waveform_format(path, head, is_sure=True)
    if sure is not None and not _is_dataless(path, head):
        return RecognizedFile(path, "waveforms", sure.name, sure.title)
    if path.suffix.lower() in (".yaml", ".yml") and len(set(_SETTINGS.findall(head))) > 1:
        return RecognizedFile(path, "settings", title="settings of a run")
    return _recognize_table(path, head) or _recognize_rest(path, head)


def _first_waveform_format(path: Path, head: bytes, is_sure: bool) -> WaveformFormat | None:
    """Return the first waveform format that a file may be in, of those that are sure or others."""
    candidates = (f for f in WAVEFORM_FORMATS.values() if (f.name in _SURE) == is_sure)
    return next((f for f in candidates if f.sniff(head, path)), None)


def _is_dataless(path: Path, head: bytes) -> bool:
    """Say whether a SEED volume has no records of data."""
    if not FORMATS["dataless_seed"].sniff(head):
        return False
    try:
        return not read_waveforms(path, headers=True).traces
    except QuakeloomError:
        return True


def looks_like_waveforms(path: str | Path) -> bool:
    """Say whether the beginning of a file is that of a waveform format."""
    path = Path(path)
    head = read_head(path)
    return any(_first_waveform_format(path, head, sure) is not None for sure in (True, False))


def _recognize_table(path: Path, head: bytes) -> RecognizedFile | None:
    """Recognize sources, velocity models, travel times and catalogs of mechanisms."""
    plain = plain_head(head) or head
    model = _try_model(path, head)
    if model is not None:
        return model
    if names_faults(plain):
        return _try_faults(path)
    if _is_mechanisms(path, plain):
        return RecognizedFile(path, "mechanisms", title="catalog of focal mechanisms")
    lines = head_lines(plain) if not is_binary(plain) else []
    line = next((f for f in LINE_FORMATS.values() if lines and f.sniff(lines)), None)
    try:
        name = detect_format(path)
    except QuakeloomError:
        name = ""
    if name:
        return RecognizedFile(path, "source", name, FORMATS[name].title)
    if line is not None:
        return RecognizedFile(path, "line", line.name, f"travel times of a line ({line.title})")
    return None


def _is_mechanisms(path: Path, head: bytes) -> bool:
    """Say whether a table holds mechanisms and nothing else that a run reads."""
    try:
        if head.startswith(b"PAR1"):
            return names_mechanisms(path)
        if is_binary(head) or head.lstrip()[:1] == b"<":
            return False
        return not any(f.sniff(head) for f in FORMATS.values()) and is_mechanism_catalog(head)
    except QuakeloomError:
        return False


def _try_model(path: Path, head: bytes) -> RecognizedFile | None:
    """Recognize a velocity model, and say what is wrong with one that is none of the Earth."""
    looks = describe_foreign_file(head)[0].startswith((_MODEL, "a NonLinLoc control file"))
    named = path.suffix.lower() in _MODEL_SUFFIXES
    if not (looks or named) or is_binary(head) or len(head) > _LARGEST_MODEL:
        return None
    if has_layers(path):
        return RecognizedFile(path, "model", title="velocity model (NonLinLoc layers)")
    try:
        read_velocity_model(path)
    except QuakeloomError as error:
        return RecognizedFile(path, "model", title=_MODEL, problem=str(error)) if looks else None
    return RecognizedFile(path, "model", title=_MODEL)


def _try_faults(path: Path) -> RecognizedFile:
    """Recognize faults, and say what is wrong with those that cannot be read."""
    title = "faults with strike and dip"
    try:
        read_fault_segments(path)
    except QuakeloomError as error:
        return RecognizedFile(path, "faults", title=title, problem=str(error))
    return RecognizedFile(path, "faults", title=title)


def _is_some_model(path: Path) -> bool:
    """Say whether a file that nothing else recognizes is read as a velocity model."""
    try:
        read_velocity_model(path)
    except QuakeloomError:
        return False
    return True


def _recognize_rest(path: Path, head: bytes) -> RecognizedFile:
    """Say what a file is that nothing here reads."""
    what, remedy = describe_foreign_file(head)
    if what and "waveforms" not in what:
        return RecognizedFile(path, "other", title=what, problem=remedy)
    waves = _first_waveform_format(path, head, is_sure=False)
    if waves is not None:
        return RecognizedFile(path, "waveforms", waves.name, waves.title)
    if what:
        return RecognizedFile(path, "other", title=what, problem=remedy)
    if not is_binary(head) and len(head) <= _LARGEST_MODEL and _is_some_model(path):
        return RecognizedFile(path, "model", title=_MODEL)
    return RecognizedFile(
        path,
        "other",
        title="in none of the formats that are recognized",
        problem="if it belongs to the data, name its format (`quakeloom formats` lists them), or "
        "write a CSV whose first line names columns",
    )
