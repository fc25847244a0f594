"""The group of a configuration that a training needs."""

from __future__ import annotations

from typing import TypeVar

from quakeloom.core import SettingsError

Group = TypeVar("Group")


def require_training(found: Group | None, name: str) -> Group:
    """Return the group of ``training`` that says what is trained.

    Parameters
    ----------
    found : settings or None
        ``settings.training.NAME``.
    name : str

    Raises
    ------
    SettingsError
        If it is not given.
    """
    if found is None:
        raise SettingsError(
            f"The configuration has no `training.{name}`. Nothing was trained; add it (an empty "
            "mapping takes the defaults)."
        )
    return found
