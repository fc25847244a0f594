"""NonLinLoc: phase observations, location results, and station coordinates.

An observation file has phase lines of one event after the other, with blank lines between;
it says nothing of the hypocenter. A location file (``.hyp``) has hypocenter and phases.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path, PurePosixPath

from quakeloom.formats._first_motions import ONSET_WORDS, phase_class, polarity_sign
from quakeloom.formats._fixed_columns import arrival_seconds
from quakeloom.formats._format import Format
from quakeloom.formats._nonlinloc_stations import LABEL_OPTION, check_labels, split_label
from quakeloom.formats._phase_rows import (
    DOUBLED_OPTION,
    Arrival,
    FirstMotion,
    Hypocenter,
    PhaseRows,
    identifier_of_time,
)
from quakeloom.formats._source_tables import SourceTables
from quakeloom.formats._text_lines import head_lines, read_lines, utc_nanoseconds

_OBSERVATIONS = "NonLinLoc phase observations"
"""Name of the format of what NonLinLoc reads, for messages."""

_LOCATIONS = "NonLinLoc locations"
"""Name of the format of what NonLinLoc writes, for messages."""

_PRIOR_WEIGHT = 14
"""Place of the prior weight among the words before ``>``; 0 means: do not use the reading."""

_NO_WEIGHT = 4
"""Weight code of times that do not count, as in HYPO71."""

_NAN = float("nan")
"""What stands for a number that a file does not have."""

_KM_PER_DEGREE = math.pi / 180.0 * 6371.0
"""Distances of a location with ``TRANSFORM GLOBAL`` are in degrees."""

_NO_MAGNITUDE = -9.0
"""Magnitudes up to this are none; NonLinLoc writes -9.9."""

_PHASE = re.compile(r"\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+\d{8}\s+\d{1,4}\s+-?\d+(\.\d*)?\s+\S+")
"""A phase line: label, instrument, component, onset, phase, first motion, date, time, error."""


def read_observations(
    path: Path, station_labels: str = "auto", doubled_picks: str = "reject"
) -> SourceTables:
    """Read first motions of P from NonLinLoc phase observations.

    The events have no hypocenter. Their id is that of a ``PUBLIC_ID`` line, else the time of
    their first P (``20181130T172935.110``).

    Parameters
    ----------
    path : Path
    station_labels : {"auto", "plain"}
        Whether labels such as ``AK_RC01_--`` are taken apart.
    doubled_picks : {"reject", "keep"}
        See :class:`PhaseRows`.

    Raises
    ------
    FormatError
        If no phase can be read.
    """
    split = check_labels(path, station_labels)
    rows = PhaseRows(path, _OBSERVATIONS, doubled_picks)
    event: list[tuple[int, str]] = []
    name = ""
    for number, line in enumerate([*read_lines(path, _OBSERVATIONS), ""], start=1):
        if not line.strip():
            _finish_observations(rows, event, name, split)
            event, name = [], ""
        elif line.startswith("PUBLIC_ID"):
            name = _public_id(line)
        elif not line.startswith("#"):
            event.append((number, line))
    return rows.finish()


def read_locations(
    path: Path, station_labels: str = "auto", doubled_picks: str = "reject"
) -> SourceTables:
    """Read hypocenters and first motions of P from NonLinLoc location files (``.hyp``).

    The hypocenter is that of maximum likelihood; errors are those of the covariance. The
    take-off angle is the ray dip where NonLinLoc gives it a quality, the azimuth then that
    of the ray. The event id is the public id, else the name of the location.

    Parameters
    ----------
    path : Path
    station_labels, doubled_picks : str
        As for :func:`read_observations`.

    Raises
    ------
    FormatError
        If no hypocenter can be read.
    """
    split = check_labels(path, station_labels)
    rows = PhaseRows(path, _LOCATIONS, doubled_picks)
    block: list[tuple[int, str]] = []
    for number, line in enumerate(read_lines(path, _LOCATIONS), start=1):
        if line.startswith("NLLOC ") and block:
            rows.rejects.add(block[0][0], "event", "the location has no END_NLLOC", block[0][1])
            _read_location(rows, block, split)
            block = []
        if line.startswith("NLLOC ") or block:
            block.append((number, line))
        elif line.strip():
            rows.rejects.add(number, "line", "it stands outside of a location", line)
        if block and line.startswith("END_NLLOC"):
            _read_location(rows, block, split)
            block = []
    if block:
        rows.rejects.add(block[0][0], "event", "the location has no END_NLLOC", block[0][1])
        _read_location(rows, block, split)
    return rows.finish()


def _public_id(line: str) -> str:
    name = line.split(maxsplit=1)[1].strip() if len(line.split()) > 1 else ""
    return "" if name == "None" else name


def _finish_observations(
    rows: PhaseRows, event: list[tuple[int, str]], name: str, split: bool
) -> None:
    """Add one event of an observation file with its phases."""
    if not event:
        return
    if not name:
        times = []
        for _, line in event:
            try:
                times.append(_pick_time(line.split()))
            except (ValueError, IndexError):
                continue
        if not times:
            for number, line in event:
                rows.rejects.add(number, "polarity", "it is no phase line", line)
            return
        name = identifier_of_time(min(times))
    nowhere = Hypocenter(name, None, _NAN, _NAN, _NAN, located=False)
    rows.start_event(event[0][0], event[0][1], nowhere)
    for number, line in event:
        _add_phase(rows, number, line, split, 1.0)
    rows.end_event()


def _read_location(rows: PhaseRows, block: list[tuple[int, str]], split: bool) -> None:
    number, first = block[0]
    name, status = _location_name(first)
    fields: dict[str, tuple[int, list[str]]] = {}
    phases: list[tuple[int, str]] = []
    reading = False
    for i, line in block:
        key = line.split(maxsplit=1)[0] if line.strip() else ""
        if key == "PHASE":
            reading = True
        elif key in ("END_PHASE", "END_NLLOC"):
            reading = False
        elif key and (reading or _PHASE.match(line)):
            phases.append((i, line))
        elif key:
            fields.setdefault(key, (i, line.split()))
    if "PUBLIC_ID" in fields:
        name = _public_id(" ".join(fields["PUBLIC_ID"][1])) or name
    try:
        if status != "LOCATED":
            raise ValueError(f"NonLinLoc has not located it but {status or 'broken off'}")
        number, words = fields["GEOGRAPHIC"]
        time = _date_and_time(words[2:8])
        place = {k: float(words[words.index(k) + 1]) for k in ("Lat", "Long", "Depth")}
        horizontal, vertical = _errors(fields.get("STATISTICS", (0, []))[1])
        magnitude = _magnitude(fields.get("QUALITY", (0, []))[1])
    except KeyError:
        rows.bad_event(number, first, "the location has no GEOGRAPHIC line", name)
    except (ValueError, IndexError) as problem:
        rows.bad_event(number, first, f"the location cannot be read: {problem}", name)
    else:
        rows.start_event(
            block[0][0],
            first,
            Hypocenter(
                event_id=name,
                origin_time=time,
                longitude=place["Long"],
                latitude=place["Lat"],
                depth_km=place["Depth"],
                magnitude=magnitude,
                horizontal_error_km=horizontal,
                vertical_error_km=vertical,
            ),
        )
    counts = Counter(len(line.partition(">")[2].split()) for _, line in phases)
    columns = counts.most_common(1)[0][0] if counts else 0
    is_global = "GLOBAL" in fields.get("TRANSFORM", (0, []))[1]
    for i, line in phases:
        found = len(line.partition(">")[2].split())
        if found != columns:
            reason = f"{found} numbers follow '>' where the other phases have {columns}"
            rows.bad_reading(i, line, reason, line.split()[0])
            continue
        _add_phase(rows, i, line, split, _KM_PER_DEGREE if is_global else 1.0)
    rows.end_event()


def _location_name(line: str) -> tuple[str, str]:
    quoted = re.findall(r'"([^"]*)"', line)
    name = PurePosixPath(quoted[0]).name if quoted else ""
    return re.sub(r"\.grid\d+\.loc$|\.grid\d+$", "", name), quoted[1] if len(quoted) > 1 else ""


def _errors(words: list[str]) -> tuple[float, float]:
    """Largest horizontal and vertical standard error of the covariance in km."""
    if "CovXX" not in words:
        return _NAN, _NAN
    i = words.index("CovXX")
    xx, xy, yy, zz = (float(words[i + k]) for k in (1, 3, 7, 11))
    largest = 0.5 * (xx + yy) + math.hypot(0.5 * (xx - yy), xy)
    return math.sqrt(max(largest, 0.0)), math.sqrt(max(zz, 0.0))


def _magnitude(words: list[str]) -> float:
    """Amplitude magnitude, else that of the duration; -9.9 is none."""
    for key in ("Mamp", "Mdur"):
        if key in words:
            value = float(words[words.index(key) + 1])
            if value > _NO_MAGNITUDE:
                return value
    return _NAN


def _add_phase(
    rows: PhaseRows, number: int, line: str, split: bool, km_per_distance: float
) -> None:
    """Add a phase line if it is a first P or S; the part after ``>`` is that of a location."""
    left, _, right = line.partition(">")
    words = left.split()
    network, station = split_label(words[0], split) if words else ("", "")
    try:
        if len(words) < 9:
            raise ValueError(f"it has {len(words)} columns of a phase line, which has 9 or more")
        phase = phase_class(words[4])
        if not phase:
            raise ValueError(f"phase '{words[4]}' is no first arrival of P or S")
        is_used = _is_used(words)
        arrival = Arrival(
            station=station,
            phase=phase,
            time=_pick_time(words),
            network=network,
            channel="" if words[2] == "?" else words[2],
            onset=ONSET_WORDS.get(words[3].lower(), ""),
            uncertainty_s=_uncertainty(words) if is_used else _NAN,
            pick_weight=-1 if is_used else _NO_WEIGHT,
        )
        if phase == "S":
            rows.add_arrival(number, line, arrival)
            return
        azimuth, takeoff, distance = _ray(right.split(), km_per_distance)
        sign = 0 if words[5].lower() == "z" else polarity_sign(words[5])
        if sign is None:
            raise ValueError(f"polarity '{words[5]}' is neither up nor down")
    except ValueError as problem:
        rows.bad_reading(number, line, str(problem), station)
        return
    motion = FirstMotion(sign, azimuth, takeoff, distance_km=distance)
    rows.add_first_motion(number, line, motion, arrival)


def _is_used(words: list[str]) -> bool:
    """Whether the prior weight, which later versions write last, lets the time count."""
    if len(words) <= _PRIOR_WEIGHT:
        return True
    weight = float(words[_PRIOR_WEIGHT])
    if not 0.0 <= weight < math.inf:
        raise ValueError(f"the prior weight '{words[_PRIOR_WEIGHT]}' is no weight")
    return weight > 0.0


def _uncertainty(words: list[str]) -> float:
    """Standard error of a Gaussian pick, or that of a box of the same half-width.

    A negative error is not known: ObsPy writes -1 for it. One of 0 is left for
    :func:`~quakeloom.formats._fill_values.leave_out_fills`, which says so.
    """
    if len(words) < 11 or words[9] not in ("GAU", "BOX"):
        return _NAN
    error = float(words[10])
    if not math.isfinite(error):
        raise ValueError(f"the error '{words[10]}' of the pick is no number")
    if error < 0.0:
        return _NAN
    return error if words[9] == "GAU" else error / math.sqrt(3.0)


def _ray(words: list[str], km_per_distance: float) -> tuple[float, float, float]:
    """Azimuth, take-off angle and distance of a located phase; NaN where not known."""
    if len(words) < 11:
        return _NAN, _NAN, _NAN
    distance, azimuth, ray_azimuth, dip = (float(w) for w in words[6:10])
    quality = int(words[10])
    if float(words[0]) == 0.0 and distance == 0.0:
        # a phase that was not used has no ray and no distance
        return _NAN, _NAN, _NAN
    if quality <= 0:
        return azimuth, _NAN, distance * km_per_distance
    return ray_azimuth, dip, distance * km_per_distance


def _pick_time(words: list[str]) -> int:
    date, clock = words[6], words[7].zfill(4)
    if not (date.isdecimal() and len(date) == 8 and clock.isdecimal() and len(clock) == 4):
        raise ValueError(f"'{words[6]} {words[7]}' is no date and time like 20181130 1729")
    second = float(words[8])
    if not math.isfinite(second):
        raise ValueError(f"seconds '{words[8]}' are no number")
    second = arrival_seconds(second, -60.0)
    return utc_nanoseconds(
        int(date[:4]), int(date[4:6]), int(date[6:]), int(clock[:2]), int(clock[2:]), second
    )


def _date_and_time(words: list[str]) -> int:
    year, month, day, hour, minute = (int(w) for w in words[:5])
    return utc_nanoseconds(year, month, day, hour, minute, float(words[5]))


def _sniff_observations(head: bytes) -> bool:
    if _sniff_locations(head):
        return False
    lines = [x for x in head_lines(head)[:40] if x.strip() and not x.startswith(("#", "PUBLIC_ID"))]
    return bool(lines) and sum(bool(_PHASE.match(x)) for x in lines) >= 0.5 * len(lines)


def _sniff_locations(head: bytes) -> bool:
    return any(x.startswith('NLLOC "') for x in head_lines(head)[:5])


FORMATS_HERE = (
    Format(
        name="nonlinloc_observations",
        title=_OBSERVATIONS,
        read=read_observations,
        sniff=_sniff_observations,
        suffixes=(".obs",),
        options={**LABEL_OPTION, **DOUBLED_OPTION},
    ),
    Format(
        name="nonlinloc_locations",
        title=_LOCATIONS,
        read=read_locations,
        sniff=_sniff_locations,
        suffixes=(".hyp",),
        options={**LABEL_OPTION, **DOUBLED_OPTION},
    ),
)
"""What NonLinLoc reads and writes, in the order of recognition."""
