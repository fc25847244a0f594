"""The settings of a run. These models are the documentation of the configuration file."""

from __future__ import annotations

from typing import Any

from pydantic import field_validator, model_validator

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
from quakeloom.config._classify import Classify
from quakeloom.config._detect import Detect
from quakeloom.config._discriminate import Discriminate
from quakeloom.config._faults import Faults
from quakeloom.config._fields import OwnData, Section, setting
from quakeloom.config._fluids import Fluids, RockPhysics
from quakeloom.config._isocon import Isocon
from quakeloom.config._locate_models import Locate
from quakeloom.config._magnitude import Magnitude
from quakeloom.config._melting import Melting
from quakeloom.config._merge import Merge
from quakeloom.config._regional import Regional
from quakeloom.config._repeaters import Repeaters
from quakeloom.config._restore import Restore
from quakeloom.config._seafloor import Bathymetry, SoundingFiles
from quakeloom.config._slip import Slip
from quakeloom.config._spectra import Spectra
from quakeloom.config._stress_models import Stress, Tendency
from quakeloom.config._structure import SAME_RUN, Structure
from quakeloom.config._threshold import Threshold
from quakeloom.config._tomography import Tomography
from quakeloom.config._training_models import Training
from quakeloom.config._waveforms import Waveforms

RUN_FOLDERS = ("ingest", "parts", "plan", "logs", "benchmarks", "tables", "versions", "waveforms")
"""Folders within that of a run; a case would share them."""

_LONGEST_NAME = 100
"""Letters that a part of a name may have; file systems hold 255 with what is added to it."""


