"""Keywords of the library's functions are settings of a run, by their names."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quakeloom.config import Settings, parse_settings
from quakeloom.core import SettingsError

SEED = 20260101
"""Root of the random streams, as in the settings."""


def settings_of(
    function: str, groups: tuple[str, ...], given: Mapping[str, Any], **fixed: Any
) -> Settings:
    """Check keywords as settings.

    Parameters
    ----------
    function : str
        Whose keywords they are, for messages.
    groups : tuple of str
        Groups of settings that they may belong to.
    given : mapping
        Keyword to value.
    **fixed
        Settings that the function itself makes, by group or name.

    Raises
    ------
    SettingsError
        If a keyword is unknown or a value is wrong; the message names the key and the remedy.
    """
    data: dict[str, Any] = {"name": "library", "sources": [{"path": "library"}]}
    data |= {k: dict(v) if isinstance(v, Mapping) else v for k, v in fixed.items()}
    fields = {group: _fields(group) for group in groups}
    for key, value in given.items():
        group = next((g for g, names in fields.items() if key in names), None)
        if group is None:
            names = sorted(n for of_group in fields.values() for n in of_group)
            near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(names)}."
            raise SettingsError(
                f"`{key}` is no keyword of {function}. Nothing was computed; {hint}"
            )
        data.setdefault(group, {})[key] = value
    return parse_settings(data, function)


def model_names(models: Any) -> list[str]:
    """Return velocity models as names or paths.

    Raises
    ------
    SettingsError
        If they are neither.
    """
    if isinstance(models, str | Path):
        models = [models]
    if not isinstance(models, list | tuple) or not all(isinstance(m, str | Path) for m in models):
        raise SettingsError(
            f"Velocity models {models!r} are neither names nor paths. Nothing was computed; give "
            "one such as 'generic_crust', the path of a file, or a list of them."
        )
    return [str(m) for m in models]


def _fields(group: str) -> set[str]:
    annotation = Settings.model_fields[group].annotation
    models = [annotation, *getattr(annotation, "__args__", ())]
    return {n for m in models for n in getattr(m, "model_fields", {})}
