"""The settings of a planned run, as every job of the workflow reads them."""

from __future__ import annotations

import yaml

from quakeloom.config import Settings, parse_settings
from quakeloom.core import PlanError
from quakeloom.store import RunLayout


def read_settings(layout: RunLayout) -> Settings:
    """Read the resolved settings of a planned run.

    Raises
    ------
    PlanError
        If the run was never planned.
    """
    if not layout.settings.exists():
        raise PlanError(
            f"Run {layout.root} has no plan ({layout.settings} is missing). "
            "Run `quakeloom plan --config FILE`."
        )
    data = yaml.safe_load(layout.settings.read_text(encoding="utf-8"))
    return parse_settings(data, str(layout.settings))
