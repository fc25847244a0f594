# The minimum probability of first motions: a sample of events solved with every threshold.


rule threshold_init:
    input:
        inputs("threshold", "init"),
    output:
        RESULTS + "/{run}/parts/threshold.init.json",
    log:
        "logs/threshold/{run}/init.log",
    resources:
        mem_mb=memory("threshold", "init"),
        runtime=minutes("threshold", "init"),
    shell:
        "quakeloom threshold init --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule threshold:
    input:
        inputs("threshold", "part"),
    output:
        RESULTS + "/{run}/parts/threshold/{partition}.json",
    log:
        "logs/threshold/{run}/{partition}.log",
    threads: workers("threshold")
    resources:
        mem_mb=memory("threshold"),
        runtime=minutes("threshold"),
    shell:
        "quakeloom threshold part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule threshold_finalise:
    input:
        inputs("threshold", "finalise"),
    output:
        RESULTS + "/{run}/parts/threshold.finalise.json",
    log:
        "logs/threshold/{run}/finalise.log",
    resources:
        mem_mb=memory("threshold", "finalise"),
        runtime=minutes("threshold", "finalise"),
    shell:
        "quakeloom threshold finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
