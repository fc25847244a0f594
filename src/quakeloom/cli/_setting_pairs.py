"""Settings that are given on the command line: a YAML file, and ``--set KEY=VALUE``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from quakeloom.core import SettingsError


def read_setting_pairs(pairs: list[str]) -> dict[str, Any]:
    """Return nested settings of pairs such as ``prior.blocks=0``; later pairs win.

    Parameters
    ----------
    pairs : list of str
        ``KEY=VALUE``; dots in the key lead into groups, the value is YAML.

    Raises
    ------
    SettingsError
        If a pair has no ``=``, an empty key, or a value that is no YAML.
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        names = [name.strip() for name in key.split(".")]
        if not sign or not all(names):
            raise SettingsError(f"--set '{pair}' is no setting; write KEY=VALUE.")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            raise SettingsError(f"--set '{pair}': '{text}' cannot be read as YAML.") from None
        for name in reversed(names):
            value = {name: value}
        values = merge_settings(values, value)
    return values


def read_setting_file(config: Path | None, group: str) -> dict[str, Any]:
    """Return the settings of a group from a YAML file, which may hold them alone.

    Raises
    ------
    SettingsError
        If the file is no YAML, or holds no settings.
    """
    from quakeloom.store import read_input_text

    if config is None:
        return {}
    try:
        read = yaml.safe_load(read_input_text(config)) or {}
    except yaml.YAMLError as error:
        raise SettingsError(f"{config} cannot be read as YAML: {error}") from None
    if not isinstance(read, dict):
        raise SettingsError(f"{config} holds no settings; write `key: value` lines.")
    values = read.get(group, read)
    return dict(values) if isinstance(values, dict) else {}


def merge_settings(values: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Return nested settings in which those of ``more`` replace what is there."""
    merged = dict(values)
    for key, value in more.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge_settings(merged[key], value) if both else value
    return merged
