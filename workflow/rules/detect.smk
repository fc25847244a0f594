# Picks over all time: one job per day of the archive.


rule detect:
    input:
        inputs("detect", "part"),
    output:
        RESULTS + "/{run}/parts/detect/{partition}.json",
    log:
        "logs/detect/{run}/{partition}.log",
    threads: workers("detect")
    resources:
        mem_mb=memory("detect"),
        runtime=minutes("detect"),
    shell:
        "quakeloom detect part {wildcards.partition} --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"


rule detect_finalise:
    input:
        inputs("detect", "finalise"),
    output:
        RESULTS + "/{run}/parts/detect.finalise.json",
    log:
        "logs/detect/{run}/finalise.log",
    resources:
        mem_mb=memory("detect", "finalise"),
        runtime=minutes("detect", "finalise"),
    shell:
        "quakeloom detect finalise --run {RESULTS:q}/{wildcards.run:q} 2> {log:q}"
