"""Make the figures of the networks from the cards beside the weights, and of simulated records.

    python docs/images/make_network_figures.py

The same cards give the same bytes.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from quakeloom.core import string_keys
from quakeloom.plots import binomial_interval, figure_to_png, new_figure, styled
from quakeloom.simulate import (
    COMPONENTS,
    apply_record_flaws,
    draw_record_flaws,
    draw_record_parameters,
    simulate_seismograms,
)

HERE = Path(__file__).parent
CARD = HERE.parents[1] / "resources" / "weights" / "polarity.json"
SAMPLES, RATE_HZ = 2400, 100.0


@styled
def draw_card(test: dict[str, Any]) -> Figure:
    """Calibration, accuracy against signal-to-noise ratio, accuracy against pick error."""
    figure = new_figure(9.0, 3.0)
    calibration, by_snr, by_shift = figure.subplots(1, 3)
    reliability = test["reliability"]
    stated, actual, count = (np.array(reliability[k]) for k in ("stated", "actual", "count"))
    low, high = binomial_interval(np.round(actual * count), count)
    calibration.plot([0.5, 1.0], [0.5, 1.0], color="0.6", lw=1)
    calibration.errorbar(
        stated, actual, yerr=np.abs([actual - low, high - actual]), fmt="o", ms=3, lw=1
    )
    calibration.set(xlabel="probability stated", ylabel="share right")
    rows = test["by_snr"]
    edge = [row["from"] for row in rows]
    by_snr.plot(edge, [row["accuracy"] for row in rows], "o-", ms=3, label="all")
    by_snr.plot(
        edge, [row["accuracy_of_called"] for row in rows], "s-", ms=3, label="probability 0.9 up"
    )
    by_snr.plot(edge, [row["called"] for row in rows], ":", color="0.5", label="share of these")
    by_snr.set(xscale="log", xlabel="signal-to-noise ratio from", ylim=(0.0, 1.02))
    by_snr.legend(fontsize=7)
    shifts = test["by_pick_error"]
    by_shift.plot(
        [1e3 * row["seconds"] for row in shifts], [row["accuracy"] for row in shifts], "o-", ms=3
    )
    by_shift.set(xlabel="pick late by (ms)", ylabel="share right", ylim=(0.8, 1.0))
    return figure


@styled
def draw_records() -> Figure:
    """Four records as networks see them in training, and two with flaws."""
    keys = string_keys([f"figure-record-{k}" for k in range(6)], 20260101)
    parameters = draw_record_parameters(
        keys, p_time_s=(6.0, 10.0), s_minus_p_s=(0.8, 12.0), snr=(3.0, 200.0)
    )
    made = simulate_seismograms(parameters, SAMPLES, RATE_HZ)
    flawed, _ = apply_record_flaws(made.data, draw_record_flaws(keys, SAMPLES, 0.35), RATE_HZ)
    data = np.concatenate([made.data[:4], flawed[4:]])
    figure = new_figure(7.0, 3.8)
    time = np.arange(SAMPLES) / RATE_HZ
    for k, axes in enumerate(figure.subplots(3, 2, sharex=True).ravel()):
        scale = max(float(np.abs(data[k]).max()), 1e-9)
        for c, name in enumerate(COMPONENTS):
            axes.plot(time, data[k, c] / scale - c, lw=0.3, color=f"C{c}")
            axes.text(0.1, 0.15 - c, name, fontsize=7)
        if k < 4:
            for at, color in ((made.p_onset_s[k], "C3"), (made.s_onset_s[k], "C2")):
                axes.axvline(at, color=color, lw=0.8)
        axes.set_yticks([])
        axes.set_xlim(0.0, SAMPLES / RATE_HZ)
        if k >= 4:
            axes.set_xlabel("time (s)")
    return figure


if __name__ == "__main__":
    card = json.loads(CARD.read_text(encoding="utf-8"))
    for name, figure in (("networks", draw_card(card["test"])), ("records", draw_records())):
        picture = Image.open(io.BytesIO(figure_to_png(figure))).convert("RGB").quantize(32)
        picture.save(HERE / f"{name}.png", optimize=True)
