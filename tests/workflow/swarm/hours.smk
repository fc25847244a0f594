# Hours that have events, then one job for each of them.


rule findhours:
    input:
        inputs("findhours", "part"),
    output:
        RESULTS + "/{run}/parts/findhours/{partition}.json",
    shell:
        "quakeloom findhours part --run {RESULTS:q}/{wildcards.run:q}"


rule hours:
    input:
        inputs("hours", "part"),
    output:
        RESULTS + "/{run}/parts/hours/{partition}.json",
    shell:
        "quakeloom hours part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q}"


rule hours_finalise:
    input:
        inputs("hours", "finalise"),
    output:
        RESULTS + "/{run}/parts/hours.finalise.json",
    shell:
        "quakeloom hours finalise --run {RESULTS:q}/{wildcards.run:q}"
