"""The settings: pydantic models with units and bounds, their file, schema and reference.

Floor 1. Stages read settings; science rooms get plain values.
"""

from quakeloom.config._associate import Associate
from quakeloom.config._catalog_groups import (
    Cluster,
    Mechanism,
    Partition,
    Report,
    Selection,
    Simulation,
    Source,
    Storage,
    Takeoff,
)
from quakeloom.config._classify import CLASS_SHARES, Classify
from quakeloom.config._detect import Detect
from quakeloom.config._discriminate import Discriminate, DiscriminateSimulation
from quakeloom.config._document import (
    default_settings,
    explain_setting,
    settings_reference,
    settings_schema,
)
from quakeloom.config._examples import describe_example, find_configuration, list_examples
from quakeloom.config._faults import Faults
from quakeloom.config._fluids import (
    Fluids,
    Observation,
    RockPhysics,
    SimulatedRocks,
    SmoothPorosity,
)
from quakeloom.config._isocon import Isocon, IsoconSimulation
from quakeloom.config._load import (
    Configuration,
    case_run,
    expand_variables,
    load_configuration,
    parse_settings,
)
from quakeloom.config._locate_models import Locate
from quakeloom.config._magnitude import Magnitude
from quakeloom.config._melting import Melting, MeltingSimulation
from quakeloom.config._merge import Merge
from quakeloom.config._models import Settings
from quakeloom.config._papers import (
    GridCatalog,
    NeededData,
    Paper,
    PaperNumber,
    PaperRun,
    list_papers,
    load_paper,
    paper_settings,
)
from quakeloom.config._regional import Regional
from quakeloom.config._repeaters import Repeaters
from quakeloom.config._restore import Restore, SimulatedFields
from quakeloom.config._rock_tables import RockTable
from quakeloom.config._seafloor import (
    Bathymetry,
    SimulatedSeafloor,
    SimulatedSurvey,
    SoundingFiles,
)
from quakeloom.config._slip import (
    DisplacementFile,
    Slip,
    SlipFault,
    SlipModels,
    SlipPriorSettings,
    SlipSimulation,
)
from quakeloom.config._spectra import Spectra
from quakeloom.config._stress_models import FaultSegment, Stress, Tendency
from quakeloom.config._structure import SAME_RUN, Structure
from quakeloom.config._threshold import Threshold
from quakeloom.config._tomography import (
    Tomography,
    TomographyPicks,
    TomographyPrior,
    TomographySection,
)
from quakeloom.config._training_models import (
    ClassNetworkTraining,
    PickerNetworkTraining,
    PolarityNetworkTraining,
    SeafloorNetworkTraining,
    Training,
)
from quakeloom.config._waveforms import Waveforms

__all__ = [
    "CLASS_SHARES",
    "SAME_RUN",
    "Associate",
    "Bathymetry",
    "ClassNetworkTraining",
    "Classify",
    "Cluster",
    "Configuration",
    "Detect",
    "Discriminate",
    "DiscriminateSimulation",
    "DisplacementFile",
    "FaultSegment",
    "Faults",
    "Fluids",
    "GridCatalog",
    "Isocon",
    "IsoconSimulation",
    "Locate",
    "Magnitude",
    "Mechanism",
    "Melting",
    "MeltingSimulation",
    "Merge",
    "NeededData",
    "Observation",
    "Paper",
    "PaperNumber",
    "PaperRun",
    "Partition",
    "PickerNetworkTraining",
    "PolarityNetworkTraining",
    "Regional",
    "Repeaters",
    "Report",
    "Restore",
    "RockPhysics",
    "RockTable",
    "SeafloorNetworkTraining",
    "Selection",
    "Settings",
    "SimulatedFields",
    "SimulatedRocks",
    "SimulatedSeafloor",
    "SimulatedSurvey",
    "Simulation",
    "Slip",
    "SlipFault",
    "SlipModels",
    "SlipPriorSettings",
    "SlipSimulation",
    "SmoothPorosity",
    "SoundingFiles",
    "Source",
    "Spectra",
    "Storage",
    "Stress",
    "Structure",
    "Takeoff",
    "Tendency",
    "Threshold",
    "Tomography",
    "TomographyPicks",
    "TomographyPrior",
    "TomographySection",
    "Training",
    "Waveforms",
    "case_run",
    "default_settings",
    "describe_example",
    "expand_variables",
    "explain_setting",
    "find_configuration",
    "list_examples",
    "list_papers",
    "load_configuration",
    "load_paper",
    "paper_settings",
    "parse_settings",
    "settings_reference",
    "settings_schema",
]
