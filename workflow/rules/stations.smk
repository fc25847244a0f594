# The station report: who contradicts the mechanisms, who looks reversed.


rule stations:
    input:
        inputs("stations", "part"),
    output:
        RESULTS + "/{run}/parts/stations/{partition}.json",
    log:
        "logs/stations/{run}/{partition}.log",
    threads: workers("stations")
    resources:
        mem_mb=memory("stations"),
        runtime=minutes("stations"),
    shell:
        "quakeloom stations part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
