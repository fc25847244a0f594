# Slip on a fault from displacements of the surface.


rule slip:
    input:
        inputs("slip", "part"),
    output:
        RESULTS + "/{run}/parts/slip/{partition}.json",
    log:
        "logs/slip/{run}/{partition}.log",
    resources:
        mem_mb=memory("slip"),
        runtime=minutes("slip"),
    shell:
        "quakeloom slip part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
