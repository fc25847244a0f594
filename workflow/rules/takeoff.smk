# Take-off angles and travel times: one table per velocity model of a run.


rule takeoff:
    input:
        inputs("takeoff", "part"),
    output:
        RESULTS + "/{run}/parts/takeoff/{partition}.json",
    log:
        "logs/takeoff/{run}/{partition}.log",
    threads: workers("takeoff")
    resources:
        mem_mb=memory("takeoff"),
        runtime=minutes("takeoff"),
    shell:
        "quakeloom takeoff part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
