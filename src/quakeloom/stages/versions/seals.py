"""Seals of finished runs: digests of all products, settings, code, environment; what is kept.

A seal lies in ``versions/NAME.json`` of a configuration's results. The tables that a comparison
needs lie beside it under their digests, once for all versions that have them; they are second
names of the files of the run, which cost room only when the run has new ones.
"""

from __future__ import annotations

import importlib.metadata
import platform
import re
from collections.abc import Iterable
from typing import Any

from quakeloom import __version__
from quakeloom.config import Settings
from quakeloom.core import InputError, SettingsError, VerificationError, digest_json
from quakeloom.stages.frame.chains import find_chain, run_stages, taken_settings
from quakeloom.stages.frame.finished_state import finished_stages, stage_modules
from quakeloom.stages.frame.partition_states import planned_partitions, refuse_unfinished
from quakeloom.store import (
    Item,
    RunLayout,
    link_item,
    read_json,
    read_json_or,
    read_seal,
    write_json_if_changed,
)

KEPT_TABLES = ("mechanisms", "hypocenters", "stress", "tendency")
"""Tables of a run that a version keeps, as far as there are such."""

_KEPT_ROWS = ("events", "polarities", "picks", "amplitudes")
"""Tables of rows of a partition that a version keeps: by them it is told why results differ."""

_SHARED_ROWS = ("stations", "reversals", "sp_corrections")
"""Tables of rows that all partitions share."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Names of versions: they are names of files everywhere."""

_OBJECTS = "objects"
"""Folder of kept tables, by digest; no version has its name."""


def versions_folder(results: Item, name: str) -> Item:
    """Return the folder of the versions of a configuration."""
    return results / name / "versions"


def object_item(folder: Item, digest: str) -> Item:
    """Return where a kept table lies."""
    return folder / _OBJECTS / f"{digest}.parquet"


def read_version(folder: Item, tag: str) -> dict[str, Any]:
    """Read the seal of a version.

    Raises
    ------
    SettingsError
        If there is none; the message lists those that there are.
    VerificationError
        If it was changed since it was written.
    """
    file = folder / f"{tag}.json"
    if not _NAME.fullmatch(tag) or not file.exists():
        known = ", ".join(v["version"] for v in list_versions(folder)) or "none"
        raise SettingsError(
            f"There is no version '{tag}' in {folder} (there are: {known}). Nothing was done; "
            "name one of them, or seal the run with `quakeloom version tag`."
        )
    seal = dict(read_json(file))
    content = {k: v for k, v in seal.items() if k != "digest"}
    if seal.get("digest") != digest_json(content):
        raise VerificationError(
            f"The seal {file} was changed since it was written, so it proves nothing. Take it "
            "from a copy, or seal the run again under another name."
        )
    return seal


def list_versions(folder: Item) -> list[dict[str, Any]]:
    """Return the seals of a configuration, by the time they were made."""
    seals = [
        read_json_or(f, {})
        for f in folder.children()
        if not f.is_folder() and f.name.endswith(".json")
    ]
    return sorted((s for s in seals if "version" in s), key=lambda s: (s["made"], s["version"]))


def seal_version(
    folder: Item, tag: str, message: str, made: str, runs: Iterable[tuple[Settings, RunLayout]]
) -> dict[str, Any]:
    """Seal finished runs as a version, and keep what a comparison needs.

    Parameters
    ----------
    folder : Item
        Of the versions.
    tag : str
        Name of the version: letters, digits, ``.``, ``_`` and ``-``.
    message : str
    made : str
        When, as text.
    runs : iterable of (Settings, RunLayout)
        All runs of a configuration, planned.

    Raises
    ------
    SettingsError
        If the name is taken or cannot be one.
    IncompleteError
        If a run is not wholly computed under its present plan.
    VerificationError
        If a table is not as it was written.
    """
    if not _NAME.fullmatch(tag) or tag == _OBJECTS:
        raise SettingsError(
            f"'{tag}' cannot be the name of a version: it takes letters, digits, `.`, `_` and `-`, "
            "64 at most. Nothing was sealed."
        )
    if (folder / f"{tag}.json").exists():
        raise SettingsError(
            f"There is a version '{tag}' already, and a seal is not replaced. Nothing was sealed; "
            "take another name."
        )
    described = {}
    for settings, layout in runs:
        refuse_unfinished(layout, run_stages(settings), "nothing was sealed")
        described[settings.name] = _seal_run(folder, settings, layout)
    content = {
        "version": tag,
        "message": message,
        "made": made,
        "quakeloom": __version__,
        "environment": describe_environment(),
        "runs": described,
    }
    seal = {**content, "digest": digest_json(content)}
    write_json_if_changed(folder / f"{tag}.json", seal)
    return seal


