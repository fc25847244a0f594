# The page that people look at.


rule report:
    input:
        RESULTS + "/{run}/plan/report.page.json",
        RESULTS + "/{run}/parts/mechanism.finalise.json",
        RESULTS + "/{run}/station_report.parquet",
        lambda wildcards: [
            f"{RESULTS}/{run}/parts/mechanism.finalise.json"
            for run in planned(wildcards)["compare"]
        ],
    output:
        report(
            RESULTS + "/{run}/report.html",
            caption="../report/run.rst",
            category="Runs",
        ),
    log:
        "logs/report/{run}.log",
    resources:
        mem_mb=lambda wildcards: 1500 + planned(wildcards)["events"] // 200,
        runtime=30,
    shell:
        "quakeloom report --run {RESULTS}/{wildcards.run} 2> {log}"
