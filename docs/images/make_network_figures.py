"""Draw the figure of docs/networks.md from the cards in resources/weights."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[2]


def main() -> None:
    card = json.loads((ROOT / "resources" / "weights" / "polarity.json").read_text())
    test = card["test"]
    figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.2), layout="constrained")
    reliability = test["reliability"]
    stated = [s for s, n in zip(reliability["stated"], reliability["count"], strict=True) if n]
    actual = [a for a, n in zip(reliability["actual"], reliability["count"], strict=True) if n]
    axes[0].plot([0.5, 1], [0.5, 1], "--", color="0.6", lw=1)
    axes[0].plot(stated, actual, "o-", ms=3, color="#2a6f97")
    axes[0].set(xlabel="stated probability", ylabel="share right", title="calibration")
    rows = [r for r in test["by_snr"] if r["accuracy"] is not None]
    labels = [f"{r['from']:g}" for r in rows]
    axes[1].plot(labels, [r["accuracy"] for r in rows], "o-", ms=3, label="all", color="#2a6f97")
    axes[1].plot(
        labels,
        [r["accuracy_of_called"] for r in rows],
        "s-",
        ms=3,
        label="surer than 0.9",
        color="#e07a1f",
    )
    axes[1].plot(labels, [r["called"] for r in rows], ":", label="share of them", color="0.4")
    axes[1].set(xlabel="signal-to-noise ratio from", title="accuracy", ylim=(0, 1.02))
    axes[1].legend(frameon=False, fontsize=8)
    shifts = test["by_pick_error"]
    axes[2].plot(
        [1e3 * s["seconds"] for s in shifts],
        [s["accuracy"] for s in shifts],
        "o-",
        ms=3,
        color="#2a6f97",
    )
    axes[2].set(xlabel="error of the pick, ms", title="accuracy above ratio 4", ylim=(0.85, 1.0))
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.3)
    figure.savefig(ROOT / "docs" / "images" / "polarity-network.png", dpi=110)


if __name__ == "__main__":
    main()
