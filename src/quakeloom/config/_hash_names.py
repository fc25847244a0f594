"""Parameters of HASH by their names, and the settings that do the same here.

Names are those of the control files of HASH v1.2 (Hardebeck & Shearer 2002, 2003) and of SKHASH
(Skoumal, Hardebeck & Shearer 2024), which writes them with a dollar sign before.
"""

from __future__ import annotations

HASH_NAMES: dict[str, tuple[str, str]] = {
    "npolmin": (
        "mechanism.minimum_polarities",
        "the minimum number of polarities of an event",
    ),
    "max_agap": (
        "mechanism.maximum_azimuthal_gap_deg",
        "the largest azimuthal gap in degrees",
    ),
    "max_pgap": (
        "mechanism.maximum_takeoff_gap_deg",
        "the largest gap of take-off angles in degrees",
    ),
    "dang": ("mechanism.grid_step_deg", "the step of the grid in degrees"),
    "nmc": (
        "mechanism.trials",
        "the number of trials; HASH's weights of accepted mechanisms are those of "
        "`mechanism.weighting_trials`",
    ),
    "maxout": (
        "mechanism.maxout",
        "the number of accepted mechanisms kept at random; 0 keeps all here",
    ),
    "badfrac": (
        "mechanism.polarity_error_rate",
        "the share of polarities expected to be wrong, from 0 to 0.5",
    ),
    "qbadfrac": (
        "mechanism.amplitude_error",
        "the expected error of log10 S/P: 0.3 is a factor of 2",
    ),
    "delmax": (
        "selection.maximum_distance_km",
        "the farthest station in km",
    ),
    "cangle": (
        "mechanism.probability_angle_deg",
        "the rotation in degrees within which mechanisms are one solution",
    ),
    "prob_max": (
        "mechanism.multiple_probability",
        "the minimum probability of a further solution, from 0 to 1",
    ),
    "ratmin": (
        "mechanism.minimum_amplitude_snr",
        "the minimum ratio of signal to noise of amplitudes",
    ),
}
"""Setting of a parameter of HASH, and what the parameter is there, with its unit."""

_ALSO = {"qbadfac": "qbadfrac"}
"""Other spellings of the same parameters."""


def find_hash_name(key: str) -> tuple[str, str, str] | None:
    """Return the parameter of HASH that a word is, its setting, and what it is; None if none.

    Capitals, a dollar sign before, and what stands before the last dot do not count.
    """
    word = key.split(".")[-1].strip().lstrip("$").lower()
    name = _ALSO.get(word, word)
    if name not in HASH_NAMES:
        return None
    setting, meaning = HASH_NAMES[name]
    return name, setting, meaning