def describe_environment() -> dict[str, Any]:
    """Return Python, the machine's kind and the version of every package that is installed."""
    packages = {
        str(d.metadata["Name"]): d.version
        for d in importlib.metadata.distributions()
        if d.metadata["Name"]
    }
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "packages": dict(sorted(packages.items())),
    }


def product_digests(settings: Settings, layout: RunLayout) -> dict[str, str]:
    """Return the digests of all products of a run, as its markers recorded them.

    Products are what stages own; the parts that they are gathered from are none.
    """
    found: dict[str, str] = {}
    for stage in finished_stages(settings):
        markers = [layout.done(stage.name, p) for p in planned_partitions(layout, stage.name)]
        if stage.gathers:
            markers.append(layout.done_step(stage.name, "finalise"))
        for marker in markers:
            for key, digest in read_json(marker).get("digests", {}).items():
                if not key.startswith("parts/"):
                    found[key] = digest
    return dict(sorted(found.items()))


def told_settings(meanings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the settings of every stage, those with what is only shown, as JSON values."""
    return {
        name: {**meaning["settings"], **meaning.get("shown", {})}
        for name, meaning in meanings["stages"].items()
    }


def _seal_run(folder: Item, settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Return the part of a seal that is about one run, and keep its tables."""
    products = product_digests(settings, layout)
    meanings = read_json_or(layout.meanings, {"stages": {}, "modules": {}})
    number = {name: i for i, name in enumerate(sorted(meanings["modules"]))}
    code = {
        s.name: sorted(number[m] for m in stage_modules(s) if m in number)
        for s in run_stages(settings)
    }
    kept = {}
    for table in KEPT_TABLES:
        name = f"{table}.parquet"
        if name in products:
            kept[table] = _keep(folder, layout.table(table), products[name])
    provenance = read_json_or(layout.provenance, {})
    return {
        "kind": find_chain(settings).name,
        "products": products,
        "settings": taken_settings(settings),
        "meanings": told_settings(meanings),
        "modules": dict(sorted(meanings["modules"].items())),
        "code": code,
        "sources": provenance.get("inputs_digest", ""),
        "kept": kept,
        "rows": _keep_rows(folder, layout),
    }


def _keep_rows(folder: Item, layout: RunLayout) -> dict[str, dict[str, str]]:
    """Keep the rows of all partitions; return their digests by partition and table."""
    found: dict[str, dict[str, str]] = {}
    for rows in (layout.ingest / "partitions").children():
        sealed = read_seal(rows)
        found[rows.name] = {
            table: _keep(folder, rows / f"{table}.parquet", sealed[f"{table}.parquet"])
            for table in _KEPT_ROWS
            if f"{table}.parquet" in sealed
        }
    shared = {}
    for table in _SHARED_ROWS:
        file = layout.ingest / f"{table}.parquet"
        if file.exists():
            shared[table] = _keep(folder, file, file.digest())
    return {**found, "": shared} if shared else found


def _keep(folder: Item, file: Item, digest: str) -> str:
    """Keep a file under its digest."""
    there = object_item(folder, digest)
    if there.exists() and there.digest() == digest:
        return digest
    if not file.exists() or file.digest() != digest:
        raise VerificationError(
            f"{file} has changed since it was written, so it cannot be sealed. Run `quakeloom "
            "verify` and `quakeloom run` again."
        )
    there.remove()
    link_item(file, there)
    return digest


def read_object(folder: Item, digest: str) -> Item:
    """Return a kept table, checked.

    Raises
    ------
    InputError
        If it is gone.
    VerificationError
        If it is another one now.
    """
    there = object_item(folder, digest)
    if not there.exists():
        raise InputError(
            f"{there}, which versions keep, is gone. Take it from a copy of the folder; the run "
            "itself is not touched."
        )
    if there.digest() != digest:
        raise VerificationError(
            f"{there} is no longer what was sealed. Take it from a copy of the folder; the run "
            "itself is not touched."
        )
    return there
