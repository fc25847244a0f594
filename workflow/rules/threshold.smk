# The least probability of first motions: a sample of events solved with every threshold.


def threshold_inputs(wildcards, partition):
    root = f"{RESULTS}/{wildcards.run}/parts"
    run = planned(wildcards)
    files = []
    if run["takeoff"]:
        files.append(f"{root}/takeoff.tables.json")
    if run["waveforms"]:
        files.append(f"{root}/polarity/{partition}.json")
    if run["located_angles"]:
        files.append(f"{root}/locate/{partition}.json")
    return files


rule threshold_init:
    input:
        RESULTS + "/{run}/plan/threshold.init.json",
        # the rates of wrong readings are those of all
        lambda wildcards: [
            file
            for partition in planned(wildcards)["partitions"]
            for file in threshold_inputs(wildcards, partition)
        ],
    output:
        RESULTS + "/{run}/parts/threshold.init.json",
    log:
        "logs/threshold/{run}/init.log",
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "quakeloom threshold init --run {RESULTS}/{wildcards.run} 2> {log}"


rule threshold:
    input:
        RESULTS + "/{run}/plan/threshold/{partition}.json",
        RESULTS + "/{run}/parts/threshold.init.json",
        lambda wildcards: threshold_inputs(wildcards, wildcards.partition),
        lambda wildcards: [
            f"{RESULTS}/{run}/station_report.parquet"
            for run in planned(wildcards)["screening"]
        ],
    output:
        RESULTS + "/{run}/parts/threshold/{partition}.json",
    log:
        "logs/threshold/{run}/{partition}.log",
    benchmark:
        RESULTS + "/{run}/benchmarks/threshold/{partition}.tsv"
    resources:
        mem_mb=lambda wildcards, attempt: planned(wildcards)["threshold"][
            wildcards.partition
        ]
        * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    shell:
        "quakeloom threshold part {wildcards.partition} --run {RESULTS}/{wildcards.run} 2> {log}"


rule threshold_finalise:
    input:
        plan=RESULTS + "/{run}/plan/threshold.finalise.json",
        parts=lambda wildcards: expand(
            RESULTS + "/{{run}}/parts/threshold/{partition}.json",
            partition=planned(wildcards)["threshold"],
        ),
    output:
        RESULTS + "/{run}/threshold.json",
        RESULTS + "/{run}/threshold_curve.parquet",
        RESULTS + "/{run}/parts/threshold.finalise.json",
    log:
        "logs/threshold/{run}/finalise.log",
    resources:
        mem_mb=1500,
        runtime=10,
    shell:
        "quakeloom threshold finalise --run {RESULTS}/{wildcards.run} 2> {log}"
