"""Make the figure of simulated records.

python docs/images/make_record_figures.py
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from quakeloom.core import string_keys
from quakeloom.plots import figure_to_png, new_figure, styled
from quakeloom.simulate import (
    COMPONENTS,
    apply_record_flaws,
    draw_record_flaws,
    draw_record_parameters,
    simulate_seismograms,
)

HERE = Path(__file__).parent
SAMPLES, RATE_HZ = 2400, 100.0


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
    picture = Image.open(io.BytesIO(figure_to_png(draw_records()))).convert("RGB").quantize(32)
    picture.save(HERE / "records.png", optimize=True)
