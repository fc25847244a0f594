# Magnitudes from the amplitudes of the run, completeness and b-values.


rule magnitude:
    input:
        inputs("magnitude", "part"),
    output:
        RESULTS + "/{run}/parts/magnitude/{partition}.json",
    log:
        "logs/magnitude/{run}/{partition}.log",
    benchmark:
        RESULTS + "/{run}/benchmarks/magnitude/{partition}.tsv"
    threads: workers("magnitude")
    resources:
        mem_mb=memory("magnitude"),
        runtime=minutes("magnitude"),
    shell:
        "quakeloom magnitude part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
