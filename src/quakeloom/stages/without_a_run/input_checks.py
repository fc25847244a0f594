"""Opening what settings name, before anything runs: sources, models, waveforms, catalogs, weights.

The beginning of every file says whether it is what it is said to be; small sources and velocity
models are read whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from quakeloom.config import SAME_RUN, Configuration, Regional, Settings, Source, TomographyPicks
from quakeloom.core import FormatError, InputError, QuakeloomError
from quakeloom.formats import (
    RecognizedFile,
    check_format_options,
    detect_format,
    is_simul_model,
    looks_like_waveforms,
    read_velocity_model,
    recognize_file,
    sniffs_as,
)
from quakeloom.stages.archive.record_sets import leave_out_companions, list_files
from quakeloom.stages.ingest.source_files import source_files
from quakeloom.stages.locate.ensembles import find_location_model
from quakeloom.stages.locate.simul_grids import describe_simul_model, frame_digest
from quakeloom.stages.takeoff.reading import find_model
from quakeloom.stages.weights.pickers import find_picker_weights
from quakeloom.stages.weights.polarity_readers import open_reader
from quakeloom.stages.without_a_run.source_checks import check_sources
from quakeloom.store import (
    archive_file,
    find_input,
    input_place,
    is_input,
    list_archive,
    list_inputs,
    near_names,
    walk_inputs,
)

_MOST_WAVEFORMS = 200
"""Waveform files of an archive whose beginnings are looked at."""

_CERTAIN = frozenset(
    {"quakeml", "seiscomp_ml", "stationxml", "dataless_seed", "parquet", "sac_stations"}
)
"""Formats whose files say themselves what they are: another format that is named is wrong."""


@dataclass
class CheckedInputs:
    """What was opened, and what is wrong with it.

    Attributes
    ----------
    opened : list of str
        A sentence for each group of files that can be read.
    doubts : list of str
        What may be meant, but looks odd.
    problems : list of str
        What would stop a run, each with what to do.
    """

    opened: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def attempt(self, check: Callable[[], None]) -> None:
        """Make a check; its error is one of the problems, told once."""
        try:
            check()
        except QuakeloomError as error:
            if str(error) not in self.problems:
                self.problems.append(str(error))

    def say(self, sentence: str) -> None:
        """Add a sentence, once."""
        if sentence not in self.opened:
            self.opened.append(sentence)


def check_inputs(configuration: Configuration) -> CheckedInputs:
    """Open what the runs of a configuration name, and say what is wrong.

    Parameters
    ----------
    configuration : Configuration
        Its settings are valid.
    """
    found = CheckedInputs()
    done: set[str] = set()
    for settings in configuration.cases.values():
        for what, check in _checks(settings, found):
            key = f"{settings.data}\n{what}"
            if key not in done:  # cases share most of what they name
                done.add(key)
                found.attempt(check)
    return found


def _checks(settings: Settings, found: CheckedInputs) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield a check for everything that settings name, with what it is of."""

    def check(function: Callable[..., None], *named: Any) -> tuple[str, Callable[[], None]]:
        return f"{function.__name__} {named}", partial(function, settings, *named, found)

    yield from (check(_check_source, source) for source in settings.sources)
    takeoff, locate, waves = settings.takeoff, settings.locate, settings.waveforms
    if settings.sources:
        angles = takeoff.angles
        yield f"{settings.sources} {angles}", partial(_check_together, settings, found)
    if takeoff.angles == "layered":
        yield from (check(_check_model, name) for name in takeoff.models)
    if locate is not None:
        for name in (m for m in locate.models if m != SAME_RUN):
            # cases may place one model of SIMULPS differently
            what, opened = check(_check_location_model, name)
            yield f"{what} {frame_digest(locate, settings.data)}", opened
    if waves is not None:
        archives = waves.archives if settings.simulation is None else []
        yield from (check(_check_archive, written) for written in archives)
        yield check(_check_weights, waves.picker, waves.polarity)
    if settings.stress is not None:
        yield from (check(_check_catalog, name) for name in settings.stress.catalogs)
    if settings.tomography is not None:
        yield check(_check_line, settings.tomography.picks)
    if settings.regional is not None:
        yield check(_check_region, settings.regional)
    yield from (check(_check_file, key, name) for key, name in _single_files(settings))