class Settings(Section):
    """All settings of a run."""

    name: str = setting(..., "Name of the run; results go to results/NAME.")
    description: str = setting("", "What the run is, for the report.")
    seed: int = setting(20260101, "Root of all random streams.", "1", ge=0, lt=2**63)
    data: str = setting(".", "Folder from which relative paths of sources start.")
    sources: list[Source] = setting(list, "Input files, in order of precedence.")
    simulation: Simulation | None = setting(None, "Simulate the input; then `sources` stays empty.")
    partition: Partition = setting(Partition, "Stable pieces of work.")
    cluster: Cluster = setting(Cluster, "Where the heavy stages compute.")
    storage: Storage = setting(Storage, "What is kept.")
    selection: Selection = setting(Selection, "Which readings are used.")
    waveforms: Waveforms | None = setting(
        None, "Windows, picks and polarities from waveforms; none if absent."
    )
    detect: Detect | None = setting(
        None, "Picks over all time from continuous waveforms; none if absent."
    )
    associate: Associate | None = setting(
        None, "Events found in picks over all time, of `detect` or of `sources`; none if absent."
    )
    merge: Merge | None = setting(
        None, "Events found, beside the events of `sources`; not compared if absent."
    )
    threshold: Threshold | None = setting(
        None, "Minimum probability of first motions, chosen by the mechanisms; none if absent."
    )
    repeaters: Repeaters | None = setting(
        None, "Repeating earthquakes, to judge first motions by; none if absent."
    )
    takeoff: Takeoff = setting(Takeoff, "Azimuths and take-off angles.")
    mechanism: Mechanism = setting(Mechanism, "The search for mechanisms.")
    structure: Structure | None = setting(
        None, "Velocities in three dimensions from the run's arrivals; none if absent."
    )
    locate: Locate | None = setting(None, "Hypocenters from picks; none if absent.")
    magnitude: Magnitude | None = setting(
        None, "Magnitudes of events that the run finds, from its amplitudes; none if absent."
    )
    spectra: Spectra | None = setting(
        None, "Spectra, moment magnitudes and stress drops of the events; none if absent."
    )
    classify: Classify | None = setting(
        None, "Classes of events by their records: earthquakes, tremor, blasts, far earthquakes, "
        "noise; none if absent.",
    )  # fmt: skip
    stress: Stress | None = setting(None, "The stress map; none if absent.")
    faults: Faults | None = setting(None, "Faults found in the hypocenters; none if absent.")
    tendency: Tendency | None = setting(None, "Slip tendency of faults; none if absent.")
    tomography: Tomography | None = setting(
        None, "Ensemble tomography of a refraction line, instead of a catalog."
    )
    training: Training | None = setting(
        None, "Networks to train with `quakeloom train`, instead of a catalog."
    )
    regional: Regional | None = setting(
        None, "An ensemble of three-dimensional models of a region, instead of a catalog."
    )
    restore: Restore | None = setting(
        None, "Fields with noise and holes to restore, instead of a catalog."
    )
    rockphysics: RockPhysics | None = setting(
        None, "Lithologies with fluids in their pores, for `fluids`."
    )
    fluids: Fluids | None = setting(
        None, "Lithology, fluid, porosity and pore shape from velocities and conductivity."
    )
    isocon: Isocon | None = setting(
        None, "Gains and losses of altered rocks, from a table of analyses; an analysis."
    )
    melting: Melting | None = setting(
        None, "Degrees of melting and source of basalts, from a table of analyses; an analysis."
    )
    discriminate: Discriminate | None = setting(
        None, "Settings of rocks told apart by elements, from a table of analyses; an analysis."
    )
    bathymetry: Bathymetry | None = setting(
        None, "A grid of depths of the sea floor made finer; an analysis of its own."
    )
    soundings: SoundingFiles | None = setting(
        None, "Soundings judged and gridded; an analysis of its own."
    )
    slip: Slip | None = setting(
        None, "Slip on a fault from displacements of the surface, instead of a catalog."
    )
    report: Report = setting(Report, "The report page.")
    plugins: dict[str, dict[str, Any]] = setting(
        dict, "Settings of stages that other packages bring, by stage."
    )

    @property
    def finds_events(self) -> bool:
        """Whether the run finds its own events in picks over all time."""
        return self.associate is not None

    @property
    def detects(self) -> bool:
        """Whether the run picks continuous records."""
        return self.detect is not None

    @property
    def cuts_windows(self) -> bool:
        """Whether the run cuts windows around expected arrivals of its events."""
        return not self.finds_events and self.waveforms is not None

    @property
    def picks_windows(self) -> bool:
        """Whether events are located by the picks of those windows."""
        return (
            not self.finds_events
            and self.waveforms is not None
            and self.waveforms.picks == "automatic"
        )

    @property
    def analyses(self) -> list[str]:
        """Groups given whose data are no seismic events, by name."""
        return [n for n in type(self).model_fields if isinstance(getattr(self, n), OwnData)]

    @field_validator("name")
    @classmethod
    def _name_is_a_path(cls, name: str) -> str:
        parts = name.split("/")
        if any(
            not p or p.startswith(".") or not p.replace("-", "").replace("_", "").isalnum()
            for p in parts
        ):
            raise ValueError(f"'{name}' cannot name a folder; use letters, digits, '-' and '_'")
        if any(len(p) > _LONGEST_NAME for p in parts):
            raise ValueError(
                f"'{name[:_LONGEST_NAME]}...' is too long to name a folder; use at most "
                f"{_LONGEST_NAME} letters"
            )
        taken = sorted(set(parts[1:]) & set(RUN_FOLDERS))
        if taken:
            raise ValueError(
                f"'{taken[0]}' is the name of a folder of every run, so no case can have it; "
                "give the case another name"
            )
        return name

    @model_validator(mode="after")
    def _rocks_have_what_they_need(self) -> Settings:
        if self.fluids is not None and self.rockphysics is None:
            raise ValueError("`fluids` chooses between the rocks of `rockphysics`; add that group")
        has_ensemble = self.tomography is not None or self.regional is not None
        if self.fluids is not None and self.fluids.ensemble and not has_ensemble:
            raise ValueError(
                "`fluids.ensemble` takes the velocities of `tomography` or `regional`; add one of "
                "these groups, or name the product of another run by `fluids.run`"
            )
        return self

    @model_validator(mode="after")
    def _structure_has_places(self) -> Settings:
        named = self.locate is not None and SAME_RUN in self.locate.models
        if named and self.structure is None:
            raise ValueError(
                f"locate.models names `{SAME_RUN}`, the ensemble that the run itself makes; add a "
                f"group `{SAME_RUN}`, or name another model"
            )
        if named and self.locate is not None and len(self.locate.models) > 1:
            raise ValueError(
                f"locate.models names `{SAME_RUN}` and others, which have no grid in common; name "
                "one"
            )
        if self.structure is not None and self.associate is not None:
            raise ValueError(
                "`structure` needs starting places, and events that the run finds have none before "
                "they are located; give the located events to a run of their own"
            )
        return self

    @model_validator(mode="after")
    def _input_is_one_of_two(self) -> Settings:
        has_catalog = self.stress is not None and bool(self.stress.catalogs)
        if has_catalog and (self.sources or self.simulation is not None):
            own = "sources" if self.sources else "simulation"
            raise ValueError(
                "`stress.catalogs` maps the mechanisms of other catalogs, and the events of "
                f"`{own}` get mechanisms of their own; these are two runs: remove one of the two, "
                "or give each its own file"
            )
        if self.tendency is not None and self.stress is None:
            raise ValueError("`tendency` needs a stress map; add `stress: {}`")
        simulated = self.simulation.continuous if self.simulation is not None else None
        if simulated is not None and self.detect is None:
            raise ValueError(
                "`simulation.continuous` makes records without events, which are to be found; add "
                "`waveforms: {}`, `detect: {}`, `associate: {}` and `locate: {}`"
            )
        if self.detect is not None and self.waveforms is None:
            raise ValueError("`detect` picks the archives of `waveforms`; add that group")
        if self.associate is not None and self.waveforms is not None and self.detect is None:
            raise ValueError(
                "`associate` finds events, and windows are cut around events that are known; add "
                "`detect: {}` to pick the archives of `waveforms` over all time, or remove that "
                "group"
            )
        if self.merge is not None and self.associate is None:
            raise ValueError(
                "`merge` compares events that the run finds with those of `sources`; add "
                "`associate: {}`, or use `quakeloom merge` for two catalogs"
            )
        if self.associate is not None and self.locate is None:
            raise ValueError("`associate` finds events that must be located; add `locate: {}`")
        if self.magnitude is not None and not self.finds_events:
            raise ValueError(
                "`magnitude` measures events that the run finds itself; add a group `associate`, "
                "or measure other amplitudes by `quakeloom magnitude --amplitudes FILE`"
            )
        if self.classify is not None and self.waveforms is None:
            raise ValueError("`classify` looks at seismograms; add a group `waveforms`")
        if self.repeaters is not None and not self.cuts_windows:
            raise ValueError("`repeaters` compares seismograms; add a group `waveforms`")
        if self.takeoff.angles == "ensemble" and self.locate is None:
            raise ValueError(
                "takeoff.angles is `ensemble`, so events must be located; add a `locate` group"
            )
        if self.takeoff.angles == "ensemble" and self.locate and not self.locate.draws:
            raise ValueError("takeoff.angles is `ensemble`, so locate.draws must not be 0")
        grids_its_own = self.tomography is not None or self.regional is not None
        if self.analyses and not grids_its_own:
            return self
        if self.tomography is not None:
            if self.sources or self.simulation:
                raise ValueError("`tomography` has its own picks; remove `sources`, `simulation`")
            if self.regional is not None:
                raise ValueError("`tomography` and `regional` are two runs; give each its own file")
            return self
        if self.regional is not None:
            if self.sources or self.simulation:
                raise ValueError("`regional` reads no readings; remove `sources`, `simulation`")
            return self
        if self.training is not None:
            return self
        if self.simulation is None and not self.sources and not has_catalog:
            raise ValueError("nothing to read: give `sources`, or `simulation`")
        if self.simulation is not None and self.sources:
            raise ValueError("`simulation` and `sources` exclude each other; remove one")
        if self.cluster.block_events % self.storage.shard_events:
            raise ValueError(
                f"cluster.block_events ({self.cluster.block_events}) is no multiple of "
                f"storage.shard_events ({self.storage.shard_events}); write a multiple"
            )
        reads = bool(self.sources) or self.simulation is not None
        if self.takeoff.angles == "layered" and not self.takeoff.models and reads:
            raise ValueError(
                "takeoff.angles is `layered`, so takeoff.models needs at least one velocity model; "
                "`generic_crust` comes with quakeloom"
            )
        return self
