"""Foreign files in and out, one module per format.

Floor 2. Every reader gives :class:`SourceTables`: registered tables, with one row in
``rejects`` for everything that could not be read. :func:`read_source` is the door for all of
them; formats are recognized or named.
"""

from quakeloom.formats._analyses import read_analyses
from quakeloom.formats._analysis_columns import AnalysisColumn
from quakeloom.formats._analysis_records import Analyses, LeftOut
from quakeloom.formats._catalog_events import CatalogTables
from quakeloom.formats._coastline import find_coastline, read_coastline
from quakeloom.formats._community_stress import (
    CommunityStress,
    read_stress_csm,
    write_stress_csm,
)
from quakeloom.formats._depth_grids import (
    DepthGrid,
    GridChoices,
    grid_facts,
    open_depth_grid,
)
from quakeloom.formats._displacements import read_covariance, read_displacements
from quakeloom.formats._fault_segments import read_fault_segments
from quakeloom.formats._fdsn import (
    FdsnRequest,
    fetch_stations,
    fetch_waveforms,
    find_service,
)
from quakeloom.formats._first_motions import phase_class, polarity_sign
from quakeloom.formats._format import Format
from quakeloom.formats._geoparquet import write_geoparquet
from quakeloom.formats._geotiff import write_geotiff
from quakeloom.formats._grid_variables import GridVariable, read_grid_variables, variables_of
from quakeloom.formats._hash_control import read_hash_control
from quakeloom.formats._hypodd_writer import write_hypodd_phase
from quakeloom.formats._hypoinverse_writer import write_hypoinverse_archive
from quakeloom.formats._line_format import LinePicks
from quakeloom.formats._mechanism_tables import names_mechanisms, read_mechanisms
from quakeloom.formats._memory_tables import register_rows
from quakeloom.formats._miniseed import write_miniseed
from quakeloom.formats._misplaced_stations import (
    exchanged_epicenters,
    find_misplaced_stations,
    misplaced_reasons,
)
from quakeloom.formats._network_weights import (
    find_seisbench_weights,
    list_seisbench_weights,
    read_network_weights,
    read_seisbench_description,
    seisbench_folder,
    write_network_weights,
)
from quakeloom.formats._nonlinloc_grids import (
    MapFrame,
    TimeGrid,
    list_time_grids,
    read_grid_times,
    read_time_grid,
)
from quakeloom.formats._nonlinloc_models import has_layers, read_layer_model
from quakeloom.formats._nonlinloc_statistics import (
    NonLinLocStatistics,
    read_nonlinloc_statistics,
)
from quakeloom.formats._nonlinloc_writer import (
    write_nonlinloc_locations,
    write_nonlinloc_observations,
)
from quakeloom.formats._quakeml import iterate_quakeml
from quakeloom.formats._quakeml_elements import Creation
from quakeloom.formats._quakeml_ids import event_id_of, public_id
from quakeloom.formats._quakeml_mechanisms import read_quakeml_solutions
from quakeloom.formats._quakeml_writer import write_quakeml
from quakeloom.formats._rayinvr import RayinvrModel, read_rayinvr_model
from quakeloom.formats._reading_times import misdated_readings
from quakeloom.formats._recognition import (
    RecognizedFile,
    looks_like_waveforms,
    recognize_file,
)
from quakeloom.formats._registry import (
    FORMATS,
    check_format_options,
    detect_format,
    read_source,
    sniffs_as,
)
from quakeloom.formats._responses import ChannelResponse, read_responses
from quakeloom.formats._sac import read_sac_station
from quakeloom.formats._satsi import (
    SatsiSolution,
    read_satsi_mechanisms,
    read_satsi_nodes,
    read_satsi_solution,
    read_satsi_summary,
)
from quakeloom.formats._simulps import SimulModel, is_simul_model, read_simul_model
from quakeloom.formats._simulps_frame import SimulFrame, read_simul_frame
from quakeloom.formats._sounding_files import Soundings, read_soundings
from quakeloom.formats._source_tables import Rejects, SourceTables
from quakeloom.formats._stationxml_writer import InstrumentedStation, write_stationxml
from quakeloom.formats._stress_writers import (
    write_fault_geojson,
    write_mechanism_geojson,
    write_stress_geojson,
    write_stress_gmt,
)
from quakeloom.formats._table_writers import (
    fault_types,
    write_csv,
    write_gmt_meca,
    write_gmt_table,
)
from quakeloom.formats._travel_time_picks import read_line_picks
from quakeloom.formats._travel_time_tables import (
    TravelTimeTable,
    is_travel_time_table,
    read_travel_time_table,
)
from quakeloom.formats._velocity_models import read_velocity_model
from quakeloom.formats._waveform_format import Trace, WaveformFile
from quakeloom.formats._waveforms import WAVEFORM_FORMATS, read_waveforms
from quakeloom.formats._world_stress_map import write_stress_wsm
from quakeloom.formats._written_counts import WrittenCounts

