# Windows around expected arrivals: one job per partition, then their table.


rule window_init:
    input:
        inputs("window", "init"),
    output:
        RESULTS + "/{run}/parts/window.init.json",
    log:
        "logs/window/{run}/init.log",
    resources:
        mem_mb=memory("window", "init"),
        runtime=minutes("window", "init"),
    shell:
        "quakeloom window init --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule window:
    input:
        inputs("window", "part"),
    output:
        RESULTS + "/{run}/parts/window/{partition}.json",
    log:
        "logs/window/{run}/{partition}.log",
    threads: workers("window")
    resources:
        mem_mb=memory("window"),
        runtime=minutes("window"),
    shell:
        "quakeloom window part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule window_finalise:
    input:
        inputs("window", "finalise"),
    output:
        RESULTS + "/{run}/parts/window.finalise.json",
    log:
        "logs/window/{run}/finalise.log",
    resources:
        mem_mb=memory("window", "finalise"),
        runtime=minutes("window", "finalise"),
    shell:
        "quakeloom window finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
