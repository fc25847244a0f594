# The station report: who contradicts the mechanisms, who looks reversed.


rule stations:
    input:
        RESULTS + "/{run}/plan/stations.report.json",
        RESULTS + "/{run}/parts/mechanism.finalise.json",
    output:
        RESULTS + "/{run}/station_report.parquet",
        RESULTS + "/{run}/reversal_proposals.parquet",
        RESULTS + "/{run}/parts/stations.report.json",
    log:
        "logs/stations/{run}.log",
    resources:
        mem_mb=lambda wildcards: 1000 + planned(wildcards)["events"] // 200,
        runtime=30,
    shell:
        "quakeloom stations part --run {RESULTS}/{wildcards.run} 2> {log}"
