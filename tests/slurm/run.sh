#!/usr/bin/env bash
# Run the demo's workflow through a real SLURM on this one machine, and small ones whose jobs are
# killed, run out of memory or time, or are sent back (tests/slurm/test_disturbed_jobs.py).
#
# Installs Debian's slurm-wlm and munge, starts munged, slurmctld and slurmd with a
# configuration of its own (one that is there is put back in the end), and stops them in the
# end. Needs root and Debian.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "make test-slurm needs root on Debian (apt-get); nothing was done." >&2
  exit 1
fi
if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq slurm-wlm munge >/dev/null
fi

if pgrep -x slurmctld >/dev/null || pgrep -x slurmd >/dev/null; then
  echo "A SLURM runs here already (slurmctld or slurmd); nothing was done. Stop it first." >&2
  exit 1
fi

host=$(hostname -s)
work=$(mktemp -d)
conf=/etc/slurm/slurm.conf # where srun looks inside a job, which gets no SLURM_CONF
mkdir -p "$work/state" "$work/spool" /etc/slurm
if [ -e "$conf" ]; then mv "$conf" "$work/slurm.conf.before"; fi
memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
cat >"$conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
MaxArraySize=1001
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
JobRequeue=1
KillWait=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=240 State=UP
CONF

stop() {
  for name in slurmd slurmctld; do
    [ -f "$work/$name.pid" ] && kill "$(cat "$work/$name.pid")" 2>/dev/null || true
  done
  [ -n "${started_munge:-}" ] && pkill munged 2>/dev/null || true
  rm -f "$conf"
  if [ -e "$work/slurm.conf.before" ]; then mv "$work/slurm.conf.before" "$conf"; fi
  sleep 2 # the daemons write their state as they end
  rm -rf "$work"
}
trap stop EXIT

if ! munge -n >/dev/null 2>&1; then
  mkdir -p /run/munge
  chown munge: /run/munge
  [ -s /etc/munge/munge.key ] || dd if=/dev/urandom of=/etc/munge/munge.key bs=1 count=1024 status=none
  chown munge: /etc/munge/munge.key
  chmod 400 /etc/munge/munge.key
  runuser -u munge -- munged --force
  started_munge=yes
fi
slurmctld -f "$conf"
slurmd -f "$conf"
for _ in $(seq 30); do
  sinfo -h -o %T 2>/dev/null | grep -q idle && break
  sleep 1
done
sinfo

QUAKELOOM_SLURM_LOG="$work/slurmctld.log" python -m pytest tests/slurm -m slurm "$@"
[ -n "${QUAKELOOM_SLURM_QUICK:-}" ] && exit 0

results=$work/results
quakeloom run --config config/demo.yaml --results "$results" --profile slurm -- \
  --slurm-status-command squeue --slurm-init-seconds-before-status-checks 5 \
  --seconds-between-status-checks 5
test -s "$results/demo/report.html"
quakeloom verify --config config/demo.yaml --results "$results"
quakeloom run --config config/demo.yaml --results "$work/local" >/dev/null
for table in events picks polarities mechanisms; do
  cmp "$results/demo/$table.parquet" "$work/local/demo/$table.parquet"
done
echo "SLURM: the demo ran through slurmctld and gives the same bytes as here."
