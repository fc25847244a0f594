"""Settings of the training of networks."""

from __future__ import annotations

from typing import Literal

from quakeloom.config._classify import CLASS_SHARES
from quakeloom.config._fields import Section, setting


class PolarityNetworkTraining(Section):
    """Training of a network that reads first motions, on simulated records."""

    architecture: Literal["lean", "ross"] = setting(
        "lean", "`ross` has the convolutions of Ross et al. (2018); `lean` a tenth of the work."
    )
    strong_records: int = setting(
        20000, "Records of step 1, whose P stands out of the noise.", "records", ge=512
    )
    small_records: int = setting(
        64000, "Records of step 2, of small earthquakes.", "records", ge=512
    )
    held_out_records: int = setting(
        10000, "Records to stop by and calibrate, and as many to test.", "records", ge=256
    )
    strong_epochs: int = setting(2, "Passes over the records of step 1.", "epochs", ge=1, le=1000)
    small_epochs: int = setting(4, "Passes over the records of step 2.", "epochs", ge=1, le=1000)
    strong_learning_rate: float = setting(1e-3, "Learning rate of step 1.", "1", gt=0, le=1)
    small_learning_rate: float = setting(1e-3, "Learning rate of step 2.", "1", gt=0, le=1)
    batch: int = setting(512, "Windows per step of the optimizer.", "windows", ge=8, le=65536)
    pick_error_s: float = setting(
        0.015, "Standard deviation of pick errors of half of the windows.", "s", ge=0, le=0.2
    )
    widest_pick_error_s: float = setting(
        0.1, "Largest pick error of the other half, uniform.", "s", ge=0, le=0.2
    )


class PickerNetworkTraining(Section):
    """Training of a network that picks P and S, on simulated records."""

    records: int = setting(12000, "Simulated records of 60 s.", "records", ge=64)
    held_out_records: int = setting(1000, "Records of other events to watch.", "records", ge=32)
    steps: int = setting(4000, "Steps of the optimizer.", "steps", ge=1)
    short_share: float = setting(
        0.65,
        "Share of the steps, the first ones, with windows half as long, which cost half.",
        "1",
        ge=0,
        le=1,
    )
    batch: int = setting(32, "Windows per step.", "windows", ge=1, le=4096)
    learning_rate: float = setting(3e-3, "Largest learning rate.", "1", gt=0, le=1)
    label_s: float = setting(
        0.1, "Standard deviation of the bell that stands for an arrival.", "s", gt=0, le=1
    )


class PickerFineTuning(Section):
    """Fine-tuning of the picking network on recorded seismograms, with cross-validation."""

    folds: int = setting(7, "Groups of stations, each left out once.", "folds", ge=2, le=100)
    steps: int = setting(150, "Steps of the optimizer.", "steps", ge=1)
    batch: int = setting(16, "Windows per step.", "windows", ge=1, le=4096)
    learning_rate: float = setting(3e-4, "Largest learning rate.", "1", gt=0, le=1)
    label_s: float = setting(
        0.1, "Standard deviation of the bell that stands for an arrival.", "s", gt=0, le=1
    )


class SeafloorNetworkTraining(Section):
    """Training of the networks that make grids of the sea floor finer, on simulated ground."""

    networks: list[Literal["srcnn", "fsrcnn", "espcn"]] = setting(
        lambda: ["srcnn", "fsrcnn", "espcn"], "Networks to train, each so often as `members` says."
    )
    members: int = setting(
        5, "Members of the ensemble: networks of the last kind that differ in seed and ground.",
        "members", ge=1, le=20,
    )  # fmt: skip
    areas: int = setting(160, "Simulated areas of 256 x 256 cells.", "areas", ge=2)
    held_out_areas: int = setting(
        40, "Areas to calibrate ranges on, and as many to test.", "areas", ge=4
    )
    spacing_m: float = setting(50.0, "Side of their cells.", "m", gt=0)
    steps: int = setting(1500, "Steps of the optimizer, per network.", "steps", ge=1)
    batch: int = setting(16, "Patches per step.", "patches", ge=1, le=4096)
    learning_rate: float = setting(2e-3, "Largest learning rate.", "1", gt=0, le=1)
    dictionary: bool = setting(True, "Learn the joint dictionary of the method `sparse` as well.")
    atoms: int = setting(256, "Its atoms.", "atoms", ge=16, le=4096)
    grids: list[str] = setting(
        list, "Grids of one's own to train on beside simulated ground; relative to `data`."
    )


class ClassNetworkTraining(Section):
    """Training of the networks that tell classes of events apart, on simulated networks."""

    sessions: int = setting(14, "Simulated networks that are learned from.", "networks", ge=4)
    quiet_sessions: int = setting(
        4, "Networks beside these with hardly anything but noise.", "networks", ge=0
    )
    test_sessions: int = setting(4, "Networks of other seeds to test on.", "networks", ge=1)
    hours: float = setting(2.0, "Length of the record of each.", "h", ge=0.2, le=24)
    hidden: int = setting(48, "Units between, of the network of records.", "1", ge=2, le=1024)
    event_hidden: int = setting(12, "The same of the network of events.", "1", ge=2, le=1024)
    epochs: int = setting(60, "Passes over all records.", "epochs", ge=1, le=10_000)
    shares: dict[str, float] = setting(
        lambda: dict(CLASS_SHARES), "Shares of the classes of events among those that are found."
    )


class Training(Section):
    """Networks to train; nothing else is computed by such a configuration."""

    polarity: PolarityNetworkTraining | None = setting(
        None, "Train a network that reads first motions."
    )
    picker: PickerNetworkTraining | None = setting(None, "Train a network that picks P and S.")
    classes: ClassNetworkTraining | None = setting(
        None, "Train the networks that tell classes of events apart."
    )
    fine_tuning: PickerFineTuning | None = setting(
        None, "Fine-tune the network that picks on an analyst's picks."
    )
    seafloor: SeafloorNetworkTraining | None = setting(
        None, "Train networks that make grids of the sea floor finer."
    )
