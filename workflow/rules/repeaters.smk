# Repeating earthquakes: what they say of first motions and of stations.


rule repeaters:
    input:
        inputs("repeaters", "part"),
    output:
        RESULTS + "/{run}/parts/repeaters/{partition}.json",
    log:
        "logs/repeaters/{run}/{partition}.log",
    threads: workers("repeaters")
    resources:
        mem_mb=memory("repeaters"),
        runtime=minutes("repeaters"),
    shell:
        "quakeloom repeaters part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
