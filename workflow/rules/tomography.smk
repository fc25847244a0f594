# Ensemble tomography of refraction lines: one job per block of members.


rule tomography_init:
    input:
        RESULTS + "/{line}/plan/tomography.init.json",
    output:
        RESULTS + "/{line}/parts/tomography.init.json",
    log:
        "logs/tomography/{line}/init.log",
    benchmark:
        RESULTS + "/{line}/benchmarks/tomography_init/init.tsv"
    resources:
        mem_mb=lambda wildcards: max(RUNS[wildcards.line]["partitions"].values()),
        runtime=60,
    shell:
        "quakeloom tomography init --run {RESULTS}/{wildcards.line} 2> {log}"


rule tomography:
    input:
        RESULTS + "/{line}/plan/tomography/{partition}.json",
        RESULTS + "/{line}/parts/tomography.init.json",
    output:
        RESULTS + "/{line}/parts/tomography/{partition}.json",
    log:
        "logs/tomography/{line}/{partition}.log",
    benchmark:
        RESULTS + "/{line}/benchmarks/tomography/{partition}.tsv"
    threads: lambda wildcards: RUNS[wildcards.line]["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: RUNS[wildcards.line]["partitions"][
            wildcards.partition
        ]
        * attempt,
        runtime=lambda wildcards, attempt: 120 * attempt,
    shell:
        "quakeloom tomography part {wildcards.partition} --run {RESULTS}/{wildcards.line} 2> {log}"


rule tomography_finalise:
    input:
        plan=RESULTS + "/{line}/plan/tomography.finalise.json",
        parts=lambda wildcards: expand(
            RESULTS + "/{{line}}/parts/tomography/{partition}.json",
            partition=RUNS[wildcards.line]["partitions"],
        ),
    output:
        RESULTS + "/{line}/parts/tomography.finalise.json",
        RESULTS + "/{line}/tomography.json",
        RESULTS + "/{line}/sections.nc",
        RESULTS + "/{line}/sections.csv",
        RESULTS + "/{line}/travel_time_fits.parquet",
    log:
        "logs/tomography/{line}/finalise.log",
    resources:
        mem_mb=2000,
        runtime=30,
    shell:
        "quakeloom tomography finalise --run {RESULTS}/{wildcards.line} 2> {log}"


rule tomography_report:
    input:
        RESULTS + "/{line}/plan/report.page.json",
        RESULTS + "/{line}/parts/tomography.finalise.json",
        lambda wildcards: [
            f"{RESULTS}/{line}/parts/tomography.finalise.json"
            for line in RUNS[wildcards.line]["compare"]
        ],
    output:
        report(
            RESULTS + "/{line}/report.html",
            caption="../report/run.rst",
            category="Runs",
        ),
    log:
        "logs/report/{line}.log",
    resources:
        mem_mb=2000,
        runtime=30,
    shell:
        "quakeloom report --run {RESULTS}/{wildcards.line} 2> {log}"
