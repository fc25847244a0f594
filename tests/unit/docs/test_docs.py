"""The documentation says what is so: links, commands, settings, columns, configurations."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer
import yaml
from doc_pages import (
    GENERATED,
    PAGES,
    ROOT,
    anchors,
    code_spans,
    fenced_blocks,
    links,
    shell_commands,
)
from typer.testing import CliRunner

from quakeloom.association import AssociationOptions
from quakeloom.cli._main import app
from quakeloom.config import Settings, load_configuration, settings_reference
from quakeloom.formats import FORMATS
from quakeloom.magnitude import FORMULAS as MAGNITUDE_FORMULAS
from quakeloom.schema import ARRAYS, TABLES, VARIABLES
from quakeloom.stages.every_stage import every_stage

ROOMS = sorted(p.parent.name for p in (ROOT / "src" / "quakeloom").glob("*/__init__.py"))
SUFFIXES = (
    "arc", "cff", "csv", "dat", "geojson", "html", "hyp", "in", "json", "log", "md", "nc", "npz",
    "parquet", "phase", "png", "py", "reloc", "sgt", "smk", "toml", "tsv", "txt", "xml", "yaml",
    "zarr",
)  # fmt: skip
FOREIGN = {"numpy.random.SeedSequence"}
WORDS_OF_OTHERS = {
    # files and names of other programs
    "best_error_s", "depth_m", "dip_direction", "elevation_ft", "vp_m_s",
    "p_polarity", "slurm_account", "slurm_partition", "read_name",
    "friction_at_edge", "plane_model", "quakeloom_config", "quakeloom_results", "mem_mb",
    "verb_noun",
}  # fmt: skip
BY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))


def setting_keys() -> set[str]:
    """Every key of the settings, as the generated reference names them."""
    keys = set(re.findall(r"^\| `([\w.]+)` \|", settings_reference(), re.M))
    return keys | set(Settings.model_fields)


@BY_PAGE
def test_links_and_images_lead_somewhere(page: Path) -> None:
    """Relative links name files of the repository, and anchors headings of them."""
    for target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target} does not exist"
        assert file.is_relative_to(ROOT), f"{page.name}: {target} is outside of the repository"
        if anchor:
            assert anchor in anchors(file), f"{page.name}: {target} has no such heading"


def test_every_page_is_in_the_index() -> None:
    """The index of the documentation leads to every page in at most two steps."""
    index = ROOT / "docs" / "README.md"
    near = linked_from(index)
    linked = near.union(*(linked_from(p) for p in near if p.name == "README.md"))
    missing = {p for p in (ROOT / "docs").rglob("*.md") if p != index} - linked
    assert not missing


def linked_from(page: Path) -> set[Path]:
    """Files that a page links to."""
    return {(page.parent / target.partition("#")[0]).resolve() for target in links(page)}


@BY_PAGE
def test_commands_parse(page: Path) -> None:
    """Every quakeloom command of a page has a parser that takes its arguments."""
    commands = [command for _, command in shell_commands(page)]
    commands += [s for s in code_spans(page) if s.startswith("quakeloom ")]
    for command in commands:
        if command.startswith("quakeloom"):
            parse_command(command)


def parse_command(command: str) -> None:
    """Parse a quakeloom command as the command line does, without running it."""
    words = shlex.split(command)[1:]
    node = typer.main.get_command(app)
    context = typer.Context(node, info_name="quakeloom", resilient_parsing=True)
    for place, word in enumerate(words):
        if not hasattr(node, "commands") or word.startswith("-") or word.isupper():
            break
        assert word in node.commands, f"'{command}': there is no command '{word}'"
        node = node.commands[word]
        context = typer.Context(node, info_name=word, parent=context, resilient_parsing=True)
        rest = words[place + 1 :]
    if hasattr(node, "commands"):
        return
    if "--help" in rest or rest in ([], ["..."]):
        return
    foreign = rest.index("--") if "--" in rest else len(rest)
    node.make_context(node.name, rest[:foreign])


@BY_PAGE
def test_make_targets_exist(page: Path) -> None:
    """Every make command of a page names a target of the Makefile."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    commands = [command for _, command in shell_commands(page)]
    commands += list(code_spans(page))
    for command in commands:
        if command.startswith("make "):
            named = [w for w in command.split()[1:] if "=" not in w]
            assert set(named) <= targets, f"{page.name}: {command}"


