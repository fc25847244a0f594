# A grid of the sea floor made finer.


rule bathymetry:
    input:
        inputs("bathymetry", "part"),
    output:
        RESULTS + "/{run}/parts/bathymetry/{partition}.json",
    log:
        "logs/bathymetry/{run}/{partition}.log",
    benchmark:
        RESULTS + "/{run}/benchmarks/bathymetry/{partition}.tsv"
    threads: workers("bathymetry")
    resources:
        mem_mb=memory("bathymetry"),
        runtime=minutes("bathymetry"),
    shell:
        "quakeloom bathymetry part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
