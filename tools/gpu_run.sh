#!/usr/bin/env bash
# Measure a machine with a GPU, then train with as many seeds as fit.
#
#   tools/gpu_run.sh OUT MINUTES [PROFILE [SEED…]]
#
# Run it in a clone after `make setup` and `dvc pull data/assets data/dataset models/base models/warm_start`, from a
# remote to which all outputs were pushed: DVC looks them up when it keeps an experiment.
# OUT gets generation.txt (tokens a second of each sampler), plan.txt (speed of an update, memory, what the
# profile will need), and learned.txt, a line for each seed. A seed that was begun when the minutes are over
# stops at a checkpoint, and goes on when the script is run again.
set -euo pipefail

if [ $# -lt 2 ]; then
    sed -n '4s/^# *//p' "$0" >&2
    exit 2
fi
out=$1 minutes=$2 profile=${3:-gpu}
shift $(($# < 3 ? $# : 3))
seeds=("$@")
[ ${#seeds[@]} -gt 0 ] || seeds=(20 21 22)
end=$((SECONDS + 60 * minutes))
export MEMCURATE_RUNS_DIR=$PWD/runs
mkdir -p "$out"

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv | tee "$out/gpu.txt" || true
memcurate bench --only generation --repeat 3 | tee "$out/generation.txt"
memcurate plan --profile "$profile" | tee "$out/plan.txt"
for seed in "${seeds[@]}"; do
    left=$(((end - SECONDS) / 60))
    [ "$left" -gt 0 ] || { echo "no time for seed $seed" | tee -a "$out/learned.txt"; continue; }
    if dvc exp list --name-only | grep -x "$profile-$seed" >/dev/null; then
        dvc exp remove "$profile-$seed"
    fi
    MEMCURATE_MAX_MINUTES=$left dvc exp run --name "$profile-$seed" --single-item \
        --set-param training.profile="$profile" --set-param training.seed="$seed" \
        base_model warm_start train evaluate_trained ||
        { echo "seed $seed stopped" | tee -a "$out/learned.txt"; continue; }
    python -m tools.tell_learning "$profile-$seed" | tee -a "$out/learned.txt"
done
