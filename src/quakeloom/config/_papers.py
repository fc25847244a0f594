"""Papers that are rerun: what is computed, and the numbers that it is held against."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator, model_validator

from quakeloom.config._fields import Section, setting
from quakeloom.config._load import check_model, merge_settings, read_yaml
from quakeloom.core import SettingsError, find_shipped


class NeededData(Section):
    """Files that a paper or one of its runs needs."""

    path: str = setting(..., "File or folder, below `data` of the paper.")
    source: str = setting(..., "Where it comes from, and who may have it.")


class GridCatalog(Section):
    """A catalog of mechanisms that a run maps, made from the input of SATSI."""

    mechanisms: str = setting(..., "Input of SATSI, below `data` of the paper.")
    projection: str = setting(
        ..., "Projection of the grid in km, such as `+proj=utm +zone=10 +units=km`."
    )
    origin_km: list[float] = setting(..., "Easting and northing of X = 0, Y = 0.", "km")
    step_km: float = setting(..., "Distance of grid points.", "km", gt=0)

    @field_validator("origin_km")
    @classmethod
    def _has_two_numbers(cls, origin: list[float]) -> list[float]:
        if len(origin) != 2:
            raise ValueError(f"{origin} is no origin; write [easting, northing] in km")
        return origin


class PaperRun(Section):
    """One run of a paper: an example of quakeloom, or settings of its own."""

    name: str = setting(..., "Name by which the numbers call it.")
    example: str = setting("", "Name of a configuration that comes with quakeloom.")
    cases: list[str] = setting(list, "Cases of it that are run; empty: all.")
    settings: dict[str, Any] = setting(
        dict, "Settings of the run, or what differs from those of the example."
    )
    grid_catalog: GridCatalog | None = setting(
        None, "Mechanisms on a grid, which become the catalog that the run maps; none if absent."
    )
    needs: list[NeededData] = setting(
        list, "Data that may be absent: without them this run is left out."
    )

    @field_validator("name")
    @classmethod
    def _name_is_a_word(cls, name: str) -> str:
        if not name.replace("-", "").replace("_", "").isalnum():
            raise ValueError(f"'{name}' cannot name a run; use letters, digits, '-' and '_'")
        return name

    @model_validator(mode="after")
    def _has_settings(self) -> PaperRun:
        if not self.example and not self.settings:
            raise ValueError(f"the run '{self.name}' needs an `example` or `settings`")
        return self

    @property
    def is_example(self) -> bool:
        """Whether an example is run as it is."""
        return bool(self.example) and not self.cases and not self.settings


class PaperNumber(Section):
    """One number of a paper, how ours is computed, and how near the two must be."""

    name: str = setting(..., "What it is.")
    published: float | str = setting(..., "The published value; a text where it is none.")
    uncertainty: float | None = setting(None, "Its uncertainty, in its unit.", ge=0)
    unit: str = setting("", "Unit; empty for counts and shares.")
    where: str = setting(..., "Where it stands: table, figure, page or file.")
    ours: dict[str, Any] = setting(
        ..., "How ours is computed: `number`, a function by name, and its arguments."
    )
    period: float | None = setting(
        None, "Values that differ by this are the same, 180 for axes.", "deg", gt=0
    )
    agrees_within: float = setting(0.0, "Largest difference that counts as agreement.", ge=0)
    because: str = setting(..., "Why the tolerance is what it is.")
    explanation: str = setting("", "Why ours differs, where it does.")

    @field_validator("ours")
    @classmethod
    def _names_a_function(cls, ours: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(ours.get("number"), str):
            raise ValueError("write `number: NAME` of a function, and its arguments")
        return ours


class PaperFacts(Section):
    """What the paper is, and what of it is rerun."""

    title: str = setting(..., "A short title of the rerun.")
    citation: str = setting(..., "The paper.")
    doi: str = setting("", "Its DOI.")
    rerun: str = setting(..., "What is rerun, and how much of it.")
    synthetic: bool = setting(False, "Whether what is rerun is simulated, not recorded.")
    whole: str = setting("", "Command for the whole set, where a part of it is rerun.")
    absent: str = setting("", "What cannot be rerun here, why, and where its data would go.")


class Paper(Section):
    """A file of `config/papers`."""

    paper: PaperFacts = setting(..., "What the paper is.")
    data: str = setting(".", "Folder of the data; `${VARIABLE:-default}` is expanded.")
    needs: list[NeededData] = setting(list, "Data without which nothing can be rerun.")
    runs: list[PaperRun] = setting(list, "Runs that the numbers are taken from.")
    numbers: list[PaperNumber] = setting(..., "Numbers of the paper.")
    picture: Literal["", "trench"] = setting(
        "", "Picture of what the numbers are computed from; none if empty."
    )

    @model_validator(mode="after")
    def _names_are_unique(self) -> Paper:
        for what, names in (
            ("runs", [r.name for r in self.runs]), ("numbers", [n.name for n in self.numbers])
        ):  # fmt: skip
            twice = sorted({n for n in names if names.count(n) > 1})
            if twice:
                raise ValueError(f"`{what}` has '{twice[0]}' twice; give each a name of its own")
        return self


def list_papers() -> dict[str, Path]:
    """Return the papers that come with quakeloom, by name."""
    folder = find_shipped("examples/papers")
    files = sorted(folder.glob("*.yaml")) if folder is not None else []
    return {file.stem: file for file in files}


def load_paper(name: str) -> tuple[str, Paper]:
    """Read and check a paper.

    Parameters
    ----------
    name : str
        Name of a paper that comes with quakeloom, or a file of one's own.

    Returns
    -------
    name : str
        Without folder and suffix.
    paper : Paper

    Raises
    ------
    SettingsError
        If there is none, with the nearest name; or if the file is wrong, with every problem.
    """
    known = list_papers()
    path = known.get(name, Path(name))
    if name not in known and not path.is_file():
        near = difflib.get_close_matches(path.stem, known, n=1, cutoff=0.4)
        near = near or [k for k in known if path.stem.split("-")[0] in k.split("-")][:1]
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise SettingsError(
            f"There is no paper '{name}'.{hint} Nothing was run; known are {', '.join(known)}."
        )
    return path.stem, check_model(read_yaml(path), path, "", Paper)


def paper_settings(paper: str, run: PaperRun, data: str) -> dict[str, Any]:
    """Return the raw configuration of a run that is no example as it is.

    It has a name of its own, so that it replaces the results of no other configuration, and the
    data of the paper unless it names others.
    """
    raw: dict[str, Any] = {"data": data}
    if run.example:
        file = find_shipped(f"examples/{run.example}.yaml")
        if file is None:
            raise SettingsError(
                f"Run '{run.name}' of paper '{paper}' names the example '{run.example}', which "
                "does not come with quakeloom. Nothing was run; `quakeloom config examples` lists "
                "them."
            )
        raw = read_yaml(file)
    cases = dict(raw.get("cases") or {})
    if run.cases:
        unknown = sorted(set(run.cases) - set(cases))
        if unknown:
            raise SettingsError(
                f"Run '{run.name}' of paper '{paper}' wants the case '{unknown[0]}' of example "
                f"'{run.example}', which has {', '.join(cases) or 'none'}. Nothing was run."
            )
        raw["cases"] = {name: _alone(cases[name], run.cases) for name in run.cases}
    merged = merge_settings(raw, run.settings)
    name = f"paper-{paper}" if run.name == "main" else f"paper-{paper}-{run.name}"
    return {**merged, "name": name}


def _alone(case: Any, kept: list[str]) -> dict[str, Any]:
    """Return a case without comparisons with cases that are not run."""
    found = dict(case or {})
    report = dict(found.get("report") or {})
    if "compare" in report:
        report["compare"] = [c for c in report["compare"] if c in kept or "." in c]
        found["report"] = report
    return found
