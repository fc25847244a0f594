# Spectra of P and S, one job per partition; then the events of all.


rule spectra:
    input:
        inputs("spectra", "part"),
    output:
        RESULTS + "/{run}/parts/spectra/{partition}.json",
    log:
        "logs/spectra/{run}/{partition}.log",
    threads: workers("spectra")
    resources:
        mem_mb=memory("spectra"),
        runtime=minutes("spectra"),
    shell:
        "quakeloom spectra part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule spectra_finalise:
    input:
        inputs("spectra", "finalise"),
    output:
        RESULTS + "/{run}/parts/spectra.finalise.json",
    log:
        "logs/spectra/{run}/finalise.log",
    resources:
        mem_mb=memory("spectra", "finalise"),
        runtime=minutes("spectra", "finalise"),
    shell:
        "quakeloom spectra finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