def _check_weights(settings: Settings, picker: str, polarity: str, found: CheckedInputs) -> None:
    """Find the weights of networks, and read those of first motions."""
    file = find_picker_weights(picker)
    found.say(f"weights for picks: {file.name if file is not None else 'classical'}")
    found.say(f"weights for first motions: {open_reader(polarity).name}")


def _single_files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield settings that name one file, with the file."""
    if settings.tendency is not None:
        yield from (("tendency.files", f) for f in settings.tendency.files)
    for name in settings.report.compare:
        if "." in Path(name).name:
            yield "report.compare", name


def _check_source(settings: Settings, source: Source, found: CheckedInputs) -> None:
    """Open the files of a source; each is what it is said to be."""
    check_format_options(source.format, source.path, source.options)
    files = source_files(settings.model_copy(update={"sources": [source]}))
    formats: dict[str, int] = {}
    for _, file, name in files:
        found.attempt(partial(_check_head, source, file, name, formats, found))
    if formats:
        told = ", ".join(f"{n} {f}" if len(files) > 1 else f for f, n in formats.items())
        found.say(f"source {source.path}: {told}")


def _check_together(settings: Settings, found: CheckedInputs) -> None:
    """Check how the sources fit together, unless one of them has a problem of its own."""
    if found.problems:
        return
    opened, doubts = check_sources(settings)
    for sentence in opened:
        found.say(sentence)
    found.doubts += [d for d in doubts if d not in found.doubts]


def _check_head(
    source: Source, file: Path, name: str, formats: dict[str, int], found: CheckedInputs
) -> None:
    if source.format == "auto":
        chosen = detect_format(file)
        formats[chosen] = formats.get(chosen, 0) + 1
        return
    seen = recognize_file(file)
    if seen.title in ("not readable", "empty", "nothing but zeros"):
        raise InputError(f"'{file}' is {seen.title}: {seen.problem}.")
    if seen.kind == "waveforms" and seen.format != "sac":
        raise FormatError(_wrong_format(source, file, seen, "name it under `waveforms.archives`"))
    wrong = seen.format != source.format and not sniffs_as(source.format, file)
    if wrong and seen.format in _CERTAIN:
        raise FormatError(_wrong_format(source, file, seen, f"write `format: {seen.format}`"))
    if wrong:
        found.doubts.append(
            f"'{name}' is said to be {source.format}, but looks like {seen.format or seen.title}; "
            "`format: auto` takes it for that"
        )
    formats[source.format] = formats.get(source.format, 0) + 1


def _wrong_format(source: Source, file: Path, seen: RecognizedFile, remedy: str) -> str:
    return (
        f"'{file}' is {seen.title}, but `format: {source.format}` is written for it. Nothing can "
        f"be read so; {remedy}, or leave the format out."
    )


def _check_model(settings: Settings, name: str, found: CheckedInputs) -> None:
    model = read_velocity_model(find_model(settings, name))
    found.say(
        f"velocity model {name}: {model.depth_km.size} depths to {model.depth_km[-1]:g} km, P "
        f"{model.p_velocity_km_s.min():g} to {model.p_velocity_km_s.max():g} km/s"
    )


def _check_location_model(settings: Settings, name: str, found: CheckedInputs) -> None:
    path = find_location_model(name, settings.data)
    assert settings.locate is not None
    what = (
        f", SIMULPS: {describe_simul_model(settings.locate, path, settings.data)}"
        if is_simul_model(path)
        else ""
    )
    found.say(f"model {name} of `locate`: {path}{what}")


def _looks_like_waveforms(file: Path) -> bool:
    with archive_file(file) as place:
        return looks_like_waveforms(place)


def _check_archive(settings: Settings, written: str, found: CheckedInputs) -> None:
    """Look at the beginnings of waveform files; one that is none at all is told."""
    place = input_place(settings.data, written)
    files: list[Path] = []
    stored = list_archive(settings.data, written)
    if stored is not None:
        files = leave_out_companions(stored.files, stored.below)
    elif next(walk_inputs(place), None) is not None:
        files = list_files(place)
    else:
        files = [f for f in list_inputs(settings.data, written) if is_input(f)]
    waves = settings.waveforms
    if not files and waves is not None and waves.fetch is not None:
        found.doubts.append(f"archive {written} is empty; `quakeloom run --fetch` fetches it")
        return
    if not files:
        raise InputError(
            f"The archive '{written}' of '{settings.name}' holds no file (looked for {place}). "
            "Correct waveforms.archives, `data`, or the variable they use."
            f"{near_names(settings.data, written)}"
        )
    step = max(1, len(files) // _MOST_WAVEFORMS)
    looked = files[::step]
    others = [f for f in looked if not _looks_like_waveforms(f)]
    if len(others) == len(looked):
        seen = recognize_file(others[0])
        raise FormatError(
            f"The archive '{written}' of '{settings.name}' holds no waveforms: '{others[0]}' is "
            f"{seen.title}, as others are. Give files of miniSEED, SAC, WIN, WIN32 or numpy."
        )
    for file in others:
        found.doubts.append(f"'{file}' in the archive '{written}' is no waveform file")
    found.say(f"archive {written}: {len(files)} files")


def _check_catalog(settings: Settings, name: str, found: CheckedInputs) -> None:
    file = _existing(settings, "stress.catalogs", name)
    seen = recognize_file(file)
    if seen.kind not in ("mechanisms", "source") or seen.problem:
        raise FormatError(
            f"'{file}' under `stress.catalogs` is {seen.title}, no catalog of focal mechanisms. "
            f"{seen.problem or 'Give a table with strike, dip and rake'}."
        )
    found.say(f"catalog {name}: {seen.title}")


def _check_line(settings: Settings, picks: TomographyPicks, found: CheckedInputs) -> None:
    """Read the picks of a line, and find its ground."""
    from quakeloom.formats import read_line_picks
    from quakeloom.stages.tomography.inputs import input_digest

    input_digest(settings)
    read = read_line_picks(input_place(settings.data, picks.path), picks.format, picks.unit)
    found.say(f"picks {picks.path}: {read.picks.num_rows} travel times")
    if read.rejects.num_rows:
        found.doubts.append(f"{picks.path}: {read.rejects.num_rows} records are put aside")


def _check_region(settings: Settings, _: Regional, found: CheckedInputs) -> None:
    """Read the stations of a region, and find the files that its models rest on."""
    from quakeloom.stages.regional.inputs import read_stations, regional_digest

    regional_digest(settings)
    stations = read_stations(settings)
    inside, outside = len(stations.names), stations.rejects.num_rows
    found.say(f"region: the model is there; {inside} of {inside + outside} stations in the grid")


def _check_file(settings: Settings, key: str, name: str, found: CheckedInputs) -> None:
    seen = recognize_file(_existing(settings, key, name))
    if seen.title in ("not readable", "empty", "nothing but zeros"):
        raise InputError(f"'{seen.path}' under `{key}` is {seen.title}. {seen.problem}.")
    found.say(f"`{key}`: {name}")


def _existing(settings: Settings, key: str, name: str) -> Path:
    file = find_input(settings.data, name)
    if file is None:
        raise InputError(
            f"'{name}' under `{key}` of '{settings.name}' is no file (looked for "
            f"{input_place(settings.data, name)}). Correct the path, `data`, or the variable they "
            f"use.{near_names(settings.data, name)}"
        )
    return file
