"""Slip on a fault in the report: maps, models, and what they explain."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from quakeloom.config import Settings
from quakeloom.core import geographic_position
from quakeloom.plots import (
    SiteDisplacements,
    SlipPanel,
    plot_displacements,
    plot_model_weights,
    plot_slip_panels,
)
from quakeloom.report._blocks import Grid, Heading, Section, Text, page_picture
from quakeloom.report._phrases import DASH, count, number
from quakeloom.slip import divide_plane
from quakeloom.stages.slip.models import reference_model
from quakeloom.store import RunLayout, read_json, read_table

_PLACES = 15
"""Displacements that are listed as put aside; the table has all."""


def slip_section(settings: Settings, layout: RunLayout) -> Section:
    """Return maps of slip, its uncertainty and probabilities, weights of models, and the fit."""
    assert settings.slip is not None
    section = Section("slip", "Slip")
    figures = read_json(layout.root / "slip.json")
    patches = read_table(layout.table("slip_patches"), "slip_patches").to_pandas()
    models = read_table(layout.table("slip_models"), "slip_models").to_pandas()
    data = read_table(layout.table("displacements"), "displacements").to_pandas()
    section.add(
        Text(
            f"{count(figures['displacements'], 'displacement')} in "
            f"{count(figures['models'], 'model')} of medium and fault, of which "
            f"{figures['effective_models']:.1f} count in effect.",
            "lead",
        ),
        *(Text(w, "warning") for w in figures["warnings"]),
        _answers(figures),
        _drawn(figures),
    )
    _add_maps(section, patches, figures)
    section.add(Heading("Models"))
    section.add(
        page_picture(
            partial(plot_model_weights, _parameters(models), models["model_weight"].to_numpy()),
            "Weights of the models against what differs between them.",
            "The line is one over the number of models.",
        )
    )
    _add_fit(section, settings, data)
    return section


def _answers(figures: dict[str, Any]) -> Grid:
    rows = []
    names = {
        "mixture": "Mixture of the models",
        "one_model": "Reference model alone",
        "gaussian": "Models as a Gaussian error",
    }
    for key, name in names.items():
        found = figures[key]
        if found is None:
            continue
        low, high = (found.get(f"moment_{n}_nm") for n in ("low", "high"))
        if low is None:
            low, high = (found["moment_nm"] + s * 1.96 * found["moment_std_nm"] for s in (-1, 1))
        rows.append([
            name, f"{found['moment_nm']:.3g}", f"{found['moment_std_nm']:.2g}",
            f"{low:.3g} to {high:.3g}",
        ])  # fmt: skip
    if figures["true_moment_nm"] is not None:
        rows.append(["Simulated", f"{figures['true_moment_nm']:.3g}", DASH, DASH])
    return Grid(
        ["Moment (N m)", "mean", "standard deviation", "95 % range"], rows,
        "The answers differ by what they take the medium and the geometry for: uncertain, known, "
        "or a Gaussian error of the predictions.",
        [False, True, True, True],
    )  # fmt: skip


def _drawn(figures: dict[str, Any]) -> Grid | None:
    """Potency and centroid with their ranges."""
    found = figures["mixture"]
    names = {
        "potency_m3": ("Potency (10^6 m^3)", 1e-6),
        "centroid_along_km": ("Centroid along strike (km)", 1.0),
        "centroid_down_km": ("Centroid down dip (km)", 1.0),
    }
    rows = [
        [label, *(f"{scale * v:.3g}" for v in found[key])]
        for key, (label, scale) in names.items() if key in found
    ]  # fmt: skip
    heads = ["Mixture of the models", "median", "from", "to (95 %)"]
    return Grid(heads, rows, "", [False, True, True, True]) if rows else None


def _add_maps(section: Section, patches: pd.DataFrame, figures: dict[str, Any]) -> None:
    top = float(max(patches["slip_m"].max(), patches["one_model_slip_m"].max(), 1e-6))
    low = float(min(patches["slip_m"].min(), patches["one_model_slip_m"].min(), 0.0))
    known = bool(np.isfinite(patches["true_slip_m"]).all())
    if known:
        top = max(top, float(patches["true_slip_m"].max()))
        low = min(low, float(patches["true_slip_m"].min()))
    wide = float(max(patches["slip_std_m"].max(), patches["one_model_slip_std_m"].max()))
    panels = {
        "Slip, mixture of models": SlipPanel(patches["slip_m"], "m", "lajolla_r", (low, top)),
        "Standard deviation": SlipPanel(patches["slip_std_m"], "m", "devon_r", (0.0, wide)),
        "Slip, reference model alone": SlipPanel(
            patches["one_model_slip_m"], "m", "lajolla_r", (low, top)
        ),
        "Its standard deviation": SlipPanel(
            patches["one_model_slip_std_m"], "m", "devon_r", (0.0, wide)
        ),
    }
    if np.isfinite(patches["exceedance_probability"]).all():
        value = figures["exceedance_m"][0]
        panels[f"Probability of more than {value:g} m"] = SlipPanel(
            patches["exceedance_probability"], "probability", "acton_r", (0.0, 1.0)
        )
    if known:
        panels["Simulated slip"] = SlipPanel(patches["true_slip_m"], "m", "lajolla_r", (low, top))
    section.add(
        page_picture(
            partial(
                plot_slip_panels, patches["patch_along_km"].to_numpy(),
                patches["patch_down_km"].to_numpy(),
                patches[["patch_length_km", "patch_width_km"]].to_numpy(), panels,
            ),
            "Slip on the fault, its standard deviation and probabilities.",
            "The fault's plane from above, strike to the right.",
        )
    )  # fmt: skip
    if known:
        inside = (patches["true_slip_m"] >= patches["slip_low_m"]) & (
            patches["true_slip_m"] <= patches["slip_high_m"]
        )
        one = (patches["true_slip_m"] >= patches["one_model_low_m"]) & (
            patches["true_slip_m"] <= patches["one_model_high_m"]
        )
        section.add(
            Text(
                f"The simulated slip lies in the 95 % range of {int(inside.sum())} of "
                f"{len(patches)} patches; in the reference model alone of {int(one.sum())}."
            )
        )


def _parameters(models: pd.DataFrame) -> dict[str, Any]:
    labels = {
        "model_strike_deg": "Strike (°)", "model_dip_deg": "Dip (°)",
        "model_top_km": "Depth of the top (km)", "model_offset_km": "Offset (km)",
        "poisson_ratio": "Poisson's ratio", "rigidity_gpa": "Rigidity (GPa)",
    }  # fmt: skip
    return {label: models[name].to_numpy() for name, label in labels.items()}


def _add_fit(section: Section, settings: Settings, data: pd.DataFrame) -> None:
    assert settings.slip is not None
    used = data[data["displacement_status"] == "used"]
    residual = (used["displacement_m"] - used["predicted_m"]) / used["displacement_error_m"]
    alone = (used["displacement_m"] - used["one_model_predicted_m"]) / used["displacement_error_m"]
    section.add(
        Heading("Displacements"),
        Text(
            "Residuals over their errors, root mean square: "
            f"{number(float(np.sqrt((residual**2).mean())))} of the mixture's mean, "
            f"{number(float(np.sqrt((alone**2).mean())))} of the reference model."
        ),
    )
    flat = used[used["component"].isin(["east", "north"])]
    keys = ["site", "longitude", "latitude"]
    if len(flat):
        wide = flat.pivot_table(
            index=keys, columns="component", values=["displacement_m", "predicted_m"]
        ).reset_index()
        vectors = {
            n: np.column_stack([
                wide[(n, c)].to_numpy() if (n, c) in wide else np.full(len(wide), np.nan)
                for c in ("east", "north")
            ]) for n in ("displacement_m", "predicted_m")
        }  # fmt: skip
        sites = SiteDisplacements(
            wide["longitude"].to_numpy(), wide["latitude"].to_numpy(),
            vectors["displacement_m"], vectors["predicted_m"],
        )  # fmt: skip
        section.add(
            page_picture(
                partial(plot_displacements, sites, _outline(settings)),
                "Horizontal displacements, observed and predicted.",
                "The frame is the fault at the surface.",
            )
        )
    left = data[~data["displacement_status"].isin(["used", "not_asked"])]
    if len(left):
        rows = [
            [r.source_file, r.source_line, r.site, r.component, r.reason]
            for r in left.head(_PLACES).itertuples()
        ]
        more = "" if len(left) <= _PLACES else f"{_PLACES} of {len(left)}; the table has all."
        section.add(Grid(["Put aside: file", "line", "site", "component", "why"], rows, more,
                         [False, True, False, False, False]))  # fmt: skip


def _outline(settings: Settings) -> np.ndarray:
    assert settings.slip is not None
    plane = divide_plane(reference_model(settings.slip).plane, 1, 1)
    corners = plane.corners_km[0]
    lon, lat = geographic_position(
        settings.slip.fault.longitude, settings.slip.fault.latitude, corners[:, 1], corners[:, 0]
    )
    return np.column_stack([lon, lat])
