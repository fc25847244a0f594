# Classes of events by their records: one job per partition, then the tables of the run.


rule classify:
    input:
        inputs("classify", "part"),
    output:
        RESULTS + "/{run}/parts/classify/{partition}.json",
    log:
        "logs/classify/{run}/{partition}.log",
    threads: workers("classify")
    resources:
        mem_mb=memory("classify"),
        runtime=minutes("classify"),
    shell:
        "quakeloom classify part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule classify_finalise:
    input:
        inputs("classify", "finalise"),
    output:
        RESULTS + "/{run}/parts/classify.finalise.json",
    log:
        "logs/classify/{run}/finalise.log",
    resources:
        mem_mb=memory("classify", "finalise"),
        runtime=minutes("classify", "finalise"),
    shell:
        "quakeloom classify finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
