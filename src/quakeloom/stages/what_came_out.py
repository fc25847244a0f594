"""Which stages of a run used nothing of what they were given."""

from __future__ import annotations

from quakeloom.config import Settings
from quakeloom.stages.frame.chains import run_stages
from quakeloom.stages.frame.used_of import UsedOf
from quakeloom.store import RunLayout


def stages_without_result(settings: Settings, layout: RunLayout) -> tuple[list[str], bool]:
    """Return a sentence for every stage that used nothing, and whether no stage used anything.

    Stages tell by a verb ``used_of(settings, layout)``, which returns a :class:`UsedOf`.
    """
    sentences = []
    something = False
    for stage in run_stages(settings):
        tell = stage.verb("used_of")
        found: UsedOf | None = tell(settings, layout) if tell is not None else None
        if found is None:
            continue
        if found.is_nothing:
            sentences.append(found.sentence(stage.name))
        something = something or found.used > 0
    return sentences, bool(sentences) and not something
