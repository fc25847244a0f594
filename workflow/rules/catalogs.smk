# Catalogs of mechanisms: one table, for the stress map.


rule catalogs:
    input:
        inputs("catalogs", "part"),
    output:
        RESULTS + "/{run}/parts/catalogs/{partition}.json",
    log:
        "logs/catalogs/{run}/{partition}.log",
    threads: workers("catalogs")
    resources:
        mem_mb=memory("catalogs"),
        runtime=minutes("catalogs"),
    shell:
        "quakeloom catalogs part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
