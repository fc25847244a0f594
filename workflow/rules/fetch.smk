# Waveforms from an FDSN service, where the configuration names one: `snakemake fetch`, or
# `quakeloom fetch --config FILE`. No other rule asks for it; the plan reads what is there.


rule fetch:
    output:
        touch(RESULTS + f"/{NAME}/fetched.txt"),
    log:
        f"logs/fetch/{NAME}.log",
    resources:
        mem_mb=1500,
        runtime=720,
    shell:
        "quakeloom fetch --config {CONFIG} 2> {log}"
