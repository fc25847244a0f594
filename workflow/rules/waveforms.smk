# From waveforms to polarities: windows are cut, P and S picked, first motions read.


def waveform_stage(wildcards, stage):
    return planned(wildcards)["waveforms"].get(stage, {})


rule waveforms_init:
    input:
        RESULTS + "/{run}/plan/{stage}.init.json",
    output:
        RESULTS + "/{run}/parts/{stage}.init.json",
    log:
        "logs/{stage}/{run}/init.log",
    wildcard_constraints:
        stage="window|pick|polarity",
    resources:
        mem_mb=1000,
        runtime=5,
    shell:
        "quakeloom {wildcards.stage} init --run {RESULTS}/{wildcards.run} 2> {log}"


rule window:
    input:
        RESULTS + "/{run}/plan/window/{partition}.json",
        RESULTS + "/{run}/parts/window.init.json",
        lambda wildcards: (
            [f"{RESULTS}/{wildcards.run}/parts/takeoff.tables.json"]
            if planned(wildcards)["takeoff"]
            else []
        ),
    output:
        RESULTS + "/{run}/parts/window/{partition}.json",
    log:
        "logs/window/{run}/{partition}.log",
    benchmark:
        RESULTS + "/{run}/benchmarks/window/{partition}.tsv"
    resources:
        mem_mb=lambda wildcards, attempt: waveform_stage(wildcards, "window")[
            wildcards.partition
        ]
        * attempt,
        runtime=lambda wildcards, attempt: promised_minutes(
            wildcards, "window", attempt
        ),
    shell:
        "quakeloom window part {wildcards.partition} --run {RESULTS}/{wildcards.run} 2> {log}"


rule pick:
    input:
        RESULTS + "/{run}/plan/pick/{partition}.json",
        RESULTS + "/{run}/parts/pick.init.json",
        RESULTS + "/{run}/parts/window/{partition}.json",
    output:
        RESULTS + "/{run}/parts/pick/{partition}.json",
    log:
        "logs/pick/{run}/{partition}.log",
    benchmark:
        RESULTS + "/{run}/benchmarks/pick/{partition}.tsv"
    resources:
        mem_mb=lambda wildcards, attempt: waveform_stage(wildcards, "pick") * attempt,
        runtime=lambda wildcards, attempt: promised_minutes(wildcards, "pick", attempt),
    shell:
        "quakeloom pick part {wildcards.partition} --run {RESULTS}/{wildcards.run} 2> {log}"


rule polarity:
    input:
        RESULTS + "/{run}/plan/polarity/{partition}.json",
        RESULTS + "/{run}/parts/polarity.init.json",
        RESULTS + "/{run}/parts/window/{partition}.json",
        RESULTS + "/{run}/parts/pick/{partition}.json",
    output:
        RESULTS + "/{run}/parts/polarity/{partition}.json",
    log:
        "logs/polarity/{run}/{partition}.log",
    benchmark:
        RESULTS + "/{run}/benchmarks/polarity/{partition}.tsv"
    resources:
        mem_mb=lambda wildcards, attempt: waveform_stage(wildcards, "polarity")
        * attempt,
        runtime=lambda wildcards, attempt: promised_minutes(
            wildcards, "polarity", attempt
        ),
    shell:
        "quakeloom polarity part {wildcards.partition} --run {RESULTS}/{wildcards.run} 2> {log}"


rule waveforms_finalise:
    input:
        plan=RESULTS + "/{run}/plan/{stage}.finalise.json",
        parts=lambda wildcards: expand(
            RESULTS + "/{{run}}/parts/{{stage}}/{partition}.json",
            partition=planned(wildcards)["partitions"],
        ),
    output:
        RESULTS + "/{run}/parts/{stage}.finalise.json",
    log:
        "logs/{stage}/{run}/finalise.log",
    wildcard_constraints:
        stage="window|pick|polarity",
    resources:
        mem_mb=lambda wildcards: 1000 + planned(wildcards)["events"] // 100,
        runtime=60,
    shell:
        "quakeloom {wildcards.stage} finalise --run {RESULTS}/{wildcards.run} 2> {log}"