@BY_PAGE
def test_configurations_are_valid(page: Path, tmp_path: Path) -> None:
    """Every YAML block with a name is a configuration that the settings accept."""
    for block in fenced_blocks(page):
        if block.language == "yaml" and "name" in (yaml.safe_load(block.text) or {}):
            file = tmp_path / "example.yaml"
            file.write_text(block.text, encoding="utf-8")
            for settings in load_configuration(file).cases.values():
                for source in settings.sources:
                    if source.format != "auto":
                        assert source.format in FORMATS, block
                        assert set(source.options) <= set(FORMATS[source.format].options), block


@BY_PAGE
def test_python_blocks_compile(page: Path) -> None:
    """Every Python block is Python, and what it takes from quakeloom is public."""
    for block in fenced_blocks(page):
        if block.language != "python":
            continue
        compile(block.text, str(block), "exec")
        for room, names in re.findall(r"^from (quakeloom\.\w+) import (.+)$", block.text, re.M):
            public = importlib.import_module(room).__all__
            assert set(re.split(r",\s*", names)) <= set(public), block


@BY_PAGE
def test_settings_exist(page: Path) -> None:
    """A name like `section.key` is a setting, a column of a table, or a file."""
    keys = setting_keys()
    sections = {k.split(".")[0] for k in keys if "." in k}
    for span in code_spans(page):
        name = span.split(":")[0].strip()
        if not re.fullmatch(r"[a-z_]+\.[a-z_0-9]+", name) or name.rsplit(".", 1)[1] in SUFFIXES:
            continue
        first, second = name.split(".")
        if first in TABLES and second in TABLES[first].columns:
            continue
        if first in sections:
            assert name in keys, f"{page.name}: `{name}` is no setting"
        else:
            assert first not in TABLES, f"{page.name}: `{name}` is no column"


@BY_PAGE
def test_names_exist(page: Path) -> None:
    """A name with an underscore is a column, a table, a setting, a format or a public name.

    Names that end in one letter, such as `w_k`, are symbols of formulas.
    """
    if page in GENERATED:
        pytest.skip("generated from the registry itself")
    known = known_names()
    for span in code_spans(page):
        name = span.split(":")[0].strip()
        if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*_[a-z0-9]{2,}", name):
            assert name in known, f"{page.name}: `{name}` is no name of quakeloom"


def known_names() -> set[str]:
    """Every name with an underscore that the pages may mention."""
    known = {*VARIABLES, *TABLES, *ARRAYS, *FORMATS, *WORDS_OF_OTHERS}
    for table in TABLES.values():
        known |= set(table.columns)
    for variable in VARIABLES.values():
        known |= set(variable.values or ())
    for form in FORMATS.values():
        known |= set(form.options)
    for key in setting_keys():
        known |= {key, key.split(".")[-1]}
    # settings of a command that is no stage of a run
    known |= {f.name for f in dataclasses.fields(AssociationOptions)} | set(MAGNITUDE_FORMULAS)
    known |= {name for stage in every_stage() for name in stage.arrays}
    for room in ROOMS:
        known |= set(getattr(importlib.import_module(f"quakeloom.{room}"), "__all__", ()))
    for rules in (ROOT / "workflow" / "rules").glob("*.smk"):
        known |= set(re.findall(r"^rule (\w+):", rules.read_text(), re.M))
    known |= {p.stem for p in (ROOT / "resources" / "velocity_models").glob("*.txt")}
    return known


