# Velocities and conductivity become lithology, fluid, porosity and pore shape.


rule fluids:
    input:
        inputs("fluids", "part"),
    output:
        RESULTS + "/{run}/parts/fluids/{partition}.json",
    log:
        "logs/fluids/{run}/{partition}.log",
    resources:
        mem_mb=memory("fluids"),
        runtime=minutes("fluids"),
    shell:
        "quakeloom fluids part --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
