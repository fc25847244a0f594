"""Events from picks: association."""
from quakeloom.association._associate import (
    Association,
    PickArrays,
    associate_picks,
)
from quakeloom.association._network import NetworkModel
from quakeloom.association._options import AssociationOptions
from quakeloom.association._times import Stations, TimeTables, place_levels, trace_times
