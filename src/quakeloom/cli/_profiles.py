"""What quakeloom itself takes from a profile: where planning runs, and how much memory there is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from quakeloom.core import QuakeloomError, SettingsError, machine_memory_mb

if TYPE_CHECKING:
    from quakeloom.config import Configuration

PROFILE_FILE = "quakeloom.yaml"
"""Name of the file in the folder of a profile that is ours; Snakemake reads ``config.yaml``."""

_MEMORY_SHARE = 0.9
"""Share of a machine's memory that jobs may promise together; the rest is the system's."""


def planning_command(profile: Path) -> tuple[str, ...]:
    """Return the command, such as ``srun --mem=8G``, that runs planning; empty to plan here.

    Parameters
    ----------
    profile : Path
        Folder of the profile; its file ``quakeloom.yaml``, if there is one, has ``plan``: the
        words of the command.

    Raises
    ------
    SettingsError
        If the file holds anything else.
    """
    file = profile / PROFILE_FILE
    if not file.is_file():
        return ()
    try:
        read = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read as YAML: {error}") from None
    words = read.get("plan", []) if isinstance(read, dict) and set(read) <= {"plan"} else None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise SettingsError(
            f"{file} may hold only `plan`, a list of the words of a command, such as "
            '`plan: [srun, "--mem=8G"]`. Nothing was planned.'
        )
    return tuple(words)


def plan_elsewhere(planner: tuple[str, ...], configuration: Configuration, results: Path) -> None:
    """Plan a configuration by a command of the profile, which waits until that is done.

    Raises
    ------
    QuakeloomError
        If the command is missing or fails.
    """
    command = [
        *planner,
        *(sys.executable, "-m", "quakeloom", "plan"),
        *("--config", str(configuration.path), "--results", str(results)),
    ]
    said = f"Planning '{configuration.name}' by `{' '.join(planner)}`, as the profile says,"
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise QuakeloomError(
            f"{said} failed: {error.strerror or error}. Nothing was run."
        ) from None
    if code:
        raise QuakeloomError(f"{said} failed (exit code {code}); the reason is above.")


def memory_limit(profile: Path, rest: tuple[str, ...]) -> list[str]:
    """Return Snakemake's words for the memory that local jobs may promise together.

    Empty where the profile submits jobs to a batch system, which counts memory itself, and where
    the caller names ``--resources``.
    """
    keys = _profile_keys(profile)
    is_named = keys is None or "resources" in keys or {"--resources", "--res"} & set(rest)
    if is_named or not runs_here(profile, rest):
        return []
    return ["--resources", f"mem_mb={int(_MEMORY_SHARE * machine_memory_mb())}"]


def runs_here(profile: Path, rest: tuple[str, ...]) -> bool:
    """Say whether a profile runs jobs on this machine, by Snakemake itself."""
    keys = _profile_keys(profile)
    return keys is not None and "executor" not in keys and not {"--executor", "-e"} & set(rest)


def _profile_keys(profile: Path) -> set[str] | None:
    """Return what a profile sets; None where its file cannot be read."""
    file = profile / "config.yaml"
    try:
        read = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except (yaml.YAMLError, UnicodeDecodeError):
        return None  # Snakemake tells what is wrong with its own file
    return set(read) if isinstance(read, dict) else set()
