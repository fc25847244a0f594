"""Images, maps and volumes with noise and holes, restored by Markov random fields.

Floor 4. Arrays in, arrays out. :func:`restore_field` finds noise and smoothness by evidence and
returns the posterior mean and standard deviation of any field of any number of dimensions, its
edges kept where asked; :func:`simulate_field` makes fields whose truth is known.
"""

from quakeloom.restoration._restore import Restoration, RestoreOptions, restore_field
from quakeloom.restoration._simulated import SimulatedField, simulate_field

__all__ = [
    "Restoration",
    "RestoreOptions",
    "SimulatedField",
    "restore_field",
    "simulate_field",
]
