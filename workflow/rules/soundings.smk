# Soundings of a survey judged and gridded.


rule soundings:
    input:
        inputs("soundings", "part"),
    output:
        RESULTS + "/{run}/parts/soundings/{partition}.json",
    log:
        "logs/soundings/{run}/{partition}.log",
    benchmark:
        RESULTS + "/{run}/benchmarks/soundings/{partition}.tsv"
    resources:
        mem_mb=memory("soundings"),
        runtime=minutes("soundings"),
    shell:
        "quakeloom soundings part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
