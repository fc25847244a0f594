# Take-off angles and travel times: one table per velocity model of a run.


rule takeoff:
    input:
        RESULTS + "/{run}/plan/takeoff.tables.json",
    output:
        RESULTS + "/{run}/parts/takeoff.tables.json",
    log:
        "logs/takeoff/{run}.log",
    benchmark:
        RESULTS + "/{run}/benchmarks/takeoff/tables.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "quakeloom takeoff part --run {RESULTS}/{wildcards.run} 2> {log}"
