# The stress map: sums of each partition, then the map.


rule stress:
    input:
        inputs("stress", "part"),
    output:
        RESULTS + "/{run}/parts/stress/{partition}.json",
    log:
        "logs/stress/{run}/{partition}.log",
    threads: workers("stress")
    resources:
        mem_mb=memory("stress"),
        runtime=minutes("stress"),
    shell:
        "quakeloom stress part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule stress_finalise:
    input:
        inputs("stress", "finalise"),
    output:
        RESULTS + "/{run}/parts/stress.finalise.json",
    log:
        "logs/stress/{run}/finalise.log",
    resources:
        mem_mb=memory("stress", "finalise"),
        runtime=minutes("stress", "finalise"),
    shell:
        "quakeloom stress finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
