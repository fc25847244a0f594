"""``quakeloom paper``: reruns a paper, and shows its numbers beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from quakeloom.cli._run import (
    Results,
    WorkflowCall,
    find_snakefile,
    refuse_unusable_folder,
    run_workflow,
    working_alone,
)
from quakeloom.core import InputError, QuakeloomError, SettingsError
from quakeloom.store import open_item, write_text_if_changed

if TYPE_CHECKING:
    from quakeloom.config import Configuration, Paper, Settings
    from quakeloom.report import PaperResult
    from quakeloom.store import RunLayout

_NAME_WIDTH = 24
"""Letters of the first column at least; chosen here, so that names do not become a word a line."""


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("paper")(paper)


def paper(
    name: Annotated[
        str, typer.Argument(help="Name of the paper; without it all are listed.", metavar="NAME")
    ] = "",
    cores: Annotated[int, typer.Option(min=0, help="Processor cores to use; 0 for all.")] = 0,
    results: Results = Path("results"),
    markdown: Annotated[
        bool,
        typer.Option("--markdown", help="Print the numbers of all papers as Markdown."),
    ] = False,
) -> None:
    """Rerun a paper and show its numbers beside ours, with a page; list the papers without NAME.

    Runs go to the folder of results as those of `quakeloom run` do, so that what is done is kept.
    The table, numbers.csv, numbers.json and index.html go to papers/NAME. The exit code is 1 if a
    number does not agree and nothing explains it, 2 if data are missing.
    """
    if markdown and name:
        raise SettingsError("--markdown prints all papers; leave out the name. Nothing was run.")
    if markdown:
        _print_markdown(results)
        return
    if not name:
        _list_papers()
        return
    found = _rerun(name, cores, results)
    _show(found)
    page = open_item(results) / "papers" / found.name / "index.html"
    typer.echo(f"page: {page}")
    unexplained = [n.name for n in found.numbers if n.is_unexplained]
    if unexplained:
        raise QuakeloomError(
            f"{len(unexplained)} number(s) of '{found.name}' do not agree with the paper, and the "
            f"paper's file has no explanation: {', '.join(unexplained)}. All is written; find out "
            "why, and add an `explanation`."
        )


def _rerun(name: str, cores: int, results: Path) -> PaperResult:
    """Run what a paper needs, compare its numbers, and write table and page."""
    from quakeloom.cli._console import status
    from quakeloom.config import load_paper
    from quakeloom.report import PaperResult, build_paper_page
    from quakeloom.stages.papers.comparing import (
        check_numbers,
        compare_numbers,
        missing_sentences,
        runs_at_hand,
    )
    from quakeloom.stages.papers.files import (
        papers_folder,
        run_configuration,
        run_layouts,
        write_numbers,
    )
    from quakeloom.stages.papers.results import PaperResults
    from quakeloom.stages.papers.trench_numbers import trench_picture

    name, loaded = load_paper(name)
    check_numbers(name, loaded)
    _refuse_missing(name, loaded)
    refuse_unusable_folder(results)
    folder = papers_folder(open_item(results)) / name
    ready, waiting = runs_at_hand(loaded)
    layouts: dict[str, RunLayout] = {}
    runs: list[tuple[str, Settings, RunLayout]] = []
    for run in ready:
        configuration = run_configuration(name, loaded, run, folder)
        _run_all(configuration, results, cores)
        found = run_layouts(run, configuration, open_item(results))
        layouts |= found
        runs += list(
            zip(found, configuration.cases.values(), found.values(), strict=True)
        )  # fmt: skip
    made = PaperResults(loaded.data, layouts)
    with status("comparing") as say:
        numbers = compare_numbers(loaded, made, say)
    write_numbers(folder, numbers)
    missing = [s for _, lacking in waiting for s in missing_sentences(loaded.data, lacking)]
    trench = trench_picture(made) if loaded.picture == "trench" else None
    result = PaperResult(name, loaded, numbers, runs, missing, trench)
    write_text_if_changed(folder / "index.html", build_paper_page(result))
    return result


def _run_all(configuration: Configuration, results: Path, cores: int) -> None:
    """Plan and run a configuration as ``quakeloom run`` does."""
    from quakeloom.cli._console import status
    from quakeloom.stages.planning import plan_configuration

    with working_alone(configuration, results):
        with status("planning") as say:
            plan_configuration(configuration, results, say)
        run_workflow(configuration, results, WorkflowCall(find_snakefile(None), cores=cores))


def _refuse_missing(name: str, loaded: Paper) -> None:
    from quakeloom.stages.papers.comparing import missing_data, missing_sentences

    sentences = missing_sentences(loaded.data, missing_data(loaded.data, loaded.needs))
    if sentences:
        listed = "\n".join(f"  - {s}" for s in sentences)
        raise InputError(
            f"Paper '{name}' cannot be rerun without its data; nothing was run. Put them there, or "
            f"name their folder by the environment variable QUAKELOOM_SHARED_DATA.\n{listed}"
        )


def _list_papers() -> None:
    from quakeloom.config import list_papers, load_paper
    from quakeloom.stages.papers.comparing import missing_data, missing_sentences, runs_at_hand

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("paper", "what", "numbers", "data"):
        table.add_column(column, overflow="fold")
    sentences: dict[str, list[str]] = {}
    for name in list_papers():
        _, loaded = load_paper(name)
        lacking = missing_data(loaded.data, loaded.needs)
        later = [n for _, needs in runs_at_hand(loaded)[1] for n in needs]
        state = "missing" if lacking else "in part" if later else "at hand"
        if not loaded.needs and not later:
            state = "none needed"
        sentences[name] = missing_sentences(loaded.data, [*lacking, *later])
        title = f"{loaded.paper.title}{', synthetic' if loaded.paper.synthetic else ''}"
        table.add_row(name, title, str(len(loaded.numbers)), state)
    Console(markup=False).print(table)
    for name, lines in sentences.items():
        for line in lines:
            typer.echo(f"{name}: {line}")


def _show(found: PaperResult) -> None:
    """Print the table of numbers, and why some do not agree."""
    from quakeloom.report import (
        agreement_sentence,
        agreement_word,
        measured_words,
        value_words,
        within_words,
    )

    table = Table(title=found.paper.paper.title, title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("number", "paper", "ours", "within", "agrees"):
        if column in ("number", "agrees"):
            width = _NAME_WIDTH if column == "number" else None
            table.add_column(column, overflow="fold", min_width=width)
        else:
            table.add_column(column, justify="right", overflow="fold")
    for n in found.numbers:
        table.add_row(
            n.name, value_words(n.published, n.unit, n.uncertainty), measured_words(n.ours, n),
            within_words(n), agreement_word(n),
        )  # fmt: skip
    Console(markup=False).print(table)
    for n in found.numbers:
        if n.agrees is False:
            typer.echo(f"{n.name}: {n.explanation or 'nothing explains this'}")
    for sentence in found.missing:
        typer.echo(f"left out: {sentence}")
    typer.echo(agreement_sentence(found.numbers))


def _print_markdown(results: Path) -> None:
    from quakeloom.config import list_papers, load_paper
    from quakeloom.report import PaperResult, papers_markdown
    from quakeloom.stages.papers.files import papers_folder, read_numbers

    found = []
    for name in list_papers():
        _, loaded = load_paper(name)
        numbers = read_numbers(papers_folder(open_item(results)) / name)
        if numbers is None:
            raise InputError(
                f"Paper '{name}' has no numbers in '{results}'. Nothing was printed; run "
                f"`quakeloom paper {name}` first."
            )
        found.append(PaperResult(name, loaded, numbers))
    typer.echo(papers_markdown(found), nl=False)
