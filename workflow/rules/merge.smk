# Events that were found beside those of a catalog.


rule merge:
    input:
        inputs("merge", "part"),
    output:
        RESULTS + "/{run}/parts/merge/{partition}.json",
    log:
        "logs/merge/{run}/{partition}.log",
    resources:
        mem_mb=memory("merge"),
        runtime=minutes("merge"),
    shell:
        "quakeloom merge part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
