# Focal mechanisms: one job per partition, then the tables of the run.


rule mechanism_init:
    input:
        inputs("mechanism", "init"),
    output:
        RESULTS + "/{run}/parts/mechanism.init.json",
    log:
        "logs/mechanism/{run}/init.log",
    resources:
        mem_mb=memory("mechanism", "init"),
        runtime=minutes("mechanism", "init"),
    shell:
        "quakeloom mechanism init --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule mechanism:
    input:
        inputs("mechanism", "part"),
    output:
        RESULTS + "/{run}/parts/mechanism/{partition}.json",
    log:
        "logs/mechanism/{run}/{partition}.log",
    threads: workers("mechanism")
    resources:
        mem_mb=memory("mechanism"),
        runtime=minutes("mechanism"),
    shell:
        "quakeloom mechanism part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule mechanism_finalise:
    input:
        inputs("mechanism", "finalise"),
    output:
        RESULTS + "/{run}/parts/mechanism.finalise.json",
    log:
        "logs/mechanism/{run}/finalise.log",
    resources:
        mem_mb=memory("mechanism", "finalise"),
        runtime=minutes("mechanism", "finalise"),
    shell:
        "quakeloom mechanism finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
