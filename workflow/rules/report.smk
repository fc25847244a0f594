# The page that people look at.


def page_inputs(wildcards):
    files = []
    for stage in RUNS[wildcards.run]["stages"]:
        files += results(planned(wildcards, stage)["done"])
    for run in RUNS[wildcards.run]["compare"]:
        for stage in RUNS[run]["stages"].values() if run in RUNS else ():
            files += results(stage.get("done", []))
    return files


rule report:
    input:
        RESULTS + "/{run}/plan/report.page.json",
        page_inputs,
    output:
        report(
            RESULTS + "/{run}/report.html",
            caption="../report/run.rst",
            category="Runs",
        ),
    log:
        "logs/report/{run}.log",
    resources:
        mem_mb=page("memory_mb"),
        runtime=page("minutes"),
    shell:
        "quakeloom report --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
