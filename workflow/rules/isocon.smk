# Gains and losses of altered rocks.


rule isocon:
    input:
        inputs("isocon", "part"),
    output:
        RESULTS + "/{run}/parts/isocon/{partition}.json",
    log:
        "logs/isocon/{run}/{partition}.log",
    resources:
        mem_mb=memory("isocon"),
        runtime=minutes("isocon"),
    shell:
        "quakeloom isocon part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
