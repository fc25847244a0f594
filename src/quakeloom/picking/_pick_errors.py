"""Standard errors of picks, from how sure and how wide a peak of probability is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PickErrors:
    """Standard error of a phase: ``floor_s + per_doubt_s (1 - probability) + per_width width``.

    Chosen so that 95 % of the picks lie within two standard errors of the arrival, in every
    quarter of the probabilities.

    Attributes
    ----------
    floor_s : float
        Of a pick that is sure.
    per_doubt_s : float
        Added for a probability of 0.
    per_width : float
        Share of the width of the peak.
    """

    floor_s: float = 0.0
    per_doubt_s: float = 0.0
    per_width: float = 0.0

    def of(self, width: float, probability: float, rate_hz: float) -> float:
        """Return the standard error in seconds, at least half a sample.

        Parameters
        ----------
        width : float
            Of the peak, in samples.
        probability : float
        rate_hz : float
        """
        doubt = 1.0 - min(max(probability, 0.0), 1.0)
        error = self.floor_s + self.per_doubt_s * doubt + self.per_width * width / rate_hz
        return max(error, 0.5 / rate_hz)


WIDE_TARGETS = (PickErrors(per_width=0.2), PickErrors(per_width=0.4))
"""Of P and S of networks that were trained with wide targets.

Chosen by the residuals of PhaseNet's picks of 77 records of Northern California.
"""

OWN_NETWORK = (PickErrors(0.009, 0.31), PickErrors(0.008, 0.38))
"""Of our own network: 95 % quantiles of 1,400 simulated and 77 recorded residuals, alike in weight.

They hold 96 % of the simulated P and S, 95 % of the recorded P and 94 % of the recorded S.
"""

CLASSICAL = (PickErrors(0.045, 0.16), PickErrors(0.08, 0.36))
"""Of the classical picker, in the same way: 94 % and 95 % of the simulated, 97 % and 96 % of the
recorded P and S. The width of the minimum of AIC tells little: the errors have long tails."""
