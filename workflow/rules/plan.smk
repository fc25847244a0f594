# The plan: which runs and partitions there are. It is written by `quakeloom plan`, here or
# by `quakeloom run` before, and only read by the jobs that Snakemake starts elsewhere.

import json
import os
import subprocess

import yaml

CONFIG = config.get("quakeloom_config", "config/demo.yaml")
RESULTS = str(config.get("quakeloom_results", "results"))

if workflow.is_main_process and "QUAKELOOM_PLANNED" not in os.environ:
    if subprocess.run(
        ["quakeloom", "plan", "--config", CONFIG, "--results", RESULTS]
    ).returncode:
        raise SystemExit(2)

with open(CONFIG) as file:
    NAME = yaml.safe_load(file)["name"]
with open(f"{RESULTS}/{NAME}/plan.json") as file:
    RUNS = json.load(file)["runs"]


# a pattern of no names matches nothing
LINES = [run for run in RUNS if RUNS[run].get("line")]
REGIONS = [run for run in RUNS if RUNS[run].get("region")]
CATALOGS = [run for run in RUNS if run not in LINES + REGIONS]


wildcard_constraints:
    run="|".join(CATALOGS) or "(?!)",
    line="|".join(LINES) or "(?!)",
    region="|".join(REGIONS) or "(?!)",
    partition="[0-9a-z-]+",


def planned(wildcards):
    return RUNS[wildcards.run]


def promised_minutes(wildcards, stage, attempt):
    return planned(wildcards)["minutes"][stage][wildcards.partition] * attempt
