"""Settings of the choice of the minimum probability of first motions."""

from __future__ import annotations

from pydantic import field_validator

from quakeloom.config._fields import Section, setting


class Threshold(Section):
    """The minimum probability of a first motion, chosen by the mechanisms that it gives.

    The stage runs where this group is given, even empty (`threshold: {}`).
    """

    probabilities: list[float] = setting(
        lambda: [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995],
        "Minimum probabilities that are tried.",
        "1",
    )
    sample_events: int = setting(
        5000, "Events that are tried, drawn by their identifiers.", "events", ge=10, le=1_000_000
    )
    error_rates: bool = setting(
        True,
        "Expect as many wrong polarities as the probabilities of the accepted ones say, instead "
        "of mechanism.polarity_error_rate.",
    )
    least_error_rate: float = setting(
        0.02, "Expected share of wrong polarities is at least this.", "1", ge=0, lt=0.5
    )
    quality_weights: dict[str, float] = setting(
        lambda: {"A": 1.0, "B": 1.0},
        "What an event of each quality letter is worth; letters not named are worth nothing.",
    )
    apply: bool = setting(
        True,
        "The mechanisms of the run use what was chosen, in place of "
        "selection.minimum_probability and mechanism.polarity_error_rate. Without effect where "
        "mechanisms are weighed by probabilities (mechanism.use_probabilities, the default); set "
        "that to false to count the first motions above the threshold.",
    )

    @field_validator("probabilities")
    @classmethod
    def _probabilities_rise(cls, values: list[float]) -> list[float]:
        if not values or sorted(set(values)) != values or values[0] < 0.5 or values[-1] > 1.0:
            raise ValueError("give rising probabilities between 0.5 and 1")
        return values

    @field_validator("quality_weights")
    @classmethod
    def _weights_have_letters(cls, values: dict[str, float]) -> dict[str, float]:
        unknown = [k for k in values if k not in "ABCDEF" or len(k) != 1]
        if unknown or not any(v > 0 for v in values.values()) or min(values.values()) < 0:
            raise ValueError("give weights, none negative and one positive, for letters A to F")
        return values
