"""``quakeloom stages``: the stages, their rules and the kinds of run, as the records say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import typer

from quakeloom.cli._run import find_snakefile
from quakeloom.stages.every_stage import every_stage
from quakeloom.stages.frame.stage import Stage
from quakeloom.store import read_input_text

_RULE = re.compile(r'^rule (\w+):\n(?:    "([^"]+)"\n)?', re.MULTILINE)
"""Name and docstring of a rule."""

_WORK = {
    "planning": "while planning",
    "events": "bin of events",
    "days": "day",
    "members": "block of members",
    "one": "run",
}
"""What a partition of a stage is."""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("stages")(stages)


def stages() -> None:
    """List stages, their rules and the kinds of run, as Markdown."""
    from quakeloom.config import Settings
    from quakeloom.stages.frame.chains import CHAINS
    from quakeloom.stages.frame.plugin_checks import check_stage_files

    for stage in every_stage():
        check_stage_files(stage)
    lines = [
        "# Stages, rules and kinds of run",
        "",
        "Generated from the records of the stages by `quakeloom stages`. A stage has one rule for",
        "its partitions, and `STAGE_init` and `STAGE_finalise` where it opens and gathers.",
        "",
        "## Stages",
        "",
        "| stage | what it does | runs per | reads |",
        "|---|---|---|---|",
        *(
            f"| {_link(s)} | {s.summary} | {_WORK[s.partitions]} | {_reads(s)} |"
            for s in every_stage()
        ),
        "",
        "*All* marks a stage that is read after all its partitions are gathered, *and beside* one "
        "whose days before and after are read as well.",
        "",
        "## What a stage alone writes",
        "",
        "| stage | tables | arrays and other files |",
        "|---|---|---|",
        *(
            f"| {s.name} | {_names(s.tables)} | {_names((*s.arrays, *s.files))} |"
            for s in every_stage()
            if s.owned
        ),
        "",
        "## Rules",
        "",
        "| rule | file | what it does | per |",
        "|---|---|---|---|",
        *(row for s in every_stage() for row in _rules(s)),
        "| `report` | `report.smk` | The page of the run. | run |",
        "| `found` | `plan.smk` | Plans stages whose partitions another stage has found. | run |",
        "",
        "## Kinds of run",
        "",
        "A group of settings that a kind does not take is refused.",
        "",
        "| kind | what it is | stages | groups of settings |",
        "|---|---|---|---|",
        *(
            f"| {c.name} | {c.title} | {', '.join(s.name for s in c.stages) or '-'} "
            f"| {_names([g for g in Settings.model_fields if c.takes(g)])} |"
            for c in CHAINS
        ),
    ]
    typer.echo("\n".join(lines))


def _link(stage: Stage) -> str:
    if not stage.module.startswith("quakeloom."):
        return stage.name  # of a plug-in, whose page is not among ours
    return f"[{stage.name}]({stage.name}.md)"


def _reads(stage: Stage) -> str:
    words = [
        f"{r.stage} (all)" if r.whole else f"{r.stage} (and beside)" if r.beside else r.stage
        for r in stage.reads
    ]
    return ", ".join(words) or "-"


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{n}`" for n in names) or "-"


def _rules(stage: Stage) -> list[str]:
    """Return a row for every rule of a stage's rule file, with its docstring if it has one."""
    if stage.partitions == "planning":
        return []
    per = _WORK[stage.partitions]
    known = {
        stage.name: (stage.summary, per),
        f"{stage.name}_init": ("What all partitions share is made.", "run"),
        f"{stage.name}_finalise": ("The partitions are gathered.", "run"),
    }
    file = rule_file(stage)
    rows = []
    for name, words in _RULE.findall(read_input_text(file)):
        meaning, work = known.get(name, (words, f"{per}, round"))
        rows.append(f"| `{name}` | `{file.name}` | {meaning} | {work} |")
    return rows


def rule_file(stage: Stage) -> Path:
    """Return the file with the rules of a stage."""
    if stage.rules:
        return stage.rule_file
    return find_snakefile().parent / "workflow" / "rules" / f"{stage.name}.smk"
