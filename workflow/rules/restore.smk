# Fields with noise and holes are restored.


rule restore:
    input:
        inputs("restore", "part"),
    output:
        RESULTS + "/{run}/parts/restore/{partition}.json",
    log:
        "logs/restore/{run}/{partition}.log",
    resources:
        mem_mb=memory("restore"),
        runtime=minutes("restore"),
    shell:
        "quakeloom restore part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
