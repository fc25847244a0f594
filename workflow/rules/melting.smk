# Degrees of melting and source of basalts.


rule melting:
    input:
        inputs("melting", "part"),
    output:
        RESULTS + "/{run}/parts/melting/{partition}.json",
    log:
        "logs/melting/{run}/{partition}.log",
    resources:
        mem_mb=memory("melting"),
        runtime=minutes("melting"),
    shell:
        "quakeloom melting part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
