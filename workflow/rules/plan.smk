# The plan: which runs, stages and partitions there are, what each reads and promises. It is
# written by `quakeloom plan`, here or by `quakeloom run` before, and only read by the jobs that
# Snakemake starts elsewhere. All other rule files name one stage each.

import json
import os
import subprocess

from urllib.parse import unquote

import yaml


def named(key, default):
    """Return the name of a file; `quakeloom run` hands it on so that no shell changes it."""
    text = str(config.get(key, default))
    return unquote(text[len("quoted:") :]) if text.startswith("quoted:") else text


CONFIG = named("quakeloom_config", "config/demo.yaml")
RESULTS = named("quakeloom_results", "results")

if workflow.is_main_process and "QUAKELOOM_PLANNED" not in os.environ:
    if subprocess.run(
        ["quakeloom", "plan", "--config", CONFIG, "--results", RESULTS]
    ).returncode:
        raise SystemExit(2)

with open(CONFIG) as file:
    # texts as they are written: a run may be called 0123
    NAME = yaml.load(file, Loader=yaml.BaseLoader)["name"]
with open(f"{RESULTS}/{NAME}/plan.json") as file:
    PLAN = json.load(file)

RUNS, RULES = PLAN["runs"], PLAN["rules"]


wildcard_constraints:
    run="|".join(RUNS),
    partition="[0-9a-z-]+",


# Stages whose partitions another stage finds are planned when that one has run.
checkpoint found:
    input:
        lambda wildcards: results(
            RUNS[wildcards.run]["stages"][wildcards.finder]["done"]
        ),
    output:
        RESULTS + "/{run}/plan/found.{finder}.json",
    log:
        "logs/plan/{run}/{finder}.log",
    resources:
        mem_mb=2000,
        runtime=60,
    shell:
        "quakeloom plan --run {RESULTS:q}/{wildcards.run:q} --found {wildcards.finder} 2> {log:q}"


def page(name):
    """Return the function that gives what a page promises, with the events that were found.

    A dry run asks before they are, and Snakemake takes no unfinished checkpoint for a resource.
    """

    def of(wildcards):
        entry = RUNS[wildcards.run]
        finders = {s["found_by"] for s in entry["stages"].values() if "found_by" in s}
        promises = [entry["page"][name]]
        for finder in sorted(finders):
            made = f"{RESULTS}/{wildcards.run}/plan/found.{finder}.json"
            if os.path.exists(made):
                with open(made) as file:
                    promises.append(json.load(file).get("page", {}).get(name, 0))
        return max(promises)

    return of


def results(files, **names):
    return [f"{RESULTS}/{file}".format(**names) for file in files]


def markers(run):
    """Return what says that the stages of a run are done: none is missing beside a newer page."""
    stages = RUNS[run]["stages"].values()
    return [file for entry in stages for file in results(entry.get("done", []))]


def planned(wildcards, stage):
    entry = RUNS[wildcards.run]["stages"][stage]
    if "found_by" not in entry:
        return entry
    made = checkpoints.found.get(run=wildcards.run, finder=entry["found_by"])
    with open(made.output[0]) as file:
        return json.load(file)["stages"][stage]


def inputs(stage, step):
    """Return the function that names the inputs of a rule."""

    def of(wildcards):
        entry, partition = planned(wildcards, stage), getattr(
            wildcards, "partition", ""
        )
        files = [*entry["inputs"][step]]
        if step == "part":
            files += entry.get("beside", {}).get(partition, [])
        return results(files, partition=partition)

    return of


def in_arrays():
    """Whether the jobs of a rule go to SLURM as one array."""
    return bool(getattr(workflow.executor_settings, "array_jobs", None))


def promise(wildcards, stage, step, name):
    """Return what a job promises; in an array, which asks for one size, the most of its rule."""
    entry = planned(wildcards, stage)

    def promises(entry):
        parts = (
            entry["partitions"].values() if step == "part" else [entry.get(step, {})]
        )
        return [part[name] for part in parts if name in part]

    if in_arrays():
        others = [run["stages"].get(stage, {}) for run in RUNS.values()]
        known = [entry, *(other for other in others if "partitions" in other)]
        return max(value for each in known for value in promises(each))
    if step == "part":
        return entry["partitions"][wildcards.partition][name]
    return entry[step][name]


def memory(stage, step="part"):
    """Return the function that gives the memory a job promises, more with every attempt."""
    return (
        lambda wildcards, attempt: promise(wildcards, stage, step, "memory_mb")
        * attempt
    )


def minutes(stage, step="part"):
    """Return the function that gives the minutes a job promises, more with every attempt."""
    return (
        lambda wildcards, attempt: promise(wildcards, stage, step, "minutes") * attempt
    )


def workers(stage):
    return lambda wildcards: planned(wildcards, stage)["threads"]
