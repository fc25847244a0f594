# Events of picks over all time: one job per day, then the tables of the run.


rule associate:
    input:
        inputs("associate", "part"),
    output:
        RESULTS + "/{run}/parts/associate/{partition}.json",
    log:
        "logs/associate/{run}/{partition}.log",
    threads: workers("associate")
    resources:
        mem_mb=memory("associate"),
        runtime=minutes("associate"),
    shell:
        "quakeloom associate part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule associate_finalise:
    input:
        inputs("associate", "finalise"),
    output:
        RESULTS + "/{run}/parts/associate.finalise.json",
    log:
        "logs/associate/{run}/finalise.log",
    resources:
        mem_mb=memory("associate", "finalise"),
        runtime=minutes("associate", "finalise"),
    shell:
        "quakeloom associate finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
