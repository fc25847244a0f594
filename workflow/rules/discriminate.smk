# Settings of rocks told apart by elements.


rule discriminate:
    input:
        inputs("discriminate", "part"),
    output:
        RESULTS + "/{run}/parts/discriminate/{partition}.json",
    log:
        "logs/discriminate/{run}/{partition}.log",
    resources:
        mem_mb=memory("discriminate"),
        runtime=minutes("discriminate"),
    shell:
        "quakeloom discriminate part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
