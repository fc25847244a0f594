"""Settings of rocks told apart by their analyses, in the report."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from quakeloom.config import Settings
from quakeloom.plots import plot_indicators, plot_letter_matrix, plot_state_density
from quakeloom.report._blocks import Grid, Section, Text, page_picture
from quakeloom.report._left_out import left_out_blocks
from quakeloom.report._phrases import count, whole
from quakeloom.store import RunLayout, read_table

_DRAWN = 60
"""Best subsets that are drawn; chosen here."""

_ROWS = 15
"""Best subsets that are listed; chosen here."""


def discriminate_section(settings: Settings, layout: RunLayout) -> Section:
    """Return how well settings are told apart, and by which elements."""
    section = Section("discriminate", "Settings told apart by analyses")
    if not layout.table("discriminate_scores").exists():
        return section
    models, density, columns, scores, samples = (
        read_table(layout.table(f"discriminate_{n}"), f"discriminate_{n}")
        for n in ("models", "density", "columns", "scores", "samples")
    )
    names = columns["element"].to_pylist()
    first = models.slice(0, 1).to_pylist()[0]
    total = int(density["subset_count"].to_numpy().sum())
    near = int(np.count_nonzero(models["near_best"].to_numpy(zero_copy_only=False)))
    more = "at least " if near == models.num_rows and total > near else ""
    truth = columns["truly_informative"].to_numpy()
    section.add(
        Text(
            f"{whole(total)} subsets of {count(len(names), 'column')} were tried. The best has "
            f"{count(first['column_count'], 'column')} ({first['column_names']}); "
            f"{more}{whole(near)} are within its standard error.",
            "lead",
        ),
        _truth_text(names, truth, columns) if (truth >= 0).any() else None,
        _score_grid(scores),
        Text(
            "The chosen columns are the best of many, so their score is too good; the nested one "
            "chooses again without the samples that it is judged by.",
            "note",
        ),
        *_pictures(models, density, columns),
        _confusion(samples),
        _model_grid(models),
    )
    return section.add(*left_out_blocks(layout, "discriminate"))


def _truth_text(names: list[str], truth: Any, columns: pa.Table) -> Text:
    chosen = columns["column_chosen"].to_numpy(zero_copy_only=False).astype(bool)
    true = truth == 1
    words = ", ".join(n for n, t in zip(names, true, strict=True) if t)
    return Text(
        f"The rocks are synthetic. Their settings differ in {words}, of which "
        f"{int((chosen & true).sum())} of {int(true.sum())} are chosen, with "
        f"{int((chosen & ~true).sum())} of the others.",
        "note",
    )


def _score_grid(scores: pa.Table) -> Grid:
    return Grid(
        ("Columns", "Number", "Balanced accuracy", "Accuracy", "Log loss"),
        [
            (
                r["score_of"], str(r["column_count"]),
                f"{r['balanced_accuracy']:.3f} ± {r['balanced_accuracy_sd']:.3f}",
                f"{r['accuracy']:.3f}", f"{r['log_loss']:.3f}",
            )
            for r in scores.to_pylist()
        ],
        "Logistic regression; samples are judged by folds that they are not in. ±: standard "
        "deviation over folds.",
        (False, True, True, True, True),
    )  # fmt: skip


def _pictures(models: pa.Table, density: pa.Table, columns: pa.Table) -> list[Any]:
    names = columns["element"].to_pylist()
    first = models.slice(0, 1).to_pylist()[0]
    has = np.array(
        [[n in set(c.split()) for n in names] for c in models["column_names"].to_pylist()[:_DRAWN]]
    )
    edges = np.append(density["error_low"].to_numpy(), density["error_high"].to_numpy()[-1])
    states = partial(
        plot_state_density, edges, density["subset_count"].to_numpy(), first["cv_error"],
        first["cv_error"] + first["cv_error_se"],
    )  # fmt: skip
    indicators = partial(
        plot_indicators, names, has, columns["column_weight"].to_numpy(),
        columns["column_stability"].to_numpy(),
    )  # fmt: skip
    return [
        page_picture(states, "Density of states.", "How many subsets have which error."),
        page_picture(
            indicators, "Indicator diagram.",
            "Columns of the best subsets (dark: has it), and the share of subsets that have it: "
            "of those within a standard error of the best, and of the best of resamples of folds.",
        ),
    ]  # fmt: skip


def _confusion(samples: pa.Table) -> Any:
    names = sorted(set(samples["stated_setting"].to_pylist()))
    place = {n: k for k, n in enumerate(names)}
    matrix = np.zeros((len(names), len(names)), int)
    for true, said in zip(
        samples["stated_setting"].to_pylist(), samples["predicted_setting"].to_pylist(), strict=True
    ):
        matrix[place[true], place[said]] += 1
    short = [n if len(n) <= 10 else f"{n[:9]}…" for n in names]
    draw = partial(plot_letter_matrix, matrix, short, "Stated setting", "Most likely setting")
    return page_picture(draw, "Stated and most likely settings.",
                        "Samples by stated and most likely setting.", "column")  # fmt: skip


def _model_grid(models: pa.Table) -> Grid:
    return Grid(
        ("Columns", "Number", "Error", "Standard error"),
        [
            (
                r["column_names"],
                str(r["column_count"]),
                f"{r['cv_error']:.4f}",
                f"{r['cv_error_se']:.4f}",
            )
            for r in models.slice(0, _ROWS).to_pylist()
        ],
        "The best subsets.",
        (False, True, True, True),
    )
