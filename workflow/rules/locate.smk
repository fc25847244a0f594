# Hypocenters: times of the ensemble once, one job per partition, then the tables of the run.
# Where station terms are asked for, rounds go before: all partitions, then the terms.


wildcard_constraints:
    round=r"\d+",


def locate_inputs(wildcards, number):
    files = [
        RESULTS + "/{run}/plan/locate/{partition}.json",
        RESULTS + "/{run}/parts/locate.init.json",
    ]
    if planned(wildcards)["locate_picks"]:
        files.append(RESULTS + "/{run}/parts/pick/{partition}.json")
    if number > 0:
        files.append(RESULTS + f"/{{run}}/parts/locate_round{number - 1}.terms.json")
    return files


rule locate_init:
    input:
        RESULTS + "/{run}/plan/locate.init.json",
    output:
        RESULTS + "/{run}/parts/locate.init.json",
    log:
        "logs/locate/{run}/init.log",
    resources:
        mem_mb=lambda wildcards: planned(wildcards)["locate_tables"],
        runtime=60,
    shell:
        "quakeloom locate init --run {RESULTS}/{wildcards.run} 2> {log}"


rule locate_round:
    input:
        lambda wildcards: locate_inputs(wildcards, int(wildcards.round)),
    output:
        RESULTS + "/{run}/parts/locate_round{round}/{partition}.json",
    log:
        "logs/locate/{run}/{partition}.round{round}.log",
    threads: lambda wildcards: planned(wildcards)["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: planned(wildcards)["locate"][
            wildcards.partition
        ]
        * attempt,
        runtime=lambda wildcards, attempt: 120 * attempt,
    shell:
        "quakeloom locate part {wildcards.partition} --run {RESULTS}/{wildcards.run} --round {wildcards.round} 2> {log}"


rule locate_terms:
    input:
        lambda wildcards: expand(
            RESULTS + "/{{run}}/parts/locate_round{{round}}/{partition}.json",
            partition=planned(wildcards)["locate"],
        ),
    output:
        RESULTS + "/{run}/parts/locate_round{round}.terms.json",
    log:
        "logs/locate/{run}/terms.round{round}.log",
    resources:
        mem_mb=2000,
        runtime=30,
    shell:
        "quakeloom locate terms --run {RESULTS}/{wildcards.run} --round {wildcards.round} 2> {log}"


rule locate:
    input:
        lambda wildcards: locate_inputs(wildcards, planned(wildcards)["station_rounds"]),
    output:
        RESULTS + "/{run}/parts/locate/{partition}.json",
    log:
        "logs/locate/{run}/{partition}.log",
    benchmark:
        RESULTS + "/{run}/benchmarks/locate/{partition}.tsv"
    threads: lambda wildcards: planned(wildcards)["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: planned(wildcards)["locate"][
            wildcards.partition
        ]
        * attempt,
        runtime=lambda wildcards, attempt: promised_minutes(
            wildcards, "locate", attempt
        ),
    shell:
        "quakeloom locate part {wildcards.partition} --run {RESULTS}/{wildcards.run} 2> {log}"


rule locate_finalise:
    input:
        plan=RESULTS + "/{run}/plan/locate.finalise.json",
        parts=lambda wildcards: expand(
            RESULTS + "/{{run}}/parts/locate/{partition}.json",
            partition=planned(wildcards)["locate"],
        ),
    output:
        RESULTS + "/{run}/parts/locate.finalise.json",
    log:
        "logs/locate/{run}/finalise.log",
    resources:
        mem_mb=2000,
        runtime=30,
    shell:
        "quakeloom locate finalise --run {RESULTS}/{wildcards.run} 2> {log}"
