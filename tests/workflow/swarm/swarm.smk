# Events that follow another one: one job per partition, then their table.


rule swarm:
    input:
        inputs("swarm", "part"),
    output:
        RESULTS + "/{run}/parts/swarm/{partition}.json",
    log:
        "logs/swarm/{run}/{partition}.log",
    resources:
        mem_mb=memory("swarm"),
        runtime=minutes("swarm"),
    shell:
        "quakeloom swarm part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule swarm_finalise:
    input:
        inputs("swarm", "finalise"),
    output:
        RESULTS + "/{run}/parts/swarm.finalise.json",
    log:
        "logs/swarm/{run}/finalise.log",
    resources:
        mem_mb=memory("swarm", "finalise"),
        runtime=minutes("swarm", "finalise"),
    shell:
        "quakeloom swarm finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
