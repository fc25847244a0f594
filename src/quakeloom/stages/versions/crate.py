"""A version as an RO-Crate: a ZIP archive that says in JSON-LD what it holds, as Zenodo takes it.

References
----------
Sefton, P., et al. (2020). RO-Crate Metadata Specification 1.1. doi:10.5281/zenodo.4031327
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from quakeloom.core import InputError, find_shipped
from quakeloom.schema import TABLES
from quakeloom.stages.versions.seals import read_object
from quakeloom.store import Item, atomic_file, open_item, read_bytes

METADATA = "ro-crate-metadata.json"
"""Name of the file by which an RO-Crate is known."""

_CONTEXT = "https://w3id.org/ro/crate/1.1"
"""Version 1.1 of the specification."""

_PROGRAM = "#quakeloom"
"""Identifier of the program within the crate."""

_OLDEST = (1980, 1, 1, 0, 0, 0)
"""Time of all files in the archive, the first that ZIP knows: the same version, the same bytes."""

_KINDS = {
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "yaml": "application/yaml",
    "cff": "text/yaml",
}
"""Media types by the end of the name."""


@dataclass(frozen=True)
class Publication:
    """What people say of a version that they publish.

    Attributes
    ----------
    title : str
    authors : sequence of str
        Names; may be empty.
    license : str
        Address of a licence; empty if none is stated.
    """

    title: str
    authors: Sequence[str] = ()
    license: str = ""


@dataclass(frozen=True)
class _File:
    name: str
    content: bytes
    meaning: str
    digest: str = ""


def export_version(
    folder: Item, seal: dict[str, Any], publication: Publication, out: Item
) -> list[str]:
    """Write a version as an RO-Crate; return the names of its files.

    It holds the tables that the version keeps, the seal, the settings of every run, citations of
    the version and of quakeloom, and the metadata. The same version gives the same bytes.

    Parameters
    ----------
    folder : Item
        Of the versions.
    seal : dict
    publication : Publication
    out : Item
        ZIP archive; replaced if it is there.

    Raises
    ------
    InputError
        If a kept table is gone, or the citation of quakeloom.
    VerificationError
        If a kept table is not what was sealed.
    """
    files = [*_tables(folder, seal), *_about(seal, publication)]
    metadata = describe_crate(seal, publication, files)
    text = json.dumps(metadata, indent=1, ensure_ascii=False) + "\n"
    files.append(_File(METADATA, text.encode(), "Metadata of the crate."))
    with atomic_file(out) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.name, _OLDEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.content)
    return [f.name for f in files]


def _tables(folder: Item, seal: dict[str, Any]) -> list[_File]:
    """Return the kept tables of all runs."""
    return [
        _File(
            f"runs/{run}/{table}.parquet",
            read_bytes(read_object(folder, digest)),
            TABLES[table].meaning if table in TABLES else "",
            digest,
        )
        for run, sealed in seal["runs"].items()
        for table, digest in sealed["kept"].items()
    ]


def _about(seal: dict[str, Any], publication: Publication) -> list[_File]:
    """Return the seal, the settings and the citations."""
    program = find_shipped("CITATION.cff")
    if program is None:
        raise InputError(
            "The citation of quakeloom (CITATION.cff) is missing. Nothing was exported; install "
            "quakeloom again."
        )
    files = [
        _File(
            "seal.json",
            (json.dumps(seal, indent=1, sort_keys=True) + "\n").encode(),
            "Digests of all products of the version, its settings, code and environment.",
        ),
        _File(
            "CITATION.cff",
            yaml.safe_dump(_citation(seal, publication), sort_keys=False).encode(),
            "How this version is cited.",
        ),
        _File(
            "quakeloom/CITATION.cff",
            read_bytes(open_item(program)),
            "How the program is cited that made it, with the papers of its methods.",
        ),
    ]
    for run, sealed in seal["runs"].items():
        text = yaml.safe_dump(sealed["settings"], sort_keys=False)
        files.append(_File(f"runs/{run}/settings.yaml", text.encode(), f"Settings of run {run}."))
    return files


def _citation(seal: dict[str, Any], publication: Publication) -> dict[str, Any]:
    """Return the citation of a version in the Citation File Format."""
    authors = [{"name": n} for n in publication.authors] or [{"name": "Authors not stated"}]
    return {
        "cff-version": "1.2.0",
        "message": "If you use this data set, please cite it.",
        "type": "dataset",
        "title": publication.title,
        "version": seal["version"],
        "date-released": seal["made"][:10],
        "authors": authors,
        "identifiers": [
            {
                "type": "other",
                "value": f"quakeloom-seal:{seal['digest']}",
                "description": "Digest of the seal of this version.",
            }
        ],
        "references": [
            {
                "type": "software",
                "title": "quakeloom",
                "version": seal["quakeloom"],
                "authors": [{"name": "The quakeloom developers"}],
            }
        ],
    }


def describe_crate(
    seal: dict[str, Any], publication: Publication, files: Sequence[_File]
) -> dict[str, Any]:
    """Return the metadata of a crate: descriptor, data set, files, who and what made it."""
    people = [
        {"@id": f"#author-{i + 1}", "@type": "Person", "name": name}
        for i, name in enumerate(publication.authors)
    ]
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": publication.title,
        "description": seal["message"] or f"Version {seal['version']} of {publication.title}.",
        "version": seal["version"],
        "datePublished": seal["made"][:10],
        "identifier": f"quakeloom-seal:{seal['digest']}",
        "hasPart": [{"@id": f.name} for f in files],
        "mentions": [{"@id": "#made"}],
    }
    entities: list[dict[str, Any]] = []
    if publication.license:
        root["license"] = {"@id": publication.license}
        entities.append(
            {"@id": publication.license, "@type": "CreativeWork", "name": publication.license}
        )
    if people:
        root["author"] = [{"@id": p["@id"]} for p in people]
    made = {
        "@id": "#made",
        "@type": "CreateAction",
        "name": f"quakeloom made version {seal['version']}",
        "endTime": seal["made"],
        "instrument": {"@id": _PROGRAM},
        "result": [{"@id": f.name} for f in files if f.digest],
    }
    program = {
        "@id": _PROGRAM,
        "@type": "SoftwareApplication",
        "name": "quakeloom",
        "version": seal["quakeloom"],
        "softwareRequirements": f"Python {seal['environment']['python']}",
    }
    return {
        "@context": f"{_CONTEXT}/context",
        "@graph": [
            {
                "@id": METADATA,
                "@type": "CreativeWork",
                "conformsTo": {"@id": _CONTEXT},
                "about": {"@id": "./"},
            },
            root,
            *(_describe_file(f) for f in files),
            *people,
            *entities,
            made,
            program,
        ],
    }


def _describe_file(file: _File) -> dict[str, Any]:
    described: dict[str, Any] = {
        "@id": file.name,
        "@type": "File",
        "name": file.name.rpartition("/")[2],
        "description": file.meaning,
        "encodingFormat": _KINDS.get(file.name.rpartition(".")[2], "application/octet-stream"),
        "contentSize": str(len(file.content)),
    }
    if file.digest:
        described["identifier"] = f"blake2b-128:{file.digest}"
    return described
