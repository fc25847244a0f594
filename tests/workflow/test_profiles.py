"""Profiles of clusters that cannot run here: Snakemake takes each of them in a dry run."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

import pytest
import yaml
from small_runs import ROOT, quakeloom

PLUGINS = {"pbs": "cluster_generic", "sge": "cluster_generic", "lsf": "lsf", "slurm": "slurm"}
"""Executor plugin of Snakemake of every profile."""


def test_every_profile_is_tested():
    here = {p.name for p in (ROOT / "workflow" / "profiles").iterdir() if p.is_dir()}
    assert here == {*PLUGINS, "local"}


@pytest.mark.parametrize(
    "profile",
    [p if p == "slurm" else pytest.param(p, marks=pytest.mark.long) for p in PLUGINS],
)
def test_a_dry_run_takes_the_profile(catalog, profile):
    plugin = f"snakemake_executor_plugin_{PLUGINS[profile]}"
    if find_spec(plugin) is None:
        pytest.skip(f"{plugin.replace('_', '-')} is not installed; `pip install` it to test this")
    # without the command that plans, which is the batch system's
    ignored = shutil.ignore_patterns("quakeloom.yaml")
    own = shutil.copytree(
        ROOT / "workflow" / "profiles" / profile, catalog / profile, ignore=ignored
    )
    done = quakeloom(
        "run", "--config", catalog / "tiny.yaml", "--results", catalog / "results",
        "--profile", own, "--dry-run", cwd=catalog,
    )  # fmt: skip
    counts = dict(line.split()[:2] for line in done.stdout.splitlines() if len(line.split()) == 2)
    assert counts["mechanism"] == "3"


@pytest.mark.parametrize("profile", ["pbs", "sge"])
def test_a_submission_asks_for_what_the_stage_promises(profile):
    """The command as Snakemake fills it in, and the shell after it."""
    import subprocess
    from types import SimpleNamespace

    settings = yaml.safe_load((ROOT / "workflow/profiles" / profile / "config.yaml").read_text())
    command = settings["cluster-generic-submit-cmd"].format(
        rule="mechanism", threads=4, resources=SimpleNamespace(mem_mb=6000, runtime=90)
    )
    said = subprocess.run(["bash", "-c", f"echo {command}"], capture_output=True, text=True).stdout
    wanted = {
        "pbs": ["select=1:ncpus=4:mem=6000mb", "walltime=5400"],
        "sge": ["-pe smp 4", "h_vmem=1501M", "h_rt=5400"],
    }
    assert [w for w in wanted[profile] if w not in said] == []
