"""What an event is: the words for event types, and which of them are earthquakes.

The words are those of QuakeML 1.2 and of SeisComP (after Storchak et al., 2012, Nomenclature
of event types). Files spell them in many ways; :func:`normalize_event_type` brings them
together.
"""

from __future__ import annotations

import re

EARTHQUAKE_TYPES = (
    "earthquake",
    "induced earthquake",
    "induced or triggered event",
    "reservoir loading",
    "fluid injection",
    "fluid extraction",
    "volcano-tectonic",
)
"""Types whose source is slip on a fault, so that first motions are those of a double couple."""

UNSAID_TYPES = ("", "not reported", "unknown")
"""Words that say that the type is not known; such events are taken for earthquakes."""

NO_EVENT_TYPES = ("not existing", "duplicate", "deleted")
"""Types that say that there is no such event, or that it has another entry."""

OTHER_TYPES = (
    "accidental explosion",
    "acoustic noise",
    "anthropogenic event",
    "artillery strike",
    "atmospheric event",
    "atmospheric meteor explosion",
    "avalanche",
    "blasting levee",
    "boat crash",
    "bomb detonation",
    "building collapse",
    "calving",
    "cavity collapse",
    "chemical explosion",
    "collapse",
    "controlled explosion",
    "crash",
    "debris avalanche",
    "experimental explosion",
    "explosion",
    "frost quake",
    "hydroacoustic event",
    "ice quake",
    "industrial explosion",
    "lahar",
    "landslide",
    "low-frequency event",
    "meteorite",
    "mine collapse",
    "mining explosion",
    "moving aircraft",
    "not locatable",
    "nuclear explosion",
    "other event",
    "outside of network interest",
    "plane crash",
    "pyroclastic flow",
    "quarry blast",
    "road cut",
    "rock burst",
    "rocket",
    "rocket impact",
    "rocket launch",
    "rockslide",
    "slide",
    "snow avalanche",
    "sonic blast",
    "sonic boom",
    "submarine landslide",
    "thunder",
    "train crash",
    "tremor pulse",
    "volcanic eruption",
    "volcanic explosion",
    "volcanic hybrid",
    "volcanic long-period",
    "volcanic rockfall",
    "volcanic tremor",
    "volcanic very-long-period",
)
"""Types whose first motions need not be those of a double couple."""

_ALIASES = {
    "quake": "earthquake",
    "tectonic": "earthquake",
    "tectonic earthquake": "earthquake",
    "local earthquake": "earthquake",
    "regional earthquake": "earthquake",
    "known earthquake": "earthquake",
    "suspected earthquake": "earthquake",
    "felt earthquake": "earthquake",
    "damaging earthquake": "earthquake",
    "induced event": "induced or triggered event",
    "triggered event": "induced or triggered event",
    "volcano tectonic earthquake": "volcano-tectonic",
    "fake": "not existing",
    "fake event": "not existing",
    "false event": "not existing",
    "duplicate event": "duplicate",
    "deleted event": "deleted",
    "other": "other event",
    "quarry": "quarry blast",
    "quarryblast": "quarry blast",
    "blast": "quarry blast",
    "mine blast": "mining explosion",
    "mining blast": "mining explosion",
    "mine explosion": "mining explosion",
    "rockburst": "rock burst",
    "icequake": "ice quake",
    "frostquake": "frost quake",
    "meteor impact": "meteorite",
    "low frequency earthquake": "low-frequency event",
    "long period": "volcanic long-period",
    # codes of the IASPEI Seismic Format: known and suspected
    "ke": "earthquake",
    "se": "earthquake",
    "de": "earthquake",
    "fe": "earthquake",
    "ki": "induced or triggered event",
    "si": "induced or triggered event",
    "kr": "rock burst",
    "sr": "rock burst",
    "kh": "chemical explosion",
    "km": "mining explosion",
    "sm": "mining explosion",
    "kx": "experimental explosion",
    "sx": "experimental explosion",
    "kn": "nuclear explosion",
    "ls": "landslide",
    "uk": "unknown",
    # codes of AQMS, the system of the regional networks of the United States
    "eq": "earthquake",
    "le": "earthquake",
    "re": "earthquake",
    "ts": "earthquake",
    "qb": "quarry blast",
    "ex": "explosion",
    "nt": "nuclear explosion",
    "lf": "low-frequency event",
    "lp": "volcanic long-period",
    "vt": "volcano-tectonic",
}
"""Other spellings, in lower case with blanks, and the word for them. Codes that mean one
thing in one system and another in the next (``sn``, ``sh``) are not among them."""

_GAPS = re.compile(r"[\s_\-]+")
"""What may stand between the words of a type."""

_WORDS = {
    _GAPS.sub(" ", word): word
    for word in (*EARTHQUAKE_TYPES, *UNSAID_TYPES, *NO_EVENT_TYPES, *OTHER_TYPES)
} | _ALIASES
"""All spellings, in lower case with blanks, and the word for them."""


def normalize_event_type(text: str) -> str:
    """Return an event type in the words of the registry.

    Letter case, underscores (ComCat writes ``not_existing``) and hyphens do not matter;
    codes of ISF and AQMS are spelled out. A word that is not known stays, in lower case.
    """
    word = _GAPS.sub(" ", text).strip().lower()
    return _WORDS.get(word, word)


def is_earthquake(event_type: str) -> bool:
    """Say whether first motions of an event of this type are those of a double couple.

    True also where the type is not said. A word that is not known is no earthquake: what
    somebody took the trouble to call otherwise should not enter mechanisms unseen.
    """
    word = normalize_event_type(event_type)
    return word in EARTHQUAKE_TYPES or word in UNSAID_TYPES


def is_known_event_type(event_type: str) -> bool:
    """Say whether a word is that of a type of events, in any spelling; empty is not."""
    return bool(event_type.strip()) and normalize_event_type(event_type) in (
        *EARTHQUAKE_TYPES,
        *UNSAID_TYPES,
        *NO_EVENT_TYPES,
        *OTHER_TYPES,
    )


def is_no_event(event_type: str) -> bool:
    """Say whether a type means that there is no such event, or that it is entered twice."""
    return normalize_event_type(event_type) in NO_EVENT_TYPES
