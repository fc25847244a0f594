"""Reading configuration files: cases, errors that name the key, the value and the remedy."""

from __future__ import annotations

import difflib
import os
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from quakeloom.config._examples import find_configuration, list_examples
from quakeloom.config._hash_names import find_hash_name
from quakeloom.config._models import Settings
from quakeloom.core import SettingsError

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
"""A variable of the environment in a value: ``${NAME}``, or ``${NAME:-else this}``."""

_Model = TypeVar("_Model", bound=BaseModel)
"""Model that a file is checked against."""

MAIN_CASE = "main"
"""The case whose run has the name of the file."""


_MOST_VALUES = 100_000
"""Values that a configuration may hold; chosen here: boundaries of a map have some thousands."""

_LONGEST_SHOWN = 200
"""Letters of a value that a message shows."""


@dataclass(frozen=True)
class Configuration:
    """A configuration file: one run, or several cases of it.

    Attributes
    ----------
    path : Path
        The file.
    name : str
        ``name`` of the file; results go below ``results/<name>``.
    cases : mapping of str to Settings
        By run name: ``<name>`` for the case ``main`` (or the only one) and
        ``<name>/<case>`` for the others. Order as in the file.
    """

    path: Path
    name: str
    cases: dict[str, Settings]


def load_configuration(path: Path) -> Configuration:
    """Read and check a configuration file.

    Parameters
    ----------
    path : Path
        A YAML file with the keys of :class:`Settings`, and optionally ``cases``: a mapping
        of case names to the settings that differ there. ``main`` is the run itself. The bare
        name of an example that comes with quakeloom, such as ``demo``, means that example.

    Raises
    ------
    SettingsError
        If the file is missing or no YAML, or a key, unit or value is wrong. The message
        names every problem with key, value and what to write instead.
    """
    path = find_configuration(path)
    raw = read_yaml(path)
    cases = raw.pop("cases", None)
    name = str(raw.get("name", "") or "")
    if cases is None:
        return Configuration(path, name, {name: _check(raw, path, "")})
    if not isinstance(cases, dict) or not cases:
        raise SettingsError(
            f"{path}: `cases` is {_shown(cases)}; write a mapping of case names to settings."
        )
    settings: dict[str, Settings] = {}
    for case, changes in cases.items():
        if not isinstance(changes, dict) and changes is not None:
            raise SettingsError(
                f"{path}: case '{case}' is {_shown(changes)}; write settings, or `{{}}` for none."
            )
        merged = merge_settings(raw, changes or {})
        merged["name"] = name if case == MAIN_CASE else f"{name}/{case}"
        checked = _check(merged, path, f" in case '{case}'")
        settings[checked.name] = checked
    _check_references(path, name, settings)
    return Configuration(path, name, settings)


def parse_settings(data: Mapping[str, Any], origin: str = "settings") -> Settings:
    """Check settings given as a mapping; see :func:`load_configuration` for errors."""
    return _check(dict(data), Path(origin), "")


def expand_variables(text: str) -> str:
    """Replace ``${NAME}`` and ``${NAME:-default}`` by environment variables, ``~/`` by the home."""

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found:
            return found
        if match[2] is not None:
            return match[2]
        raise SettingsError(
            f"'{text}' needs the environment variable {match[1]}, which is not set. "
            f"Set it, or write ${{{match[1]}:-some/default}}."
        )

    text = _VARIABLE.sub(value, text)
    return str(Path(text).expanduser()) if text == "~" or text.startswith("~/") else text


def _check_references(path: Path, name: str, cases: dict[str, Settings]) -> None:
    for settings in cases.values():
        for reference in (*settings.selection.screening, *settings.report.compare):
            if not reference or "." in Path(reference).name:
                continue
            run = case_run(name, reference)
            if run not in cases or run == settings.name:
                known = ", ".join(sorted(c for c in cases if c != settings.name)) or "none"
                raise SettingsError(
                    f"{path}: '{settings.name}' refers to case '{reference}', which is no other "
                    f"case of this file (others: {known})."
                )


def case_run(name: str, case: str) -> str:
    """Return the run name of a case of the configuration called ``name``."""
    return name if case == MAIN_CASE else f"{name}/{case}"


class _PlainWords(yaml.SafeLoader):
    """A YAML loader that refuses a key given twice and takes words as they are written.

    As in YAML 1.2, only ``true`` and ``false`` are truth values and numbers do not begin with
    0: the network NO, the station 0123 and the day 2021-03-04 are texts.
    """


_TRUTH = "tag:yaml.org,2002:bool"
"""YAML's name for truth values."""

_INTEGER = "tag:yaml.org,2002:int"
"""YAML's name for whole numbers."""

_TIMESTAMP = "tag:yaml.org,2002:timestamp"
"""YAML's name for days and times."""

