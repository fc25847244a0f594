# Focal mechanisms: one job per partition, then the tables of the run.


def mechanism_inputs(wildcards):
    files = [
        RESULTS + "/{run}/plan/mechanism/{partition}.json",
        RESULTS + "/{run}/parts/mechanism.init.json",
    ]
    if planned(wildcards)["takeoff"]:
        files.append(RESULTS + "/{run}/parts/takeoff.tables.json")
    if planned(wildcards)["waveforms"]:
        files.append(RESULTS + "/{run}/parts/polarity/{partition}.json")
    if planned(wildcards)["located_angles"]:
        files.append(RESULTS + "/{run}/parts/locate/{partition}.json")
    if planned(wildcards)["threshold"]:
        files.append(RESULTS + "/{run}/parts/threshold.finalise.json")
    return files + [
        f"{RESULTS}/{run}/station_report.parquet"
        for run in planned(wildcards)["screening"]
    ]


rule mechanism_init:
    input:
        RESULTS + "/{run}/plan/mechanism.init.json",
    output:
        RESULTS + "/{run}/parts/mechanism.init.json",
    log:
        "logs/mechanism/{run}/init.log",
    resources:
        mem_mb=1000,
        runtime=5,
    shell:
        "quakeloom mechanism init --run {RESULTS}/{wildcards.run} 2> {log}"


rule mechanism:
    input:
        mechanism_inputs,
    output:
        RESULTS + "/{run}/parts/mechanism/{partition}.json",
    log:
        "logs/mechanism/{run}/{partition}.log",
    benchmark:
        RESULTS + "/{run}/benchmarks/mechanism/{partition}.tsv"
    threads: lambda wildcards: planned(wildcards)["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: planned(wildcards)["partitions"][
            wildcards.partition
        ]
        * attempt,
        runtime=lambda wildcards, attempt: promised_minutes(
            wildcards, "mechanism", attempt
        ),
    shell:
        "quakeloom mechanism part {wildcards.partition} --run {RESULTS}/{wildcards.run} 2> {log}"


rule mechanism_finalise:
    input:
        plan=RESULTS + "/{run}/plan/mechanism.finalise.json",
        parts=lambda wildcards: expand(
            RESULTS + "/{{run}}/parts/mechanism/{partition}.json",
            partition=planned(wildcards)["partitions"],
        ),
    output:
        RESULTS + "/{run}/parts/mechanism.finalise.json",
        expand(
            RESULTS + "/{{run}}/{table}.parquet",
            table=[
                "events",
                "stations",
                "polarities",
                "mechanisms",
                "solutions",
                "rejects",
            ],
        ),
    log:
        "logs/mechanism/{run}/finalise.log",
    resources:
        mem_mb=lambda wildcards: 1000 + planned(wildcards)["events"] // 300,
        runtime=60,
    shell:
        "quakeloom mechanism finalise --run {RESULTS}/{wildcards.run} 2> {log}"
