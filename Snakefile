# From readings to mechanisms, for every run of one configuration.
#
#   quakeloom run --config config/demo.yaml
#   snakemake --cores 2 --config quakeloom_config=config/demo.yaml
#
# Rules name files and decide what must run; the work is in the `quakeloom` command. There is one
# rule file for every stage; stages of other packages bring their own.

from pathlib import Path


include: "workflow/rules/plan.smk"


for file in sorted(Path(workflow.basedir, "workflow", "rules").glob("*.smk")):
    if file.stem != "plan":

        include: str(file)


for file in RULES:

    include: file


rule all:
    default_target: True
    input:
        expand(RESULTS + "/{run}/report.html", run=RUNS),
        [file for run in RUNS for file in markers(run)],