def test_generated_pages_are_current() -> None:
    """What `make docs` generates is what lies there."""
    pages = {
        "config/README.md": ["config", "reference"],
        "workflow/schemas/settings.schema.json": ["config", "schema"],
        "docs/tables.md": ["schema"],
        "docs/stages.md": ["stages"],
    }
    for page, command in pages.items():
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0
        assert (ROOT / page).read_text() == result.stdout, f"{page}: run `make docs`"


def test_columns_of_tables_exist() -> None:
    """The required columns of the CSV tables are registered for that table."""
    page = ROOT / "docs" / "own-data.md"
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", page.read_text(), re.M)
    checked = 0
    for table, cell in rows:
        if table in TABLES:
            named = set(re.findall(r"`(\w+)`", cell))
            assert named <= set(TABLES[table].columns), table
            checked += 1
    assert checked >= 6


def test_every_format_is_described() -> None:
    """The page on input names every format, and the stage pages every status and use."""
    text = (ROOT / "docs" / "own-data.md").read_text()
    assert [f for f in FORMATS if f not in text] == []
    pages = ("mechanism.md", "locate.md")
    text = "".join((ROOT / "docs" / page).read_text() for page in pages)
    words = {*VARIABLES["status"].values, *VARIABLES["use"].values}
    assert sorted(w for w in words if f"`{w}`" not in text) == []
    text = (ROOT / "docs" / "stations.md").read_text()
    assert [v for v in VARIABLES["verdict"].values if f"`{v}`" not in text] == []


def test_every_table_and_command_is_described() -> None:
    """Every table of a run and every command of the command line occurs on some page."""
    text = "\n".join(p.read_text() for p in PAGES if p not in GENERATED)
    commands = typer.main.get_command(app).commands
    assert [c for c in commands if f"quakeloom {c}" not in text] == []
    assert [t for t in TABLES if f"`{t}`" not in text and f"`{t}.parquet`" not in text] == []


def test_resources_have_their_checksums() -> None:
    """The files that come with quakeloom are those that the index names."""
    text = (ROOT / "resources" / "README.md").read_text()
    rows = re.findall(r"^\| `([\w./-]+)` \|.*\| `([0-9a-f]{64})` \|$", text, re.M)
    here = {
        str(p.relative_to(ROOT / "resources"))
        for p in (ROOT / "resources").rglob("*")
        if p.suffix in (".npz", ".txt", ".pt", ".json", ".csv")
    }
    assert {name for name, _ in rows} == here
    for name, digest in rows:
        data = (ROOT / "resources" / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest, name


def test_images_are_small() -> None:
    """Figures of the documentation stay below 200 kB, and each is used."""
    used = {(page.parent / t.partition("#")[0]).resolve() for page in PAGES for t in links(page)}
    images = list((ROOT / "docs" / "images").glob("*.png"))
    assert images
    for image in images:
        assert image.stat().st_size < 200_000, image.name
        assert image in used, f"{image.name} is on no page"


def test_the_conda_environment_follows_the_constraints() -> None:
    """Packages of envs/environment.yaml have the versions of envs/constraints.txt."""
    pinned = dict(
        line.strip().lower().replace("_", "-").split("==")
        for line in (ROOT / "envs" / "constraints.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    )
    wanted = yaml.safe_load((ROOT / "envs" / "environment.yaml").read_text())["dependencies"]
    for entry in wanted:
        name, _, version = entry.partition("=")
        if version and name != "python":
            name = name.removesuffix("-minimal")
            assert pinned[name].startswith(version), entry
    # installed without its dependencies, quakeloom finds all of them there
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split("[=<>]", entry)[0] for entry in project["dependencies"]}
    assert needed - {entry.partition("=")[0].removesuffix("-minimal") for entry in wanted} == set()
    assert needed - pinned.keys() == set()
