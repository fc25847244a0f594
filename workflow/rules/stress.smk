# The stress map: sums of each partition, then the map; slip tendency of faults in it.


def stress_inputs(wildcards):
    files = [RESULTS + "/{run}/plan/stress/{partition}.json"]
    if not planned(wildcards)["catalog"]:
        files.append(RESULTS + "/{run}/parts/mechanism/{partition}.json")
    return files


rule stress:
    input:
        stress_inputs,
    output:
        RESULTS + "/{run}/parts/stress/{partition}.json",
    log:
        "logs/stress/{run}/{partition}.log",
    benchmark:
        RESULTS + "/{run}/benchmarks/stress/{partition}.tsv"
    resources:
        mem_mb=1500,
        runtime=30,
    shell:
        "quakeloom stress part {wildcards.partition} --run {RESULTS}/{wildcards.run} 2> {log}"


rule stress_finalise:
    input:
        plan=RESULTS + "/{run}/plan/stress.finalise.json",
        parts=lambda wildcards: expand(
            RESULTS + "/{{run}}/parts/stress/{partition}.json",
            partition=planned(wildcards)["stress"],
        ),
    output:
        RESULTS + "/{run}/parts/stress.finalise.json",
    log:
        "logs/stress/{run}/finalise.log",
    resources:
        mem_mb=lambda wildcards: planned(wildcards)["stress_memory_mb"],
        runtime=60,
    shell:
        "quakeloom stress finalise --run {RESULTS}/{wildcards.run} 2> {log}"


rule tendency:
    input:
        RESULTS + "/{run}/plan/tendency.faults.json",
        RESULTS + "/{run}/parts/stress.finalise.json",
    output:
        RESULTS + "/{run}/parts/tendency.faults.json",
    log:
        "logs/tendency/{run}.log",
    resources:
        mem_mb=1500,
        runtime=30,
    shell:
        "quakeloom tendency part --run {RESULTS}/{wildcards.run} 2> {log}"
