# Slip tendency of faults in the stress map.


rule tendency:
    input:
        inputs("tendency", "part"),
    output:
        RESULTS + "/{run}/parts/tendency/{partition}.json",
    log:
        "logs/tendency/{run}/{partition}.log",
    threads: workers("tendency")
    resources:
        mem_mb=memory("tendency"),
        runtime=minutes("tendency"),
    shell:
        "quakeloom tendency part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
