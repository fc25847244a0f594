# First motions at the picks: one job per partition.


rule polarity_init:
    input:
        inputs("polarity", "init"),
    output:
        RESULTS + "/{run}/parts/polarity.init.json",
    log:
        "logs/polarity/{run}/init.log",
    resources:
        mem_mb=memory("polarity", "init"),
        runtime=minutes("polarity", "init"),
    shell:
        "quakeloom polarity init --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule polarity:
    input:
        inputs("polarity", "part"),
    output:
        RESULTS + "/{run}/parts/polarity/{partition}.json",
    log:
        "logs/polarity/{run}/{partition}.log",
    threads: workers("polarity")
    resources:
        mem_mb=memory("polarity"),
        runtime=minutes("polarity"),
    shell:
        "quakeloom polarity part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule polarity_finalise:
    input:
        inputs("polarity", "finalise"),
    output:
        RESULTS + "/{run}/parts/polarity.finalise.json",
    log:
        "logs/polarity/{run}/finalise.log",
    resources:
        mem_mb=memory("polarity", "finalise"),
        runtime=minutes("polarity", "finalise"),
    shell:
        "quakeloom polarity finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
