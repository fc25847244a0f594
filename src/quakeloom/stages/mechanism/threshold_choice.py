"""What the stage ``threshold`` chose, for the mechanisms of the run."""

from __future__ import annotations

from quakeloom.config import Settings
from quakeloom.store import RunLayout, read_json

CHOICE = "threshold.json"
"""File of the run with what the stage ``threshold`` chose."""


def apply_choice(settings: Settings, layout: RunLayout) -> Settings:
    """Return settings with the chosen minimum probability and the error rate it was tried with.

    Unchanged where no threshold is chosen, where the choice is only to be shown, and where
    the mechanisms weigh probabilities instead of counting signs.
    """
    wanted = settings.threshold
    if wanted is None or not wanted.apply or settings.mechanism.weighs_probabilities:
        return settings
    choice = read_json(layout.root / CHOICE)
    return with_threshold(settings, choice["minimum_probability"], choice["expected_error_rate"])


def with_threshold(
    settings: Settings, probability: float, error_rate: float, use_probabilities: bool = False
) -> Settings:
    """Return settings with a minimum probability and an expected share of wrong polarities.

    With probabilities the preferred mechanism is the weighted mean: HASH's knows no weights.
    """
    average = "weighted" if use_probabilities else settings.mechanism.average
    return settings.model_copy(
        update={
            "selection": settings.selection.model_copy(update={"minimum_probability": probability}),
            "mechanism": settings.mechanism.model_copy(
                update={
                    "polarity_error_rate": error_rate,
                    "use_probabilities": use_probabilities,
                    "average": average,
                }
            ),
        }
    )