_PlainWords.yaml_implicit_resolvers = {
    letter: [(tag, form) for tag, form in forms if tag not in (_TRUTH, _INTEGER, _TIMESTAMP)]
    for letter, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_PlainWords.add_implicit_resolver(
    _TRUTH, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_PlainWords.add_implicit_resolver(
    _INTEGER, re.compile(r"^[-+]?(?:0|[1-9][0-9_]*)$"), list("-+0123456789")
)


def _unique_mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key '{key}' is given twice", key_node.start_mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_PlainWords.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a file of settings as plain values, with words taken as they are written.

    Raises
    ------
    SettingsError
        If it is missing, no YAML, or holds something else than settings.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_PlainWords)
    except FileNotFoundError:
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*.yaml")])
        hint = f" Did you mean {path.parent / near[0]}?" if near else ""
        if path.name == str(path) and not path.suffix:
            hint = f"{hint} Examples that have a name are {', '.join(list_examples())}."
        raise SettingsError(f"There is no configuration file {path}.{hint}") from None
    except IsADirectoryError:
        raise SettingsError(
            f"{path} is a folder, not a configuration file. Nothing was run; name a file in it, or "
            f"let `quakeloom init {path}` write one."
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(
            f"{path} is no text in UTF-8, so it is no configuration file. Nothing was run; give a "
            "YAML file."
        ) from None
    except RecursionError:
        raise SettingsError(
            f"{path} has brackets or indents that are too deep for settings. Nothing was run; "
            "write `key: value` lines."
        ) from None
    except (yaml.YAMLError, OSError) as error:
        raise SettingsError(f"{path} cannot be read as YAML: {error}") from error
    if _is_larger(data, _MOST_VALUES):
        raise SettingsError(
            f"{path} holds more than {_MOST_VALUES:,} values; what an alias (`*name`) repeats "
            "counts as often as it is repeated. Nothing was run; write the settings out, without "
            "aliases of aliases."
        )
    if not isinstance(data, dict):
        held = _WHAT_IT_IS.get(type(data), "a single value")
        raise SettingsError(
            f"{path} holds {held}, not settings. Write `key: value` lines; "
            "`quakeloom config default` prints them all."
        )
    return data


_WHAT_IT_IS = {type(None): "nothing", list: "a list", str: "a sentence"}
"""What a YAML file may hold in place of settings, in words."""


def _is_larger(data: Any, limit: int) -> bool:
    """Say whether nested lists and mappings hold more values than a limit, by walking so far."""
    waiting = [data]
    for _ in range(limit):
        if not waiting:
            return False
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return bool(waiting)


def _shown(value: Any) -> str:
    """A value as written in a message, cut where it is long."""
    text = reprlib.repr(value) if isinstance(value, (dict, list)) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def merge_settings(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with changes; groups are merged key by key."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            merged[key] = merge_settings(old, value)
        else:
            merged[key] = value
    return merged


def _check(data: dict[str, Any], path: Path, where: str) -> Settings:
    return check_model(data, path, where, Settings)


def check_model(data: dict[str, Any], path: Path, where: str, model: type[_Model]) -> _Model:
    """Check values against a model.

    Raises
    ------
    SettingsError
        Naming every problem with key, value and what to write instead.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = [_describe(e, model) for e in error.errors()]
        text = "\n".join(f"  - {line}" for line in lines)
        raise SettingsError(
            f"{path}{where}: {len(lines)} setting{'s are' if len(lines) > 1 else ' is'} wrong; "
            f"nothing was run.\n{text}"
        ) from None


def _describe(error: Any, top: type[BaseModel]) -> str:
    location = [p for p in error["loc"] if not str(p).startswith("function-")]
    key = ".".join(str(p) for p in location) or "settings"
    kind = error["type"]
    given = error.get("input")
    if kind == "extra_forbidden":
        section = _section(location[:-1], top)
        names = list(section.model_fields) if section else []
        near = difflib.get_close_matches(str(location[-1]), names, n=1, cutoff=0.5)
        stem = str(location[-1]).rsplit("_", 1)[0]
        near = [n for n in names if n.rsplit("_", 1)[0] == stem] or near
        plain = str(location[-1]).replace("_", "").lower()
        near = [n for n in names if n.replace("_", "") == plain] or near
        hint = f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(names)}"
        hash_name = find_hash_name(str(location[-1]))
        if hash_name is not None:
            hint = f"HASH's {hash_name[0]} is `{hash_name[1]}` here"
        return f"`{key}: {_shown(given)}` is no known key; {hint}"
    section = _section(location[:-1], top)
    field = section.model_fields.get(str(location[-1])) if section and location else None
    meaning = f" ({field.description})" if field is not None and field.description else ""
    message = error["msg"].removeprefix("Value error, ")
    if kind == "missing":
        return f"`{key}` is missing; write it{meaning}"
    if kind == "string_type" and given is not None and not isinstance(given, dict | list):
        # a number or a truth value, where a code is wanted
        return f"`{key}: {given}`: write '{given}' in quotes; it is a text{meaning}"
    if kind in ("list_type", "tuple_type") and not isinstance(given, dict):
        return f"`{key}: {_shown(given)}`: write a list, {_as_list(given)}{meaning}"
    if kind == "invalid_key":
        return (
            f"`{key}`: keys are texts, but {location[-1]} is a number; was a comma written for "
            "the decimal point?"
        )
    if kind in ("model_type", "model_attributes_type"):
        model = _section(location, top)
        names = list(model.model_fields) if model else []
        value = given if isinstance(given, str) else _shown(given)
        if isinstance(given, bool):
            example = ", such as `{}`; leave it out for none"
        else:
            example = f", such as `{{{names[0]}: {value}}}`" if names else ""
        return f"`{key}: {_shown(given)}`: keys with values are needed here{example}{meaning}"
    if isinstance(given, dict | list) or (given is None and kind == "value_error"):
        return f"`{key}`: {message}"
    message = message[0].lower() + message[1:]
    return f"`{key}: {_shown(given)}`: {message}{meaning}"


def _as_list(given: Any) -> str:
    """What somebody who wrote one value, or several in a text, wanted to write."""
    items = [p.strip() for p in given.split(",")] if isinstance(given, str) else [given]
    return f"`[{', '.join(str(i) for i in items)}]`"


def _section(location: list[Any], top: type[BaseModel]) -> type[BaseModel] | None:
    model: type[BaseModel] | None = top
    for part in location:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(str(part)) if model else None
        model = _model_of(field.annotation) if field else None
    return model


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_of(inner)
        if found:
            return found
    return None
