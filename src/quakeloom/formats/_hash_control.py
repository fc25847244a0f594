"""Read the control files of HASH v1.2 (``example1.inp``): answers to the drivers' questions."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from quakeloom.core import FormatError, InputError
from quakeloom.formats._text_lines import read_lines

_TITLE = "a HASH control file"
"""Name of the format, for messages."""

_SEARCH = (
    ("minimum_polarities", int),
    ("maximum_azimuthal_gap_deg", float),
    ("maximum_takeoff_gap_deg", float),
    ("grid_spacing_deg", float),
    ("trials", int),
    ("maximum_output", int),
    ("polarity_error_rate", float),
    ("maximum_distance_km", float),
    ("probability_angle_deg", float),
    ("multiple_probability", float),
)
"""Questions of drivers 1, 2, 4 and 5 after the names of files, in HASH's order."""

_SEARCH_WITH_RATIOS = (
    ("minimum_polarities", int),
    ("grid_spacing_deg", float),
    ("trials", int),
    ("maximum_output", int),
    ("minimum_signal_to_noise", float),
    ("polarity_error_rate", float),
    ("amplitude_ratio_error", float),
    ("maximum_distance_km", float),
    ("probability_angle_deg", float),
    ("multiple_probability", float),
)
"""Questions of driver 3 after the names of files, in HASH's order."""

_OUTPUT = ("mechanism_file", "acceptable_file")
"""Files that drivers 1, 2, 4 and 5 write."""

_FILES: dict[int, tuple[str, ...]] = {
    1: ("reversal_file", "phase_file", *_OUTPUT),
    2: ("station_file", "reversal_file", "phase_file", *_OUTPUT),
    3: (
        "station_file",
        "reversal_file",
        "correction_file",
        "amplitude_file",
        "phase_file",
        "mechanism_file",
    ),
    4: ("station_file", "reversal_file", "phase_file", *_OUTPUT),
    5: ("reversal_file", "simul_file", "phase_file", *_OUTPUT),
}
"""Names of files that a driver asks for, by its number."""


def read_hash_control(path: str | Path, driver: int | None = None) -> dict[str, Any]:
    """Read a HASH control file into a mapping of settings and file names.

    Parameters
    ----------
    path : str or Path
        The file.
    driver : int, optional
        Number of the HASH driver, 1 to 5. Without it, it is found from the number of file
        names and models; drivers 2 and 4 ask the same questions, and 2 is taken.

    Returns
    -------
    dict
        ``driver``; the files as they are named (``phase_file``, ``station_file``, ...); the
        settings with units in their names; ``velocity_models``, a list of file names.

    Raises
    ------
    FormatError
        If the answers do not fit the questions of the driver.
    InputError
        If the file is missing.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"'{path}' does not exist. Nothing can be read; correct the path.")
    lines = [line.strip() for line in read_lines(path, _TITLE)]
    while lines and not lines[-1]:
        lines.pop()
    names = next((i for i, line in enumerate(lines) if _is_number(line)), len(lines))
    if driver is None:
        driver = _find_driver(names, lines)
    if driver not in _FILES or names != len(_FILES[driver]):
        raise FormatError(
            f"'{path}' is no HASH control file: it begins with {names} file names (driver "
            f"{driver}). Nothing is read; drivers 1 to 5 want 4, 5, 6, 5 and 5."
        )
    settings: dict[str, Any] = {"driver": driver}
    settings.update(zip(_FILES[driver], lines[:names], strict=True))
    questions = _SEARCH_WITH_RATIOS if driver == 3 else _SEARCH
    answers = lines[names : names + len(questions)]
    for i, (key, kind) in enumerate(questions):
        try:
            settings[key] = kind(answers[i])
            if not math.isfinite(settings[key]):
                raise ValueError
        except (IndexError, ValueError):
            found = answers[i] if i < len(answers) else "nothing"
            raise FormatError(
                f"Line {names + i + 1} of '{path}' is '{found}' where driver {driver} wants "
                f"{key}. The file is not used; correct it."
            ) from None
    rest = lines[names + len(questions) :]
    settings["velocity_models"] = _models(path, rest) if driver in (2, 3, 4) else []
    return settings


def _find_driver(names: int, lines: list[str]) -> int:
    if names == 5:
        return 2 if any(not _is_number(x) for x in lines[names:] if x) else 5
    return {4: 1, 6: 3}.get(names, 0)


def _models(path: Path, rest: list[str]) -> list[str]:
    try:
        count = int(rest[0])
        models = rest[1 : 1 + count]
        if count < 1 or len(models) != count or not all(models):
            raise ValueError
    except (IndexError, ValueError):
        raise FormatError(
            f"'{path}' ends with {rest!r}, not with the number and names of velocity models. The "
            "file is not used; correct it."
        ) from None
    return models


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
