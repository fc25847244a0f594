# Hypocenters: times of the ensemble once, one job per partition, then the tables of the run.
# Where station terms are asked for, rounds go before: all partitions, then the terms.


wildcard_constraints:
    round=r"\d+",


def round_inputs(wildcards):
    before = f"{RESULTS}/{wildcards.run}/parts/locate_round{int(wildcards.round) - 1}"
    return [
        *(
            f
            for f in inputs("locate", "part")(wildcards)
            if not f.endswith(".terms.json")
        ),
        *([f"{before}.terms.json"] if int(wildcards.round) else []),
    ]


rule locate_round:
    "Residuals for the station terms of a round."
    input:
        round_inputs,
    output:
        RESULTS + "/{run}/parts/locate_round{round}/{partition}.json",
    log:
        "logs/locate/{run}/{partition}.round{round}.log",
    threads: workers("locate")
    resources:
        mem_mb=memory("locate"),
        runtime=minutes("locate"),
    shell:
        "quakeloom locate part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} --round {wildcards.round} 2> {log:q}"


rule locate_terms:
    "Station terms from all partitions of a round."
    input:
        lambda wildcards: expand(
            RESULTS + "/{{run}}/parts/locate_round{{round}}/{partition}.json",
            partition=planned(wildcards, "locate")["partitions"],
        ),
    output:
        RESULTS + "/{run}/parts/locate_round{round}.terms.json",
    log:
        "logs/locate/{run}/terms.round{round}.log",
    resources:
        mem_mb=lambda wildcards, attempt: planned(wildcards, "locate")["facts"][
            "terms_mb"
        ]
        * attempt,
        runtime=60,
    shell:
        "quakeloom locate terms --run {RESULTS:q}/{wildcards.run:q} --round {wildcards.round} 2> {log:q}"


rule locate_init:
    input:
        inputs("locate", "init"),
    output:
        RESULTS + "/{run}/parts/locate.init.json",
    log:
        "logs/locate/{run}/init.log",
    resources:
        mem_mb=memory("locate", "init"),
        runtime=minutes("locate", "init"),
    shell:
        "quakeloom locate init --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule locate:
    input:
        inputs("locate", "part"),
    output:
        RESULTS + "/{run}/parts/locate/{partition}.json",
    log:
        "logs/locate/{run}/{partition}.log",
    threads: workers("locate")
    resources:
        mem_mb=memory("locate"),
        runtime=minutes("locate"),
    shell:
        "quakeloom locate part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule locate_finalise:
    input:
        inputs("locate", "finalise"),
    output:
        RESULTS + "/{run}/parts/locate.finalise.json",
    log:
        "logs/locate/{run}/finalise.log",
    resources:
        mem_mb=memory("locate", "finalise"),
        runtime=minutes("locate", "finalise"),
    shell:
        "quakeloom locate finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
