# Ensemble tomography of refraction lines: one job per block of members.


rule tomography_init:
    input:
        inputs("tomography", "init"),
    output:
        RESULTS + "/{run}/parts/tomography.init.json",
    log:
        "logs/tomography/{run}/init.log",
    resources:
        mem_mb=memory("tomography", "init"),
        runtime=minutes("tomography", "init"),
    shell:
        "quakeloom tomography init --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule tomography:
    input:
        inputs("tomography", "part"),
    output:
        RESULTS + "/{run}/parts/tomography/{partition}.json",
    log:
        "logs/tomography/{run}/{partition}.log",
    threads: workers("tomography")
    resources:
        mem_mb=memory("tomography"),
        runtime=minutes("tomography"),
    shell:
        "quakeloom tomography part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule tomography_finalise:
    input:
        inputs("tomography", "finalise"),
    output:
        RESULTS + "/{run}/parts/tomography.finalise.json",
    log:
        "logs/tomography/{run}/finalise.log",
    resources:
        mem_mb=memory("tomography", "finalise"),
        runtime=minutes("tomography", "finalise"),
    shell:
        "quakeloom tomography finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
