"""Foundations: errors, digests, random streams, geodesy, coastlines and double couples,
elements and oxides.

Floor 0. Imports nothing else of quakeloom.
"""

from quakeloom.core.array_archives import BrokenArchiveError, read_array_archive
from quakeloom.core.coastlines import Coastline
from quakeloom.core.compiled import UNCOUNTED, compiled, machine_code_place
from quakeloom.core.digests import (
    digest_blocks,
    digest_bytes,
    digest_file,
    digest_json,
    digest_source,
)
from quakeloom.core.double_couples import (
    auxiliary_plane,
    fault_vectors,
    moment_tensors,
    p_radiation,
    plane_angles,
    principal_axes,
    quaternions,
    ray_vectors,
    relative_quaternions,
    rotation_angle,
    s_radiation,
)
from quakeloom.core.elements import (
    ATOMIC_WEIGHTS,
    OXIDES,
    PARTS_PER_MILLION,
    element_of,
    element_ppm,
    isotope_name,
    oxide_share,
)
from quakeloom.core.errors import (
    MACHINE_TROUBLE,
    AlignmentError,
    ClusterError,
    FormatError,
    IncompleteError,
    InputError,
    MemoryPromiseError,
    PlanError,
    QuakeloomError,
    SchemaError,
    SettingsError,
    StoppedError,
    StorageError,
    VerificationError,
)
from quakeloom.core.geodesy import (
    EARTH_RADIUS_KM,
    distance_azimuth,
    geographic_position,
    grid_azimuth_of_north,
    local_position,
    middle_longitude,
    projected_position,
    unprojected_position,
)
from quakeloom.core.layered_models import LayeredModel
from quakeloom.core.levels import depth_words
from quakeloom.core.machine import machine_cores, machine_memory_mb
from quakeloom.core.randomness import random_stream, string_keys
from quakeloom.core.shipped_files import find_shipped, shipped_places

__all__ = [
    "ATOMIC_WEIGHTS",
    "EARTH_RADIUS_KM",
    "MACHINE_TROUBLE",
    "OXIDES",
    "PARTS_PER_MILLION",
    "UNCOUNTED",
    "AlignmentError",
    "BrokenArchiveError",
    "ClusterError",
    "Coastline",
    "FormatError",
    "IncompleteError",
    "InputError",
    "LayeredModel",
    "MemoryPromiseError",
    "PlanError",
    "QuakeloomError",
    "SchemaError",
    "SettingsError",
    "StoppedError",
    "StorageError",
    "VerificationError",
    "auxiliary_plane",
    "compiled",
    "depth_words",
    "digest_blocks",
    "digest_bytes",
    "digest_file",
    "digest_json",
    "digest_source",
    "distance_azimuth",
    "element_of",
    "element_ppm",
    "fault_vectors",
    "find_shipped",
    "geographic_position",
    "grid_azimuth_of_north",
    "isotope_name",
    "local_position",
    "machine_code_place",
    "machine_cores",
    "machine_memory_mb",
    "middle_longitude",
    "moment_tensors",
    "oxide_share",
    "p_radiation",
    "plane_angles",
    "principal_axes",
    "projected_position",
    "quaternions",
    "random_stream",
    "ray_vectors",
    "read_array_archive",
    "relative_quaternions",
    "rotation_angle",
    "s_radiation",
    "shipped_places",
    "string_keys",
    "unprojected_position",
]
