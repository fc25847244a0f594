# From readings to mechanisms, for every run of one configuration.
#
#   quakeloom run --config config/demo.yaml
#   snakemake --cores 2 --config quakeloom_config=config/demo.yaml
#
# Rules name files and decide what must run; the work is in the `quakeloom` command.


include: "workflow/rules/plan.smk"
include: "workflow/rules/fetch.smk"
include: "workflow/rules/takeoff.smk"
include: "workflow/rules/waveforms.smk"
include: "workflow/rules/locate.smk"
include: "workflow/rules/threshold.smk"
include: "workflow/rules/mechanism.smk"
include: "workflow/rules/stations.smk"
include: "workflow/rules/repeaters.smk"
include: "workflow/rules/stress.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/tomography.smk"
include: "workflow/rules/regional.smk"


rule all:
    default_target: True
    input:
        expand(RESULTS + "/{run}/report.html", run=RUNS),
