"""The settings of a run. These models are the documentation of the configuration file."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator, model_validator

from quakeloom.config._associate import Associate
from quakeloom.config._continuous_days import ContinuousDays
from quakeloom.config._detect import Detect
from quakeloom.config._faults import Faults
from quakeloom.config._fields import Section, setting
from quakeloom.config._locate_models import Locate
from quakeloom.config._magnitude import Magnitude
from quakeloom.config._merge import Merge
from quakeloom.config._regional import Regional
from quakeloom.config._repeaters import Repeaters
from quakeloom.config._stress_models import Stress, Tendency
from quakeloom.config._threshold import Threshold
from quakeloom.config._tomography import Tomography
from quakeloom.config._training_models import Training
from quakeloom.config._waveforms import Waveforms


class Source(Section):
    """One input file, or many by a glob pattern."""

    path: str = setting(
        ..., "File or glob pattern; relative to `data`; `${VARIABLE:-default}` is expanded."
    )
    format: str = setting(
        "auto", "Format of the file; `quakeloom formats` lists them. `auto` looks inside."
    )
    options: dict[str, Any] = setting(
        dict, "Options of the reader, as listed by `quakeloom formats`."
    )


class Partition(Section):
    """How events are split into the pieces that are computed and written as one."""

    calendar: Literal["auto", "month", "quarter", "year", "decade", "all"] = setting(
        "auto",
        "Calendar bins by origin time. `auto` takes the finest with 3,000 events in an average "
        "bin when a run is first planned, and keeps it from then on.",
    )
    maximum_events: int = setting(
        20000,
        "A bin with more events is split into months, a month with more into days.",
        "events",
        ge=1,
    )


class Cluster(Section):
    """Where the heavy stages compute."""

    kind: Literal["synchronous", "local", "scheduler"] = setting(
        "synchronous",
        "`synchronous` computes in the process of the rule; `local` starts worker processes; "
        "`scheduler` joins a running Dask scheduler.",
    )
    workers: int = setting(2, "Worker processes of a local cluster.", "processes", ge=1, le=1024)
    scheduler_file: str = setting("", "File that names a running scheduler.")
    scheduler_address: str = setting(
        "",
        "Address of a running scheduler, such as `tcp://node7:8786`, or `tls://` where it asks for "
        "certificates; in place of `scheduler_file`.",
    )
    tls_ca_file: str = setting(
        "", "Certificate of who signed that of the scheduler (PEM); empty: as Dask's own settings."
    )
    tls_certificate: str = setting("", "Our certificate for the scheduler (PEM).")
    tls_key: str = setting("", "Key of our certificate (PEM); never a part of results.")
    wait_s: float = setting(
        300.0,
        "A running scheduler that does not answer, or has no worker, is waited for so long.",
        "s", gt=0, le=86400,
    )  # fmt: skip
    block_events: int = setting(
        1024, "Events per task; a multiple of `storage.shard_events`.", "events", ge=16, le=65536
    )
    memory_mb: int = setting(
        4000, "Memory that one rule may use; workers are clamped to it.", "MB", ge=500
    )

    @field_validator("scheduler_address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and not value.startswith(("tcp://", "tls://")):
            raise ValueError(
                f"'{value}' is no address of a scheduler; write tcp://HOST:PORT or tls://HOST:PORT"
            )
        return value

    @model_validator(mode="after")
    def _names_one_scheduler(self) -> Cluster:
        named = [n for n in ("scheduler_file", "scheduler_address") if getattr(self, n)]
        if self.kind == "scheduler" and len(named) != 1:
            raise ValueError(
                "kind is `scheduler`, so one of scheduler_file and scheduler_address must be given"
                + (", not both" if named else "")
            )
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("tls_certificate and tls_key belong together; give both or none")
        return self


class Storage(Section):
    """What is kept, and how."""

    acceptance: bool = setting(
        True, "Keep the weight of every grid mechanism of every event (Zarr)."
    )
    shard_events: int = setting(
        1024, "Events per shard, the unit of writing.", "events", ge=16, le=65536
    )
    chunk_events: int = setting(
        64, "Events per chunk, the unit of reading; divides the shard.", "events", ge=1, le=65536
    )

    @model_validator(mode="after")
    def _chunks_fill_shards(self) -> Storage:
        if self.shard_events % self.chunk_events:
            raise ValueError(
                f"shard_events ({self.shard_events}) is no multiple of chunk_events "
                f"({self.chunk_events}); write a multiple, e.g. {self.chunk_events * 16}"
            )
        return self


class Selection(Section):
    """Which readings enter the mechanisms."""

    maximum_distance_km: float = setting(
        120.0, "Readings from farther stations are not used.", "km", gt=0, le=20000
    )
    maximum_pick_weight: int = setting(
        9, "Readings with a worse weight code are not used (0 best).", "1", ge=0, le=9
    )
    one_per_station: bool = setting(
        True,
        "Use one reading per station and event, the best by weight code and onset; others "
        "repeat it. HASH uses all.",
    )
    onsets: Literal["all", "impulsive"] = setting(
        "all", "Use all readings, or only those whose onset is called impulsive."
    )
    impulsive_by: Literal["onset", "weight"] = setting(
        "onset", "A reading is impulsive by its onset letter, or by weight code 0."
    )
    minimum_probability: float = setting(
        0.5,
        "A reading with a probability counts only if it is at least this sure of its sign.",
        "1",
        ge=0.5,
        le=1,
    )
    reversals: bool = setting(
        True, "Change the sign of polarities of stations in the reversal tables."
    )
    station_match: Literal["best", "channel"] = setting(
        "best",
        "`best` finds a station by channel, else by network and code, else by its code; "
        "`channel` only by network, code and the first two letters of the channel, as HASH does.",
    )
    event_types: Literal["earthquakes", "all"] = setting(
        "earthquakes",
        "Events of which mechanisms are searched, by their type: `earthquakes` (also induced ones "
        "and those without a type), or `all`, with blasts, collapses and the like.",
    )
    station_epochs: bool = setting(True, "A station is found only within its epochs.")
    screening: list[str] = setting(
        list,
        "Cases of the same configuration whose station reports are honored, one after the "
        "other: reversed stations are corrected, uninformative pick kinds are left out.",
    )


class Takeoff(Section):
    """Azimuths and take-off angles."""

    angles: Literal["given", "layered", "ensemble"] = setting(
        "layered",
        "`given` in the input files; traced in `layered` models; or those of the `ensemble` that "
        "the events were located in, hypocenter and member drawn together in every trial.",
    )
    models: list[str] = setting(
        list,
        "Velocity models: names of resources/velocity_models, or files; several are cycled "
        "through by the trials.",
    )
    law: Literal["linear", "hash"] = setting(
        "linear", "Velocity between nodes: linear with depth, or HASH's law and table spacing."
    )
    distance: Literal["geodesic", "flat"] = setting(
        "geodesic", "Epicentral distance on the ellipsoid, or HASH's flat formula."
    )
    table_step_km: float = setting(
        0.5, "Finest step of the tables; it grows with depth and distance.", "km", gt=0, le=50
    )
    maximum_depth_km: float = setting(60.0, "Deepest source in the tables.", "km", gt=0, le=800)
    azimuth_error_deg: float = setting(
        0.0, "Standard error of azimuths where the file gives none.", "deg", ge=0, le=180
    )
    takeoff_error_deg: float = setting(
        0.0, "Standard error of take-off angles where the file gives none.", "deg", ge=0, le=90
    )
    depth_error_km: float = setting(
        1.0, "Standard error of depths where the file gives none.", "km", ge=0, le=100
    )
    epicenter_errors: bool = setting(
        True, "Draw epicenters by their errors in traced trials; HASH v1.2 draws depths alone."
    )
    epicenter_error_km: float = setting(
        0.0, "Standard error of epicenters where the file gives none.", "km", ge=0, le=100
    )


class Mechanism(Section):
    """The search for focal mechanisms (HASH and beyond)."""

    grid_step_deg: float = setting(5.0, "Step of the grid of mechanisms.", "deg", ge=2, le=20)
    trials: int = setting(
        50, "Trials over depth, velocity model and angle errors.", "trials", ge=1, le=2000
    )
    stratified_draws: bool = setting(
        True, "Draw each error stratified over the trials, not independently as HASH does."
    )
    weighting_trials: int = setting(
        30,
        "A mechanism's weight is the chance to be accepted in one of this many of the trials: "
        "1 weighs by the share of accepting trials, HASH's union of 30 trials is 30.",
        "trials",
        ge=1,
        le=2000,
    )
    maxout: int = setting(
        0, "Accepted mechanisms kept at random, as in HASH; 0 keeps all.", "mechanisms", ge=0
    )
    polarity_error_rate: float = setting(
        0.1, "Share of polarities expected to be wrong (badfrac).", "1", ge=0, lt=0.5
    )
    amplitude_error: float = setting(
        0.3, "Expected error of log10 S/P (qbadfrac).", "1", ge=0, le=2
    )
    minimum_amplitude_snr: float = setting(
        3.0, "Minimum signal-to-noise ratio of amplitudes.", "1", ge=0
    )
    require_sp_correction: bool = setting(
        False, "Use S/P only of channels that have a station correction, as HASH does."
    )
    vp_vs_ratio: float = setting(1.7, "Vp/Vs at the source, for S/P ratios.", "1", ge=1.2, le=3)
    use_onset: bool = setting(
        True, "Ask more of impulsive picks than of emergent ones, as HASH does."
    )
    use_probabilities: bool | None = setting(
        None,
        "Weigh mechanisms by the probabilities of the polarities instead of counting signs, as "
        "HASH does. Left open: for the events of which some reading states one, unless `average` "
        "is `hash`.",
    )
    use_amplitudes: bool = setting(True, "Use S/P amplitude ratios where there are any.")
    minimum_polarities: int = setting(
        8, "Fewer polarities give quality F and no mechanism.", "polarities", ge=1
    )
    maximum_azimuthal_gap_deg: float = setting(
        90.0, "A larger gap gives quality E and no mechanism.", "deg", gt=0, le=360
    )
    maximum_takeoff_gap_deg: float = setting(
        60.0, "A larger gap gives quality E and no mechanism.", "deg", gt=0, le=90
    )
    probability_angle_deg: float = setting(
        45.0, "Mechanisms within this rotation are one solution (cangle).", "deg", gt=0, le=120
    )
    multiple_probability: float = setting(
        0.25, "Minimum probability of a further solution (prob_max).", "1", ge=0, le=1
    )
    prob_c: float = setting(
        0.5,
        "Minimum probability of quality C: 0.5 in HASH's code, 0.7 in its manual's table.",
        "1",
        ge=0,
        le=1,
    )
    average: Literal["weighted", "hash"] = setting(
        "weighted",
        "Preferred mechanism: robust weighted mean of the acceptable ones, or HASH's mean "
        "after removing the worst one by one, which knows no weights (refused with "
        "`use_probabilities`).",
    )
    quality_criteria: Literal["all", "spread"] = setting(
        "all",
        "Rate by misfit, station distribution, uncertainty and probability, or by the last two "
        "alone as HASH's program for S/P ratios does.",
    )
    probability_floor: float = setting(
        0.02, "Probabilities of polarities are never nearer to 0 or 1.", "1", ge=1e-4, lt=0.5
    )
    direction_step_deg: float = setting(
        0.5,
        "Drawn rays are rounded to directions this far apart; 0 evaluates every ray exactly.",
        "deg",
        ge=0,
        le=5,
    )
    stdr_mode: Literal["correct", "hash12"] = setting(
        "correct",
        "Station distribution ratio as defined, or with the degree-radian slip of HASH v1.2.",
    )

    @property
    def weighs_probabilities(self) -> bool:
        """Whether mechanisms are weighed by probabilities where readings state some."""
        if self.use_probabilities is None:
            return self.average != "hash"
        return self.use_probabilities

    @model_validator(mode="after")
    def _averages_know_weights(self) -> Mechanism:
        if self.use_probabilities and self.average == "hash":
            raise ValueError(
                "`use_probabilities: true` and `average: hash` contradict each other: HASH's "
                "average takes all mechanisms alike and would forget the probabilities; leave "
                "one of them out"
            )
        return self


class Simulation(Section):
    """A synthetic catalog with known truth, instead of input files."""

    preset: Literal["region", "national"] = setting(
        "region", "A small region, or a country of Japan's size and seismicity."
    )
    events: int = setting(400, "Number of events.", "events", ge=1, le=10_000_000)
    mean_polarities: float = setting(
        14.16, "Mean number of polarities per event.", "polarities", ge=4, le=200
    )
    start_year: int = setting(2002, "First year of the catalog.", "years", ge=1900, le=2200)
    end_year: int = setting(2021, "Year in which the catalog ends.", "years", ge=1901, le=2201)
    reversed_station_fraction: float = setting(
        0.0, "Share of stations that are reversed for a span of time.", "1", ge=0, le=1
    )
    repeating_fraction: float = setting(
        0.0,
        "Share of events that repeat another one: the same source and paths, other noise.",
        "1",
        ge=0,
        le=1,
    )
    polarity_error_rate: float = setting(0.08, "Share of wrong polarities.", "1", ge=0, lt=0.5)
    continuous: ContinuousDays | None = setting(
        None,
        "Continuous records of a network in place of a catalog (`true`: with its defaults); of the "
        "settings above none counts then.",
    )

    @field_validator("continuous", mode="before")
    @classmethod
    def _is_group(cls, value: Any) -> Any:
        return {True: {}, False: None}[value] if isinstance(value, bool) else value


class Report(Section):
    """The report page."""

    compare: list[str] = setting(
        list,
        "Cases of this configuration, or mechanism tables (relative to `data`), to compare with.",
    )
    title: str = setting("", "Title of the page; the run's name if empty.")


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
    locate: Locate | None = setting(None, "Hypocenters from picks; none if absent.")
    magnitude: Magnitude | None = setting(
        None, "Magnitudes of events that the run finds, from its amplitudes; none if absent."
    )
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
        if self.repeaters is not None and not self.cuts_windows:
            raise ValueError("`repeaters` compares seismograms; add a group `waveforms`")
        if self.takeoff.angles == "ensemble" and self.locate is None:
            raise ValueError(
                "takeoff.angles is `ensemble`, so events must be located; add a `locate` group"
            )
        if self.takeoff.angles == "ensemble" and self.locate and not self.locate.draws:
            raise ValueError("takeoff.angles is `ensemble`, so locate.draws must not be 0")
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
