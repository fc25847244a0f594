"""The settings as documents: JSON schema, defaults as YAML, explanations, a reference page."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from quakeloom.config._fields import Section
from quakeloom.config._hash_names import find_hash_name
from quakeloom.config._load import _model_of
from quakeloom.config._models import Settings
from quakeloom.core import SettingsError


def settings_schema() -> str:
    """Return the JSON schema of the settings as text."""
    return json.dumps(Settings.model_json_schema(), indent=2) + "\n"


def default_settings() -> str:
    """Return all settings with their defaults as YAML, each with its sentence."""
    lines = ["# All settings of quakeloom with their defaults. Keep only what differs."]
    for name, field in Settings.model_fields.items():
        _write(lines, name, field, 0)
    return "\n".join(lines) + "\n"


def explain_setting(key: str, plugins: Mapping[str, type[BaseModel]] | None = None) -> str:
    """Return what a setting means: sentence, unit, bounds, default.

    Parameters
    ----------
    key : str
        A key such as ``mechanism.trials``, or the name of a parameter of HASH such as ``nmc``.
    plugins : mapping of str to model, optional
        Models of the settings of stages outside the package, by their group.

    Raises
    ------
    SettingsError
        If there is no such key; the message proposes the nearest.
    """
    keys = dict(_walk(Settings) + _walk_plugins(plugins))
    hash_name = find_hash_name(key) if key not in keys else None
    if hash_name is not None:
        name, setting, meaning = hash_name
        return f"HASH's {name} is {meaning}. Here it is\n{explain_setting(setting)}"
    if key not in keys:
        tails = [k for k in keys if k.split(".")[-1] == key]
        near = tails or difflib.get_close_matches(key, keys, n=3, cutoff=0.4)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise SettingsError(f"There is no setting '{key}'.{hint}")
    field = keys[key]
    lines = [key, f"  {field.description or 'Nothing is said of it.'}"]
    lines += [f"  {label}: {text}" for label, text in _facts(field)]
    model = _model_of(field.annotation)
    if model:
        lines += [f"  holds: {', '.join(model.model_fields)}"]
    return "\n".join(lines)


def settings_reference(
    takers: Mapping[str, Sequence[str]] | None = None,
    plugins: Mapping[str, type[BaseModel]] | None = None,
) -> str:
    """Return the reference of all settings as a Markdown page (config/README.md).

    Parameters
    ----------
    takers : mapping of str to sequence of str, optional
        Kinds of run that take each group; told where not all do.
    plugins : mapping of str to model, optional
        Models of the settings of stages outside the package, by their group.
    """
    lines = [
        "# Configuration",
        "",
        "One YAML file per run, with only what differs from the defaults. `quakeloom config check "
        "FILE` checks it, `quakeloom config explain KEY` explains a key. This page is generated "
        "by `quakeloom config reference`.",
        "",
        "Numbers may carry their unit (`120 km`); a wrong unit is refused. `cases:` at the top "
        "level maps case names to the settings that differ there: results go to "
        "`results/NAME/CASE`, and those of the case `main` to `results/NAME`.",
        "",
        "| key | default | unit | bounds | meaning |",
        "|---|---|---|---|---|",
    ]
    for key, field in _walk(Settings) + _walk_plugins(plugins):
        if _model_of(field.annotation) and key != "sources":
            kinds = (takers or {}).get(key, ())
            told = f" Taken by {' and '.join(kinds)}." if kinds else ""
            lines.append(f"| **{key}** | | | | {field.description}{told} |")
            continue
        facts = dict(_facts(field))
        lines.append(
            f"| `{key}` | `{facts.get('default', '')}` | {facts.get('unit', '')} "
            f"| {facts.get('bounds', facts.get('one of', ''))} | {field.description or ''} |"
        )
    return "\n".join(lines) + "\n"


def _walk_plugins(
    plugins: Mapping[str, type[BaseModel]] | None,
) -> list[tuple[str, FieldInfo]]:
    return [pair for group, model in (plugins or {}).items() for pair in _walk(model, f"{group}.")]


def _walk(model: type[BaseModel], prefix: str = "") -> list[tuple[str, FieldInfo]]:
    found: list[tuple[str, FieldInfo]] = []
    for name, field in model.model_fields.items():
        found.append((prefix + name, field))
        inner = _model_of(field.annotation)
        if inner and issubclass(inner, Section):
            found += _walk(inner, f"{prefix}{name}.")
    return found


def _facts(field: FieldInfo) -> list[tuple[str, str]]:
    facts = []
    extra = field.json_schema_extra
    if isinstance(extra, dict) and extra.get("unit"):
        facts.append(("unit", str(extra["unit"])))
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    bounds = [
        f"{sign} {getattr(m, name):g}"
        for m in field.metadata
        for name, sign in signs.items()
        if getattr(m, name, None) is not None
    ]
    if bounds:
        facts.append(("bounds", ", ".join(bounds)))
    choices = getattr(field.annotation, "__args__", ())
    if choices and all(isinstance(c, str) for c in choices):
        facts.append(("one of", ", ".join(choices)))
    if field.is_required():
        facts.append(("default", "(required)"))
    else:
        value = _default(field)
        if not isinstance(value, Section):
            facts.append(("default", json.dumps(value)))
    return facts


def _default(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True, validated_data={})


def _write(lines: list[str], name: str, field: FieldInfo, depth: int) -> None:
    pad = "  " * depth
    unit = dict(_facts(field)).get("unit")
    lines.append(f"{pad}# {field.description}{f' [{unit}]' if unit else ''}")
    if field.is_required():
        lines.append(f"{pad}# {name}: (required)")
        return
    value = _default(field)
    if isinstance(value, Section):
        lines.append(f"{pad}{name}:")
        for inner_name, inner in type(value).model_fields.items():
            _write(lines, inner_name, inner, depth + 1)
    else:
        text = yaml.safe_dump(value, default_flow_style=True).strip().removesuffix("...").strip()
        lines.append(f"{pad}{name}: {text}")