__all__ = [
    "FORMATS",
    "WAVEFORM_FORMATS",
    "Analyses",
    "AnalysisColumn",
    "CatalogTables",
    "ChannelResponse",
    "CommunityStress",
    "Creation",
    "DepthGrid",
    "FdsnRequest",
    "Format",
    "GridChoices",
    "GridVariable",
    "InstrumentedStation",
    "LeftOut",
    "LinePicks",
    "MapFrame",
    "NonLinLocStatistics",
    "RayinvrModel",
    "RecognizedFile",
    "Rejects",
    "SatsiSolution",
    "SimulFrame",
    "SimulModel",
    "Soundings",
    "SourceTables",
    "TimeGrid",
    "Trace",
    "TravelTimeTable",
    "WaveformFile",
    "WrittenCounts",
    "check_format_options",
    "detect_format",
    "event_id_of",
    "exchanged_epicenters",
    "fault_types",
    "fetch_stations",
    "fetch_waveforms",
    "find_coastline",
    "find_misplaced_stations",
    "find_seisbench_weights",
    "find_service",
    "grid_facts",
    "has_layers",
    "is_simul_model",
    "is_travel_time_table",
    "iterate_quakeml",
    "list_seisbench_weights",
    "list_time_grids",
    "looks_like_waveforms",
    "misdated_readings",
    "misplaced_reasons",
    "names_mechanisms",
    "open_depth_grid",
    "phase_class",
    "polarity_sign",
    "public_id",
    "read_analyses",
    "read_coastline",
    "read_covariance",
    "read_displacements",
    "read_fault_segments",
    "read_grid_times",
    "read_grid_variables",
    "read_hash_control",
    "read_layer_model",
    "read_line_picks",
    "read_mechanisms",
    "read_network_weights",
    "read_nonlinloc_statistics",
    "read_quakeml_solutions",
    "read_rayinvr_model",
    "read_responses",
    "read_sac_station",
    "read_satsi_mechanisms",
    "read_satsi_nodes",
    "read_satsi_solution",
    "read_satsi_summary",
    "read_seisbench_description",
    "read_simul_frame",
    "read_simul_model",
    "read_soundings",
    "read_source",
    "read_stress_csm",
    "read_time_grid",
    "read_travel_time_table",
    "read_velocity_model",
    "read_waveforms",
    "recognize_file",
    "register_rows",
    "seisbench_folder",
    "sniffs_as",
    "variables_of",
    "write_csv",
    "write_fault_geojson",
    "write_geoparquet",
    "write_geotiff",
    "write_gmt_meca",
    "write_gmt_table",
    "write_hypodd_phase",
    "write_hypoinverse_archive",
    "write_mechanism_geojson",
    "write_miniseed",
    "write_network_weights",
    "write_nonlinloc_locations",
    "write_nonlinloc_observations",
    "write_quakeml",
    "write_stationxml",
    "write_stress_csm",
    "write_stress_geojson",
    "write_stress_gmt",
    "write_stress_wsm",
]
