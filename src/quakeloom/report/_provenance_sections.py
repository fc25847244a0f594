"""Run costs, provenance, methods, glossary."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import partial
from typing import Any

import numpy as np
import yaml
from markupsafe import Markup

from quakeloom.plots import plot_rule_costs
from quakeloom.report._blocks import Code, Grid, Section, Terms, Text, page_picture
from quakeloom.report._catalog import find_setting
from quakeloom.report._phrases import DASH, duration, memory, whole
from quakeloom.report._results import RunResults
from quakeloom.schema import TABLES, VARIABLES

REFERENCES = (
    "Aki, K., Richards, P. G. (2002). Quantitative Seismology, 2nd ed. University Science Books.",
    "Crameri, F., Shephard, G. E., Heron, P. J. (2020). The misuse of colour in science "
    "communication. Nature Communications 11, 5444. doi:10.1038/s41467-020-19160-7",
    "Hardebeck, J. L., Shearer, P. M. (2002). A new method for determining first-motion focal "
    "mechanisms. Bull. Seismol. Soc. Am. 92, 2264-2276. doi:10.1785/0120010200",
    "Hardebeck, J. L., Shearer, P. M. (2003). Using S/P amplitude ratios to constrain the focal "
    "mechanisms of small earthquakes. Bull. Seismol. Soc. Am. 93, 2434-2444. "
    "doi:10.1785/0120020236",
    "Kagan, Y. Y. (1991). 3-D rotation of double-couple earthquake sources. Geophys. J. Int. 106, "
    "709-716. doi:10.1111/j.1365-246X.1991.tb06343.x",
    "Uchide, T., Shiina, T., Imanishi, K. (2022). Stress map of Japan: detailed nationwide crustal "
    "stress field inferred from focal mechanism solutions of numerous microearthquakes. "
    "J. Geophys. Res. Solid Earth 127, e2022JB024036. doi:10.1029/2022JB024036",
    "Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. "
    "J. Am. Stat. Assoc. 22, 209-212.",
)
"""Papers that the paragraph on methods names, by author."""

_GLOSSARY = (
    *TABLES["mechanisms"].columns,
    *("polarity", "probability_up", "azimuth_deg", "takeoff_deg", "onset", "acceptance"),
)
"""Variables that the glossary explains."""


def cost_section(results: RunResults) -> Section:
    """Return wall time, processor time and memory per rule."""
    section = Section("costs", "Run time and memory")
    if not results.timings:
        return section
    rules: dict[str, list[Any]] = defaultdict(list)
    for job in results.timings:
        rules[str(job.get("rule", ""))].append(job)
    names = list(rules)
    wall = [sum(_number(j.get("seconds")) for j in rules[r]) for r in names]
    cpu = [sum(_number(j.get("cpu_seconds")) for j in rules[r]) for r in names]
    slowest = [max(_number(j.get("seconds")) for j in rules[r]) for r in names]
    peak = [max(_number(j.get("peak_memory_mb")) for j in rules[r]) for r in names]
    rows = [
        (n, whole(len(rules[n])), duration(w), duration(s), duration(c), memory(m) if m else DASH)
        for n, w, s, c, m in zip(names, wall, slowest, cpu, peak, strict=True)
    ]
    rows.append(
        (
            "all",
            whole(len(results.timings)),
            duration(sum(wall)),
            duration(max(slowest)),
            duration(sum(cpu)),
            memory(max(peak)) if max(peak) else DASH,
        )
    )
    return section.add(
        page_picture(
            partial(plot_rule_costs, names, wall, np.where(np.array(peak) > 0, peak, np.nan)),
            "Bars of wall time and peak memory per rule.",
            "Wall time (sum over partitions) and peak memory (largest partition) per rule.",
            width="wide",
        ),
        Grid(
            ("Rule", "Jobs", "Wall time", "Slowest job", "Processor time", "Peak memory"),
            rows,
            "As measured by the workflow. Jobs may run side by side, so that the clock shows less "
            "than the sum; a job's own workers count in its processor time.",
            (False,) + (True,) * 5,
        ),
    )


def provenance_section(results: RunResults) -> Section:
    """Return settings, versions and digests."""
    section = Section("provenance", "Provenance")
    items = dict(results.provenance)
    libraries = items.get("libraries")
    if isinstance(libraries, dict):
        items["libraries"] = ", ".join(f"{k} {v}" for k, v in sorted(libraries.items()))
    flat = [
        (key, value)
        for key, value in _flatten(items)
        if not key.startswith("settings.") and value not in ("", None)
    ]
    if flat:
        section.add(
            Grid(
                ("Item", "Value"),
                [(k, Markup("<code>{}</code>").format(v)) for k, v in flat],
                "What this result rests on. The same settings, inputs, code and seed give the "
                "same bytes.",
            )
        )
    if results.settings:
        text = yaml.safe_dump(
            _plain(results.settings), sort_keys=False, allow_unicode=True, width=88
        )
        section.add(Code("Settings of the run (YAML)", text))
    return section


def methods_section(results: RunResults) -> Section:
    """Return a paragraph on the methods, with references."""
    section = Section("methods", "Methods")
    settings = results.settings
    step = find_setting(settings, ("grid_step_deg",), None)
    trials = find_setting(settings, ("trials",), None)
    angle = find_setting(settings, ("probability_angle_deg",), 45.0)
    kept = find_setting(settings, ("maxout",), None)
    text = (
        "Mechanisms are found from P first motions, and from S/P amplitude ratios where there "
        "are any, by the method of Hardebeck and Shearer (2002, 2003), HASH: "
    )
    text += f"a grid of double couples ({step:g}° step)" if step else "a grid of double couples"
    text += " is searched" + (f" in {trials} trials" if trials else " in many trials")
    text += (
        " over source depth, velocity model and take-off errors, and every mechanism whose "
        "misfit is within the limit in any trial is acceptable. The preferred mechanism is their "
        f"average after outliers beyond {angle:g}° are dropped; the probability is the share "
        "that is kept, and the plane uncertainties are the RMS angles of the acceptable planes. "
    )
    if kept:
        text += f"At most {kept} acceptable mechanisms are kept, chosen at random, as in HASH. "
    elif kept == 0:
        text += "All acceptable mechanisms are kept. "
    text += (
        "Strike, dip and rake follow Aki and Richards (2002); differences between mechanisms are "
        "the smallest rotation between the double couples (Kagan, 1991). Intervals of shares are "
        "Wilson's. Colors of continuous scales are those of Crameri et al. (2020); coastlines "
        "are from Natural Earth (public domain)."
    )
    items = Markup("").join(Markup("<li>{}</li>").format(_linked(r)) for r in REFERENCES)
    return section.add(
        Text(text), Text(Markup('<ol class="references">{}</ol>').format(items), kind="html")
    )


def glossary_section() -> Section:
    """Return the terms of the tables with their registered meanings."""
    items = []
    for name in dict.fromkeys(_GLOSSARY):
        v = VARIABLES[name]
        unit = f" [{v.unit}]" if v.unit not in ("", "1") else ""
        items.append((name, f"{v.meaning}{unit}"))
    return Section("glossary", "Glossary", [Terms(items)])


def _linked(reference: str) -> str | Markup:
    text, mark, doi = reference.partition("doi:")
    text = re.sub(r"(?<=\d)-(?=\d{2})", DASH, text)
    if not mark:
        return text
    return Markup('{}<a href="https://doi.org/{}">doi:{}</a>').format(text, doi, doi)


def _number(value: Any) -> float:
    try:
        x = float(value)
    except (TypeError, ValueError):
        return 0.0
    return x if np.isfinite(x) else 0.0


def _flatten(node: Any, prefix: str = "") -> list[tuple[str, Any]]:
    if isinstance(node, dict):
        return [p for k, v in node.items() for p in _flatten(v, f"{prefix}{k}.")]
    text = json.dumps(node) if isinstance(node, list | tuple) else node
    return [(prefix.rstrip("."), text)]


def _plain(node: Any) -> Any:
    return json.loads(json.dumps(node, default=str))
