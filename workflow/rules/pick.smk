# P and S in the windows: one job per partition, then the table of picks.


rule pick_init:
    input:
        inputs("pick", "init"),
    output:
        RESULTS + "/{run}/parts/pick.init.json",
    log:
        "logs/pick/{run}/init.log",
    resources:
        mem_mb=memory("pick", "init"),
        runtime=minutes("pick", "init"),
    shell:
        "quakeloom pick init --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule pick:
    input:
        inputs("pick", "part"),
    output:
        RESULTS + "/{run}/parts/pick/{partition}.json",
    log:
        "logs/pick/{run}/{partition}.log",
    threads: workers("pick")
    resources:
        mem_mb=memory("pick"),
        runtime=minutes("pick"),
    shell:
        "quakeloom pick part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule pick_finalise:
    input:
        inputs("pick", "finalise"),
    output:
        RESULTS + "/{run}/parts/pick.finalise.json",
    log:
        "logs/pick/{run}/finalise.log",
    resources:
        mem_mb=memory("pick", "finalise"),
        runtime=minutes("pick", "finalise"),
    shell:
        "quakeloom pick finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
