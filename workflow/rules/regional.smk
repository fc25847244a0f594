# Regional ensembles of three-dimensional models: one job per block of members.


rule regional_init:
    input:
        RESULTS + "/{region}/plan/regional.init.json",
    output:
        RESULTS + "/{region}/parts/regional.init.json",
    log:
        "logs/regional/{region}/init.log",
    resources:
        mem_mb=2000,
        runtime=30,
    shell:
        "quakeloom regional init --run {RESULTS}/{wildcards.region} 2> {log}"


rule regional:
    input:
        RESULTS + "/{region}/plan/regional/{partition}.json",
        RESULTS + "/{region}/parts/regional.init.json",
    output:
        RESULTS + "/{region}/parts/regional/{partition}.json",
    log:
        "logs/regional/{region}/{partition}.log",
    benchmark:
        RESULTS + "/{region}/benchmarks/regional/{partition}.tsv"
    threads: lambda wildcards: RUNS[wildcards.region]["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: RUNS[wildcards.region]["partitions"][
            wildcards.partition
        ]
        * attempt,
        runtime=lambda wildcards, attempt: 120 * attempt,
    shell:
        "quakeloom regional part {wildcards.partition} --run {RESULTS}/{wildcards.region} 2> {log}"


rule regional_finalise:
    input:
        plan=RESULTS + "/{region}/plan/regional.finalise.json",
        parts=lambda wildcards: expand(
            RESULTS + "/{{region}}/parts/regional/{partition}.json",
            partition=RUNS[wildcards.region]["partitions"],
        ),
    output:
        RESULTS + "/{region}/parts/regional.finalise.json",
        RESULTS + "/{region}/regional.json",
        RESULTS + "/{region}/regional.nc",
    log:
        "logs/regional/{region}/finalise.log",
    resources:
        mem_mb=4000,
        runtime=30,
    shell:
        "quakeloom regional finalise --run {RESULTS}/{wildcards.region} 2> {log}"


rule regional_report:
    input:
        RESULTS + "/{region}/plan/report.page.json",
        RESULTS + "/{region}/parts/regional.finalise.json",
    output:
        report(
            RESULTS + "/{region}/report.html",
            caption="../report/run.rst",
            category="Runs",
        ),
    log:
        "logs/report/{region}.log",
    resources:
        mem_mb=2000,
        runtime=30,
    shell:
        "quakeloom report --run {RESULTS}/{wildcards.region} 2> {log}"
