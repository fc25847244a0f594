# Lithologies with fluids in their pores at depth.


rule rockphysics:
    input:
        inputs("rockphysics", "part"),
    output:
        RESULTS + "/{run}/parts/rockphysics/{partition}.json",
    log:
        "logs/rockphysics/{run}/{partition}.log",
    resources:
        mem_mb=memory("rockphysics"),
        runtime=minutes("rockphysics"),
    shell:
        "quakeloom rockphysics part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
