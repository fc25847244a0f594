"""Verbs of stage ``melting``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Melting, Settings
from quakeloom.core import InputError, random_stream
from quakeloom.formats import LeftOut
from quakeloom.geochem import (
    DEPLETED_MANTLE,
    Mantle,
    MeltingData,
    MeltingRecipe,
    MeltingResult,
    MeltModel,
    analyze_melting,
    simulate_melting,
)
from quakeloom.inference import ExchangeOptions
from quakeloom.schema import make_table
from quakeloom.stages.frame.partition_states import open_part
from quakeloom.stages.frame.planned_run import PlannedRun
from quakeloom.stages.frame.stage import ONE, Promise, StageInputs
from quakeloom.stages.melting import MELTING
from quakeloom.stages.rocks.reading import left_out_rows, read_rocks, rock_inputs, select_rows
from quakeloom.stages.rocks.writing import write_rock_tables
from quakeloom.store import RunLayout, read_table

Floats = NDArray[np.float64]

_AT_END = 0.3
"""Probability of an end of the range of degrees above which an answer is doubtful; ends have a few
percent beforehand. Chosen here."""


@dataclass(frozen=True)
class _Basalts:
    samples: list[str]
    names: list[str]
    units: list[str]
    values: Floats
    errors: Floats
    left_out: list[LeftOut] = field(default_factory=list)
    fraction: Floats | None = None
    source: Floats | None = None


def inputs(run: PlannedRun) -> StageInputs:
    """Return the digest of the table."""
    return rock_inputs(run, _wanted(run.settings), "melting")


def promise(run: PlannedRun) -> Promise:
    """Return what some hundred samples need."""
    return Promise(memory_mb=3000, minutes=120)


def part(settings: Settings, layout: RunLayout) -> dict[str, Any]:
    """Determine degrees of melting and the source; write the tables."""
    wanted = _wanted(settings)
    with open_part(layout, MELTING.name, ONE) as job:
        basalts = _simulated(settings, wanted) if wanted.simulation else _read(settings, wanted)
        mantle = _mantle(wanted)
        data = _data(wanted, basalts, [mantle[n] for n in basalts.names])
        models: tuple[MeltModel, ...] = (
            ("batch", "fractional") if wanted.model == "both" else (wanted.model,)
        )
        options = ExchangeOptions(chains=wanted.chains, draws=wanted.draws)
        stream = random_stream(settings.seed, "melting")
        result = analyze_melting(data, models, options, stream)
        tables = {
            "melting_samples": _samples(basalts, result),
            "melting_source": _source(basalts, data, result),
            "melting_models": _models(result),
            "melting_left_out": left_out_rows("melting", settings, wanted, basalts.left_out),
        }
        write_rock_tables(MELTING, layout, job, tables)
        status = tables["melting_samples"].column("melting_status").to_pylist()
        job.counts = {
            "samples": len(status),
            "solved": status.count("solved"),
            "elements": len(basalts.names),
            "left_out": len(basalts.left_out),
        }
    return job.summary


def summarize(settings: Settings, layout: RunLayout) -> list[tuple[str, str]]:
    """Return the degrees of melting and the way of melting that is more likely."""
    if not layout.table("melting_samples").exists():
        return []
    rows = read_table(layout.table("melting_samples"), "melting_samples").to_pylist()
    models = read_table(layout.table("melting_models"), "melting_models").to_pylist()
    middle = [100 * r["melt_fraction"] for r in rows]
    best = max(models, key=lambda m: m["model_probability"])
    return [
        ("degrees of melting", f"{min(middle):.1f} to {max(middle):.1f} % ({len(rows)} basalts)"),
        ("way of melting", f"{best['melting_model']} ({100 * best['model_probability']:.0f} %)"),
    ]


def _wanted(settings: Settings) -> Melting:
    assert settings.melting is not None
    return settings.melting


def _mantle(wanted: Melting) -> dict[str, Mantle]:
    return DEPLETED_MANTLE | {n: Mantle(*v) for n, v in wanted.coefficients.items()}


def _read(settings: Settings, wanted: Melting) -> _Basalts:
    """Read the table; keep what has coefficients, and basalts that have two elements of these."""
    found = read_rocks(settings, wanted, ("oxide", "element"))
    mantle = _mantle(wanted)
    asked = [n for n in wanted.elements if n not in mantle]
    if asked:
        raise InputError(
            f"`melting.elements` names {', '.join(asked)}, for which there are no partition "
            f"coefficients (there are for {', '.join(mantle)}). Nothing was computed; give "
            "`melting.coefficients`."
        )
    names = [n for n in found.names if n in mantle]
    if len(names) < 2:
        raise InputError(
            f"Of the columns of '{wanted.table}' {len(names)} have partition coefficients, which "
            f"are there for {', '.join(mantle)}. Two at least are needed; nothing was computed. "
            "Give `melting.coefficients` of those of the table."
        )
    unused = [
        LeftOut(-1, "", n, "", "no partition coefficients") for n in found.names if n not in mantle
    ]
    kept = found.choose(np.ones(len(found.samples), bool), names)
    below = [
        LeftOut(kept.lines[r], kept.samples[r], names[c], f"<{kept.limits[r, c]:g}",
                "below a detection limit: not used")
        for r, c in np.argwhere(np.isfinite(kept.limits)).tolist()
    ]  # fmt: skip
    enough = np.isfinite(kept.values).sum(axis=1) >= 2
    if not enough.any():
        raise InputError(
            f"No sample of '{wanted.table}' has values of two of {', '.join(names)}. Nothing was "
            "computed; give more elements, or `melting.coefficients` of others."
        )
    kept = select_rows(kept, enough, "fewer than two elements with partition coefficients")
    some = np.asarray(np.isfinite(kept.values).any(axis=0))
    every = np.ones(len(kept.samples), bool)
    kept = replace(
        kept.choose(every, [n for n, s in zip(names, some, strict=True) if s]),
        left_out=[*kept.left_out, *unused, *below],
    )
    with np.errstate(invalid="ignore"):
        errors = kept.errors / kept.values
    return _Basalts(
        kept.samples, kept.names, [c.unit for c in kept.columns], kept.values, errors, kept.left_out
    )


def _simulated(settings: Settings, wanted: Melting) -> _Basalts:
    assert wanted.simulation is not None
    recipe = MeltingRecipe(**wanted.simulation.model_dump())
    truth = simulate_melting(recipe, random_stream(settings.seed, "basalts"))
    names = [f"basalt {k + 1}" for k in range(recipe.samples)]
    none = np.full(truth.values.shape, np.nan)
    return _Basalts(
        names, truth.names, truth.units, truth.values, none, [], truth.fraction, truth.source
    )


def _data(wanted: Melting, basalts: _Basalts, mantle: list[Mantle]) -> MeltingData:
    source, bulk, melting = np.array(mantle).T
    errors = np.where(np.isfinite(basalts.errors), basalts.errors, wanted.noise)
    scatter = np.full(len(source), wanted.source_scatter)
    return MeltingData(
        np.log(basalts.values), errors, bulk, melting, np.log(source), scatter,
        wanted.fraction_range, "batch",
    )  # fmt: skip


def _samples(basalts: _Basalts, result: MeltingResult) -> pa.Table:
    low, middle, high = result.fraction
    common = [f"{m}: {reason}" for m, _, _, chance, reason in result.models
              if reason and chance > 0.01]  # fmt: skip
    reasons = []
    for end in result.at_end:
        said = list(common)
        if end > _AT_END:
            said.append(
                f"{100 * end:.0f} % of the draws lie at an end of the possible degrees: "
                "`fraction_range` decides"
            )
        reasons.append("; ".join(said))
    none = np.full(len(basalts.samples), np.nan)
    return make_table(
        "melting_samples",
        {
            "sample": basalts.samples,
            "melt_fraction": middle,
            "melt_fraction_low": low,
            "melt_fraction_high": high,
            "element_count": np.isfinite(basalts.values).sum(axis=1).astype(np.int32),
            "exhausted_probability": np.clip(result.exhausted, 0.0, 1.0),
            "melting_status": ["doubtful" if r else "solved" for r in reasons],
            "reason": reasons,
            "true_melt_fraction": none if basalts.fraction is None else basalts.fraction,
        },
    )


def _source(basalts: _Basalts, data: MeltingData, result: MeltingResult) -> pa.Table:
    order = np.argsort(data.bulk, kind="stable")
    low, middle, high = result.source[:, order]
    none = np.full(len(order), np.nan)
    return make_table(
        "melting_source",
        {
            "element": [basalts.names[k] for k in order],
            "concentration_unit": [basalts.units[k] for k in order],
            "source_concentration": middle,
            "source_low": low,
            "source_high": high,
            "source_before": np.exp(data.source[order]),
            "bulk_coefficient": data.bulk[order],
            "melting_coefficient": data.melting[order],
            "melting_trade_off": np.clip(result.trade_off[order], -1.0, 1.0),
            "true_source": none if basalts.source is None else basalts.source[order],
        },
    )


def _models(result: MeltingResult) -> pa.Table:
    names, evidence, error, chance, reason = zip(*result.models, strict=True)
    return make_table(
        "melting_models",
        {
            "melting_model": list(names),
            "log_evidence": np.array(evidence),
            "log_evidence_error": np.array(error),
            "model_probability": np.array(chance),
            "reason": list(reason),
        },
    )
