"""What a folder holds, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from quakeloom.formats import RecognizedFile
from quakeloom.stages.without_a_run.folder_contents import COUNTED, FolderContents, FoundSource

_SHOWN = 8
"""Names that a sentence shows."""

_SHOWN_REASONS = 2
"""Reasons of records that were put aside that are told of a kind of files."""


def describe_contents(found: FolderContents) -> list[str]:
    """Return a sentence for every file that is used, and for kinds of files in numbers."""
    lines = []
    kinds: dict[tuple[Path, str], list[FoundSource]] = {}
    for source in found.sources:
        kinds.setdefault((source.file.path.parent, source.file.title), []).append(source)
    for (_, title), sources in kinds.items():
        if len(sources) <= _SHOWN:
            lines += [_describe_source(found.name(s.file), title, [s]) for s in sources]
            continue
        names = f"{found.name(sources[0].file)} and {len(sources) - 1} others beside it"
        lines.append(_describe_source(names, title, sources))
    for title, files in _by_title(found.waveforms).items():
        lines.append(f"{title}: {_files(len(files))}")
    if found.headers:
        whole = "" if found.headers == len(found.waveforms) else f", of {found.headers} opened"
        lines.append(f"waveforms of {len(found.wave_stations)} stations{whole}")
    lines += [
        f"{found.name(f)}: {f.title}"
        for f in (
            *found.models,
            *found.simul_models,
            *found.simul_stations,
            *found.mechanisms,
            *found.lines,
            *found.faults,
        )
    ]
    return lines


def _describe_source(name: str, title: str, sources: Sequence[FoundSource]) -> str:
    """Say what files of one kind hold together."""
    counts = {t: sum(s.counts.get(t, 0) for s in sources) for t in COUNTED}
    told = ", ".join(f"{n} {COUNTED[t]}" for t, n in counts.items() if n)
    rejects = sum(s.rejects for s in sources)
    reasons = [r for s in sources for r in s.reasons][:_SHOWN_REASONS]
    aside = f"; {rejects} records put aside: {'; '.join(reasons)}" if rejects else ""
    return f"{name}: {title}: {told or 'no first motion that says up or down'}{aside}"


def describe_left_out(found: FolderContents) -> list[str]:
    """Return a sentence for all that is not used: what it is, and what to do with it."""
    lines = []
    kinds: dict[tuple[str, str, str], list[str]] = {}
    for file in found.left_out:
        kinds.setdefault((file.path.suffix.lower(), file.title, file.problem), []).append(
            found.name(file)
        )
    for (_, title, problem), names in kinds.items():
        what = f": {problem}" if problem else ""
        lines.append(f"{some_names(names)}: {title}{what}")
    lines += found.wave_problems[:_SHOWN]
    if len(found.wave_problems) > _SHOWN:
        lines.append(f"and {len(found.wave_problems) - _SHOWN} more problems of waveform files")
    lines += [f"{text} (not looked at)" for text in found.unreadable]
    if found.runs:
        places = some_names([str(r.relative_to(found.folder)) for r in found.runs])
        lines.append(f"{places}: results of quakeloom, no data of yours; passed over")
    if found.hidden:
        lines.append(f"hidden files and folders: {found.hidden}, passed over")
    return lines


def _by_title(files: Sequence[RecognizedFile]) -> dict[str, list[RecognizedFile]]:
    found: dict[str, list[RecognizedFile]] = {}
    for file in files:
        found.setdefault(file.title, []).append(file)
    return found


def _files(count: int) -> str:
    return f"{count} file{'s' if count != 1 else ''}"


def some_names(names: Sequence[str]) -> str:
    """Return the first of many names, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def one_line(text: str) -> str:
    """Return a text without line breaks."""
    return " ".join(text.split())
