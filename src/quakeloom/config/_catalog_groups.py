"""Groups of settings of a catalog's run: sources, partitions, cluster, and what is computed."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator, model_validator

from quakeloom.config._classify import ClassName
from quakeloom.config._continuous_days import ContinuousDays
from quakeloom.config._fields import Section, setting


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
    classes: list[ClassName] = setting(
        lambda: ["earthquake"],
        "Classes of events of which mechanisms are searched, where the run has a group `classify`; "
        "events without a class are searched as well.",
    )
    class_probability: float = setting(
        0.5, "Minimum probability of these classes together.", "1", ge=0, le=1
    )
    minimum_magnitude: float = setting(
        -10.0,
        "Mechanisms of smaller events are not searched, and not of those without a magnitude; "
        "measured ones, where the run has a group `magnitude`. -10: all.",
        "1", ge=-10, le=10,
    )  # fmt: skip
    maximum_magnitude: float = setting(
        10.0, "Nor those of larger events. 10: all.", "1", ge=-10, le=10
    )
    station_epochs: bool = setting(True, "A station is found only within its epochs.")
    screening: list[str] = setting(
        list,
        "Cases of the same configuration whose station reports are honored, one after the "
        "other: reversed stations are corrected, uninformative pick kinds are left out.",
    )

    @field_validator("classes")
    @classmethod
    def _some_class(cls, value: list[ClassName]) -> list[ClassName]:
        if not value:
            raise ValueError("name a class at least, such as earthquake")
        return value

    @model_validator(mode="after")
    def _magnitudes_in_order(self) -> Selection:
        if self.minimum_magnitude > self.maximum_magnitude:
            raise ValueError(
                f"minimum_magnitude ({self.minimum_magnitude:g}) is above maximum_magnitude "
                f"({self.maximum_magnitude:g}), so no event is left"
            )
        return self

    @property
    def selects_magnitudes(self) -> bool:
        """Whether events are left out by their magnitude."""
        return self.minimum_magnitude > -10.0 or self.maximum_magnitude < 10.0


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

    preset: Literal["region", "varied-region", "national"] = setting(
        "region",
        "A small region with one state of stress; the same region with two of them and three "
        "faults; or a country of Japan's size and seismicity.",
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
