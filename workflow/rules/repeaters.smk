# Repeating earthquakes: what they say of first motions and of stations.


rule repeaters:
    input:
        RESULTS + "/{run}/plan/repeaters.families.json",
        lambda wildcards: [
            f"{RESULTS}/{wildcards.run}/parts/{stage}.finalise.json"
            for stage in ("window", "pick", "polarity")
        ],
    output:
        RESULTS + "/{run}/parts/repeaters.families.json",
        expand(
            RESULTS + "/{{run}}/{table}.parquet",
            table=[
                "repeaters",
                "repeater_pairs",
                "repeater_stations",
                "repeater_reversals",
            ],
        ),
    log:
        "logs/repeaters/{run}.log",
    resources:
        mem_mb=lambda wildcards: planned(wildcards)["repeaters"],
        runtime=120,
    shell:
        "quakeloom repeaters part --run {RESULTS}/{wildcards.run} 2> {log}"
