# Regional ensembles of three-dimensional models: one job per block of members.


rule regional_init:
    input:
        inputs("regional", "init"),
    output:
        RESULTS + "/{run}/parts/regional.init.json",
    log:
        "logs/regional/{run}/init.log",
    resources:
        mem_mb=memory("regional", "init"),
        runtime=minutes("regional", "init"),
    shell:
        "quakeloom regional init --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule regional:
    input:
        inputs("regional", "part"),
    output:
        RESULTS + "/{run}/parts/regional/{partition}.json",
    log:
        "logs/regional/{run}/{partition}.log",
    threads: workers("regional")
    resources:
        mem_mb=memory("regional"),
        runtime=minutes("regional"),
    shell:
        "quakeloom regional part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule regional_finalise:
    input:
        inputs("regional", "finalise"),
    output:
        RESULTS + "/{run}/parts/regional.finalise.json",
    log:
        "logs/regional/{run}/finalise.log",
    resources:
        mem_mb=memory("regional", "finalise"),
        runtime=minutes("regional", "finalise"),
    shell:
        "quakeloom regional finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
