# Structure from earthquakes: sums of partitions, then rounds, posterior and members.


rule structure_init:
    input:
        inputs("structure", "init"),
    output:
        RESULTS + "/{run}/parts/structure.init.json",
    log:
        "logs/structure/{run}/init.log",
    resources:
        mem_mb=memory("structure", "init"),
        runtime=minutes("structure", "init"),
    shell:
        "quakeloom structure init --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule structure:
    input:
        inputs("structure", "part"),
    output:
        RESULTS + "/{run}/parts/structure/{partition}.json",
    log:
        "logs/structure/{run}/{partition}.log",
    threads: workers("structure")
    resources:
        mem_mb=memory("structure"),
        runtime=minutes("structure"),
    shell:
        "quakeloom structure part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule structure_finalise:
    input:
        inputs("structure", "finalise"),
    output:
        RESULTS + "/{run}/parts/structure.finalise.json",
    log:
        "logs/structure/{run}/finalise.log",
    resources:
        mem_mb=memory("structure", "finalise"),
        runtime=minutes("structure", "finalise"),
    shell:
        "quakeloom structure finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
