# Waveforms from an FDSN service, where the configuration names one. No other rule asks for it,
# since the plan reads what is there: `quakeloom run --fetch` fetches before it plans, and
# `snakemake fetch` adds what is new to an archive that is planned already.


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
