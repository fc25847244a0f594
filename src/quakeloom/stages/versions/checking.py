"""Whether a run is what a version was sealed as."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from quakeloom.config import Settings
from quakeloom.stages.changes.causes import Cause, setting_causes
from quakeloom.stages.frame.partition_states import keys_below
from quakeloom.stages.versions.differences import causes_between
from quakeloom.stages.versions.seals import describe_environment, product_digests, told_settings
from quakeloom.store import RunLayout, read_json_or


@dataclass
class RunCheck:
    """A run compared with its seal.

    Attributes
    ----------
    run : str
    same : int
        Products whose bytes are those that were sealed.
    problems : list of str
        One sentence for every product that is missing, changed or new.
    causes : list of Cause
        Settings and modules that are others than those of the seal.
    """

    run: str
    same: int = 0
    problems: list[str] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)


def check_run(sealed: dict[str, Any], settings: Settings, layout: RunLayout) -> RunCheck:
    """Read every product of a run again and compare it with its seal.

    Parameters
    ----------
    sealed : dict
        The part of the seal that is about this run.
    settings : Settings
    layout : RunLayout
    """
    found = RunCheck(settings.name)
    products = sealed["products"]
    for key, digest in products.items():
        item = layout.root / key
        if not item.exists():
            found.problems.append(f"{key} is missing")
        elif item.digest(keys_below(key, products) if item.is_folder() else ()) != digest:
            found.problems.append(f"{key} is not what was sealed")
        else:
            found.same += 1
    recorded = product_digests(settings, layout)
    found.problems += [f"{k} was not sealed" for k in recorded if k not in products]
    meanings = read_json_or(layout.meanings, {"stages": {}, "modules": {}})
    now = {
        **sealed,
        "meanings": told_settings(meanings),
        "modules": meanings["modules"],
    }
    found.causes = causes_between(sealed, now)
    return found


def environment_causes(sealed: dict[str, Any]) -> list[Cause]:
    """Return what of the environment is another than when a version was sealed."""
    return [
        Cause("setting", f"environment {c.what}", c.old, c.new)
        for c in setting_causes(sealed, describe_environment())
    ]
