# Faults found in the hypocenters of a run.


rule faults:
    input:
        inputs("faults", "part"),
    output:
        RESULTS + "/{run}/parts/faults/{partition}.json",
    log:
        "logs/faults/{run}/{partition}.log",
    benchmark:
        RESULTS + "/{run}/benchmarks/faults/{partition}.tsv"
    threads: workers("faults")
    resources:
        mem_mb=memory("faults"),
        runtime=minutes("faults"),
    shell:
        "quakeloom faults part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
