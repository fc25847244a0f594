"""Classification: earthquakes, low-frequency earthquakes, blasts, far earthquakes, noise."""

from quakeloom.classification._classes import CLASS_OF_SOURCE, CLASSES, TYPE_OF_CLASS
from quakeloom.classification._features import FEATURES, describe_records
from quakeloom.classification._frequency_index import frequency_index, record_frequency_index
from quakeloom.classification._model import (
    ClassModel,
    EventStations,
    build_class_model,
    class_probabilities,
    event_inputs,
    name_reasons,
    pack_class_model,
)
from quakeloom.classification._reliability import ClassReliability, measure_class_reliability
from quakeloom.classification._training import ClassExamples, ClassTraining, train_class_model
from quakeloom.classification._windows import AFTER_S, BEFORE_S, RATE_HZ, SAMPLES, EventRecords

__all__ = [
    "AFTER_S",
    "BEFORE_S",
    "CLASSES",
    "CLASS_OF_SOURCE",
    "FEATURES",
    "RATE_HZ",
    "SAMPLES",
    "TYPE_OF_CLASS",
    "ClassExamples",
    "ClassModel",
    "ClassReliability",
    "ClassTraining",
    "EventRecords",
    "EventStations",
    "build_class_model",
    "class_probabilities",
    "describe_records",
    "event_inputs",
    "frequency_index",
    "measure_class_reliability",
    "name_reasons",
    "pack_class_model",
    "record_frequency_index",
    "train_class_model",
]
