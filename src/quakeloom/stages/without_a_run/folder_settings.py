"""Settings for what a folder holds: the kind of run, a commented YAML file, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from quakeloom.core import InputError, QuakeloomError
from quakeloom.formats import RecognizedFile, read_source
from quakeloom.stages.archive.record_sets import list_files
from quakeloom.stages.without_a_run.folder_contents import FolderContents, FoundSource
from quakeloom.stages.without_a_run.folder_words import (
    describe_contents,
    one_line,
    some_names,
)
from quakeloom.store import list_inputs, pattern_of

DEFAULT_MODEL = "generic_crust"
"""The velocity model that is shipped with quakeloom and named where a folder has none."""

_RELOCATED = ("hypodd_reloc", "growclust")
"""Formats of relocated events: named first, since the first source that has an event counts."""

_PATTERN_FROM = 3
"""From so many files on that end alike, a pattern is written in place of their names."""

_ENOUGH_P = 3
"""P picks per event, on average, from which on given picks are used with waveforms."""

_MAP_FROM = 30
"""Events from which on a stress map is switched on; fewer give a wide one."""

_MOST_MODELS = 5
"""Velocity models that are named; the trials of a mechanism cycle through them."""


@dataclass(frozen=True)
class Proposal:
    """Settings for a folder.

    Attributes
    ----------
    kind : str
        What the run is, in words.
    text : str
        The YAML file.
    notes : list of str
        What is missing for which stage and how to get it, and what was chosen.
    """

    kind: str
    text: str
    notes: list[str]


def propose_settings(found: FolderContents, name: str) -> Proposal:
    """Choose the kind of run for what a folder holds, and write its settings.

    Parameters
    ----------
    found : FolderContents
    name : str
        Name of the run.

    Raises
    ------
    InputError
        If there is nothing to run; the message says what is missing and how to get it.
    """
    if "${" in str(found.folder):
        raise InputError(
            f"The name of '{found.folder}' has '${{' in it, which settings take for a variable. "
            "Nothing was written; rename the folder."
        )
    if found.events and not _only_mechanisms(found):
        return _events(found, name)
    if found.mechanisms:
        return _map(found, name)
    if found.lines:
        return _line(found, name)
    if found.picked_events and found.places:
        return _picks(found, name)
    raise InputError(_nothing_to_run(found))


def _only_mechanisms(found: FolderContents) -> bool:
    """Say whether mechanisms of others are all that there is to a stress map of the events."""
    readings = found.count("polarities") or found.count("picks") or found.waveforms
    return bool(found.mechanisms) and not readings


def _nothing_to_run(found: FolderContents) -> str:
    """Say why a folder gives no run, and what to do."""
    start = f"'{found.folder}' holds no event that can be used, so no settings are written."
    if found.picked_events:
        return (
            f"{start} There are {found.count('picks')} picks of events, and no coordinates of "
            "stations to locate them with: add a CSV with network, station, longitude, latitude, "
            "elevation_m, or StationXML."
        )
    if found.count("picks"):
        return (
            f"{start} There are {found.count('picks')} picks without events: associate them "
            "first, with REAL, GaMMA or PyOcto, whose tables are read here, and add the table of "
            "events."
        )
    if found.waveforms:
        return (
            f"{start} There are {len(found.waveforms)} waveform files: add a catalog of events "
            "(QuakeML of your data center, or a CSV with event_id, origin_time, longitude, "
            f"latitude, depth_km), or pick them with `quakeloom pick --waveforms {found.folder} "
            "--out picks.csv`."
        )
    others = len(found.left_out)
    held = "There is no file of data in it"
    if others:
        held = (
            f"{others} file{'s are' if others != 1 else ' is'} in none of the formats that can be "
            "used alone"
        )
    return (
        f"{start} {held}; give events (QuakeML, or a CSV with event_id, origin_time, longitude, "
        "latitude, depth_km), or a catalog of focal mechanisms. `quakeloom formats` lists all."
    )


def _events(found: FolderContents, name: str) -> Proposal:
    """Settings of a catalog of events."""
    is_given = _takes_given_angles(found)
    notes = _notes_of_stations(found, is_given)
    lines = [*_head(found, name, "a catalog of events"), *_sources(found)]
    takeoff, told = _takeoff(found, is_given)
    lines += takeoff
    notes += told
    if found.waveforms:
        waves, told = _waveforms(found)
        lines += waves
        notes += told
    elif not found.count("polarities"):
        notes.append(
            "mechanism needs first motions, and there are none: add a table with event_id, "
            "station and polarity, picks with polarities in QuakeML, or the waveforms, in which "
            "they are read (`waveforms.fetch` gets them from an FDSN service)"
        )
    motions = found.count("polarities")
    if not found.waveforms and 0 < motions < 8 * len(found.events):
        notes.append(
            f"mechanism: {motions} first motions for {len(found.events)} events; an event with "
            "fewer than `mechanism.minimum_polarities` (8) gets no mechanism"
        )
    if found.twins:
        notes.append(
            f"{found.twins} events of different files are within 2 s of each other under other "
            "names, and may be the same earthquakes: keep one of the sources, or they count twice"
        )
    lines += _stress(found)
    lines += _tendency(found, len(found.events) >= _MAP_FROM)
    if found.mechanisms:
        names = ", ".join(_scalar(found.name(f)) for f in found.mechanisms)
        lines += [
            "# Mechanisms of others to compare with, by the same identifiers of events:",
            f"# report: {{compare: [{names}]}}",
        ]
        notes.append(
            f"report: catalogs of mechanisms ({names}) are not used; `report.compare` in the file "
            "compares with them"
        )
    if found.lines:
        notes.append(
            f"tomography: {some_names([found.name(f) for f in found.lines])} are travel times of "
            "a refraction line, which is a run of its own"
        )
    locate, told = [f"locate: {{models: [{DEFAULT_MODEL}]}}"], []
    if found.simul_models:
        locate, told = _locate(found)
    lines += [
        "# Hypocenters from the picks in an ensemble of velocity models, with their uncertainty:",
        *(f"# {line}" for line in locate),
    ]
    notes += told
    return Proposal("a catalog of events", "\n".join(lines) + "\n", notes)


def _picks(found: FolderContents, name: str) -> Proposal:
    """Settings that locate picks whose events no file has."""
    locate, notes = _locate(found)
    lines = [
        *_head(found, name, "picks that are located"),
        *_sources(found),
        "# hypocenters from the picks in an ensemble of velocity models, with their uncertainty",
        *locate,
        "# take-off angles from those hypocenters",
        "takeoff:",
        "  angles: ensemble",
    ]
    notes += _notes_of_stations(found, False)
    if not found.count("polarities"):
        notes.append(
            "mechanism needs first motions, and there are none: add a table with event_id, station "
            "and polarity"
        )
    return Proposal("picks that are located", "\n".join(lines) + "\n", notes)


def _locate(found: FolderContents) -> tuple[list[str], list[str]]:
    """Return the lines of the group `locate`, and what is to be said of it."""
    placed = found.simul_models and len(found.simul_stations) == 1
    files = found.simul_models if placed else found.models
    names = [found.name(f) for f in files][:_MOST_MODELS] or [DEFAULT_MODEL]
    lines = ["locate:", f"  models: [{', '.join(_scalar(n) for n in names)}]"]
    if placed:
        lines.append(f"  model_stations: {_scalar(found.name(found.simul_stations[0]))}")
        several = (
            f"locate: {len(names)} models of SIMULPS are named, and events are located in all of "
            "them together; leave out those that are no models of yours"
        )
        return lines, [several] if len(names) > 1 else []
    if not found.simul_models:
        return lines, []
    models = some_names([found.name(f) for f in found.simul_models])
    stations = some_names([found.name(f) for f in found.simul_stations])
    several = f" ({stations} are several)" if found.simul_stations else ""
    return lines, [
        f"locate: {models} of SIMULPS can be named under `locate.models`, with `model_stations` "
        f"(SIMULPS's station file{several}) or `model_origin`, `model_azimuth_deg` and "
        "`model_x_axis`"
    ]


def _takes_given_angles(found: FolderContents) -> bool:
    """Say whether the take-off angles of the files are used: where none can be traced."""
    has_angles = found.angles >= max(len(found.events), 0.5 * found.count("polarities"))
    return has_angles and (not found.places or not found.models)


def _notes_of_stations(found: FolderContents, is_given: bool) -> list[str]:
    """Say which stations have no coordinates."""
    how = (
        "add StationXML of your data center (its FDSN station service, level=channel), or a CSV "
        "with network, station, longitude, latitude, elevation_m"
    )
    needed = found.reading_stations | found.wave_stations
    missing = sorted(needed - found.places)
    if is_given:
        return []
    if not found.places and not _sac_sources(found):
        return [f"takeoff needs the coordinates of stations, and there are none: {how}"]
    if missing and not _sac_sources(found):
        return [
            f"takeoff: {len(missing)} of {len(needed)} stations have no coordinates, so what they "
            f"recorded is not used ({some_names(missing)}): {how}"
        ]
    return []


def _takeoff(found: FolderContents, is_given: bool) -> tuple[list[str], list[str]]:
    """Return the lines of the group `takeoff`, and what is to be said of it."""
    if is_given:
        return [
            "takeoff:",
            "  # azimuths and take-off angles are in the files; `layered` traces them in a model",
            "  angles: given",
            "  # standard errors where the files give none",
            "  takeoff_error_deg: 10 deg",
            "  azimuth_error_deg: 5 deg",
        ], []
    names = [found.name(f) for f in found.models]
    models = [n for n in names if n][:_MOST_MODELS]
    notes = []
    if not models:
        notes.append(
            f"takeoff: no velocity model was found, so `{DEFAULT_MODEL}`, which is shipped, is "
            "used; one of your region gives better angles: lines of depth (km) and P velocity "
            "(km/s)"
        )
    if len(names) > _MOST_MODELS:
        notes.append(f"takeoff: of {len(names)} velocity models the first {_MOST_MODELS} are named")
    return [
        "takeoff:",
        "  # velocity models; the trials of a mechanism cycle through several",
        f"  models: [{', '.join(_scalar(m) for m in models or [DEFAULT_MODEL])}]",
    ], notes


def _waveforms(found: FolderContents) -> tuple[list[str], list[str]]:
    """Return the lines of the group `waveforms`, and what is to be said of it."""
    p_picks = sum(n for phase, n in found.phases.items() if phase.upper().startswith("P"))
    is_given = p_picks >= _ENOUGH_P * len(found.events)
    lines = ["waveforms:", "  archives:"]
    lines += [f"    - {_scalar(a)}" for a in _archives(found)]
    lines += [
        "  # `given`: first motions are read at the picks of the sources; `automatic`: at picks",
        "  # made here",
        f"  picks: {'given' if is_given else 'automatic'}",
    ]
    if found.count("polarities"):
        lines += [
            "  # first motions of the sources stay where they are; `replace` takes those read here",
            "  polarities: add",
        ]
    notes = []
    strangers = sorted(found.wave_stations - found.places)
    if found.reading_stations and not found.wave_stations & found.reading_stations and is_given:
        notes.append(
            "window: no station of the picks is among those of the waveforms "
            f"({some_names(sorted(found.reading_stations))} against "
            f"{some_names(strangers or sorted(found.wave_stations))}): "
            "`waveforms.station_aliases` says which is which"
        )
    if found.places and strangers and len(strangers) == len(found.wave_stations):
        notes.append(
            "window: no station of the waveforms has coordinates under its code; codes differ "
            f"({some_names(strangers)} against {some_names(sorted(found.places))})"
        )
    return lines, notes


def _stress(found: FolderContents) -> list[str]:
    """Return the lines of the stress map: on where there are events enough."""
    if len(found.events) >= _MAP_FROM:
        return [
            "# the stress map of the mechanisms; nodes where there are some, 0.2 degrees apart",
            "stress:",
            "  grid_step_deg: 0.2 deg",
        ]
    return ["# A stress map of the mechanisms; few of them give a wide one:", "# stress: {}"]


def _tendency(found: FolderContents, is_mapped: bool) -> list[str]:
    """Return the lines of the group `tendency`, commented out where there is no stress map."""
    if not found.faults:
        return []
    names = ", ".join(_scalar(found.name(f)) for f in found.faults)
    lines = ["tendency:", f"  files: [{names}]"]
    told = "# slip tendency of faults in the stress map"
    return [told, *lines] if is_mapped else [f"{told}:", *(f"# {line}" for line in lines)]


def _map(found: FolderContents, name: str) -> Proposal:
    """Settings of a stress map of catalogs of mechanisms."""
    lines = [
        *_head(found, name, "a stress map of catalogs of focal mechanisms"),
        "stress:",
        "  catalogs:",
        *(f"    - {_scalar(found.name(f))}" for f in found.mechanisms),
        "  # distance of nodes; 0 for a single node",
        "  grid_step_deg: 0.2 deg",
    ]
    notes = []
    if found.events:
        notes.append(
            f"mechanism: the {len(found.events)} events have no first motions, so mechanisms are "
            "not searched for; those of the files are mapped"
        )
    lines += _tendency(found, True)
    if len(found.mechanisms) > 1:
        notes.append(
            "stress: an earthquake that several of the catalogs have counts several times; keep "
            "one catalog where they overlap"
        )
    return Proposal("a stress map of catalogs", "\n".join(lines) + "\n", notes)


def _line(found: FolderContents, name: str) -> Proposal:
    """Settings of the tomography of a refraction line."""
    first, *others = found.lines
    lines = [
        *_head(found, name, "the tomography of a refraction line"),
        "tomography:",
        f"  picks: {{path: {_scalar(found.name(first))}}}",
    ]
    notes = []
    if others:
        names = some_names([found.name(f) for f in others])
        notes.append(f"tomography: a run has one line; {names} needs a file of its own")
    return Proposal("the tomography of a line", "\n".join(lines) + "\n", notes)


def _head(found: FolderContents, name: str, kind: str) -> list[str]:
    """Return comments with what was found, and the name and folder of the run."""
    return [
        f"# Settings of {kind}, written by `quakeloom init`. Only what differs from the defaults;",
        "# `quakeloom config explain KEY` explains one, `quakeloom config default` lists all.",
        "#",
        "# What the folder held:",
        *(f"#   {one_line(text)}" for text in describe_contents(found)),
        "",
        f"name: {_scalar(name)}",
        "# folder from which the paths below start",
        f"data: {_scalar(str(found.folder))}",
    ]


def _sources(found: FolderContents) -> list[str]:
    """Return the group `sources`: the first source that has an event counts."""
    named: list[tuple[int, str]] = []
    files = [s.file for s in sorted(found.sources, key=_rank)]
    ranks = {s.file.path: _rank(s) for s in found.sources}
    for written, members in _group(found, files):
        titles = ", ".join(dict.fromkeys(f.title for f in members))
        rank = min(ranks[f.path] for f in members)
        named.append((rank, f"  - {{path: {_scalar(written)}}}  # {one_line(titles)}"))
    named += [
        (9, f"  - {{path: {_scalar(p)}, format: sac_stations}}  # coordinates in SAC headers")
        for p in _sac_sources(found)
    ]
    return [
        "# in order of precedence: the first source that has an event or a reading counts",
        "sources:",
        *(line for _, line in sorted(named, key=lambda n: n[0])),
    ]


def _rank(source: FoundSource) -> int:
    if source.file.format in _RELOCATED:
        return 0
    if source.counts.get("events"):
        return 1 if source.counts.get("polarities") else 2
    return 3 if source.counts.get("polarities") or source.counts.get("picks") else 4


def _sac_sources(found: FolderContents) -> list[str]:
    """Return patterns of SAC files whose headers have coordinates, where nothing else has."""
    sac = [f for f in found.waveforms if f.format == "sac"]
    if found.places or not sac:
        return []
    try:
        if not read_source(sac[0].path, "sac_stations").stations.num_rows:
            return []
    except QuakeloomError:
        return []
    return [written for written, _ in _group(found, sac)]


def _archives(found: FolderContents) -> list[str]:
    """Name the waveforms: by folders that hold nothing else, else by patterns and files."""
    waiting = {f.path: f for f in found.waveforms}
    named: list[str] = []
    folders = {
        p for f in waiting for p in f.parents if p != found.folder and found.folder in p.parents
    }
    for folder in sorted(folders, key=lambda p: (len(p.parts), str(p))):
        below = {p for p in waiting if folder in p.parents}
        if below and below == _archive_of(folder):
            named.append(str(folder.relative_to(found.folder)))
            waiting = {p: f for p, f in waiting.items() if p not in below}
    return named + [written for written, _ in _group(found, list(waiting.values()))]


def _archive_of(folder: Path) -> set[Path]:
    """Return the files that an archive of this folder would read."""
    try:
        return set(list_files(folder))
    except InputError:
        return set()


def _group(
    found: FolderContents, files: Sequence[RecognizedFile]
) -> list[tuple[str, list[RecognizedFile]]]:
    """Name files by patterns that mean exactly them, else one by one."""
    kinds: dict[tuple[Path, str], list[RecognizedFile]] = {}
    for file in files:
        kinds.setdefault((file.path.parent, file.path.suffix), []).append(file)
    named: list[tuple[str, list[RecognizedFile]]] = []
    for (folder, suffix), members in kinds.items():
        inside = folder.relative_to(found.folder)
        pattern = pattern_of("" if inside == Path() else str(inside), suffix)
        wanted = {f.path for f in members}
        is_plain = len(members) >= _PATTERN_FROM and "${" not in pattern
        if is_plain and set(list_inputs(str(found.folder), pattern)) == wanted:
            named.append((pattern, members))
            continue
        named += [(found.name(f), [f]) for f in members]
    return named


def _scalar(text: str) -> str:
    """Return a text as YAML, quoted where it must be."""
    quoted = yaml.safe_dump([text], default_flow_style=True, allow_unicode=True, width=10**6)
    return str(quoted).strip()[1:-1]
