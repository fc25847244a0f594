"""Standard errors of picks, from how sure they are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PickErrors:
    """Standard error of a phase: ``floor_s + per_doubt_s (1 - probability)``.

    Chosen so that 95 % of the picks lie within two standard errors of the arrival, in every
    quarter of the probabilities. (How wide a peak is tells nothing of its error.)

    Attributes
    ----------
    floor_s : float
        Of a pick that is sure.
    per_doubt_s : float
        Added for a probability of 0.
    """

    floor_s: float = 0.0
    per_doubt_s: float = 0.0

    def of(self, probability: float, rate_hz: float) -> float:
        """Return the standard error in seconds, at least half a sample.

        Parameters
        ----------
        probability : float
        rate_hz : float
        """
        doubt = 1.0 - min(max(probability, 0.0), 1.0)
        return max(self.floor_s + self.per_doubt_s * doubt, 0.5 / rate_hz)


WIDE_TARGETS = (PickErrors(0.011, 0.35), PickErrors(0.003, 0.42))
"""Of P and S of published networks, which were trained with wide targets.

Fitted to PhaseNet's picks of 1,400 simulated and 77 recorded arrivals, alike in weight. They hold
96 % of the simulated P, 98 % of the simulated S, 95 % of the recorded P and S.
"""

OWN_NETWORK = (PickErrors(0.009, 0.31), PickErrors(0.008, 0.38))
"""Of our own network: 95 % quantiles of 1,400 simulated and 77 recorded residuals, alike in weight.

They hold 96 % of the simulated P and S, 95 % of the recorded P and 94 % of the recorded S.
"""

CLASSICAL = (PickErrors(0.045, 0.16), PickErrors(0.08, 0.36))
"""Of the classical picker, in the same way: 94 % and 95 % of the simulated, 97 % and 96 % of the
recorded P and S. The width of the minimum of AIC tells little: the errors have long tails."""
