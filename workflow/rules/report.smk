# The page that people look at.


def report_inputs(wildcards):
    run = planned(wildcards)
    files = []
    if run["partitions"]:
        files += ["parts/mechanism.finalise.json", "station_report.parquet"]
    if run["waveforms"]:
        files += [
            f"parts/{stage}.finalise.json" for stage in ("window", "pick", "polarity")
        ]
    if run["threshold"]:
        files.append("parts/threshold.finalise.json")
    if run["repeaters"]:
        files.append("parts/repeaters.families.json")
    if run.get("locate"):
        files.append("parts/locate.finalise.json")
    if run["stress"]:
        files.append("parts/stress.finalise.json")
    if run["tendency"]:
        files.append("parts/tendency.faults.json")
    return [f"{RESULTS}/{{run}}/{file}" for file in files]


rule report:
    input:
        RESULTS + "/{run}/plan/report.page.json",
        report_inputs,
        lambda wildcards: [
            f"{RESULTS}/{run}/parts/mechanism.finalise.json"
            for run in planned(wildcards)["compare"]
        ],
    output:
        report(
            RESULTS + "/{run}/report.html",
            caption="../report/run.rst",
            category="Runs",
        ),
    log:
        "logs/report/{run}.log",
    resources:
        mem_mb=lambda wildcards: 1500 + planned(wildcards)["events"] // 200,
        runtime=30,
    shell:
        "quakeloom report --run {RESULTS}/{wildcards.run} 2> {log}"
