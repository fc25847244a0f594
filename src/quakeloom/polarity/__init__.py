"""First motions of P: reading them in windows around the pick.

Floor 4. Arrays in, arrays out.
"""

from quakeloom.polarity._first_pulse import read_first_pulse

__all__ = ["read_first_pulse"]
