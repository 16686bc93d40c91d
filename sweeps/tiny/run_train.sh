#!/usr/bin/env bash
# Starts the tiny trainer the way TorchTitan 0.2.2 is started, from any working directory:
#
#   NGPU=1 CONFIG_FILE=./base.toml ./run_train.sh --training.steps=5
#
# NGPU         number of rank processes
# LOG_RANK     local ranks whose output reaches the console, comma separated
# CONFIG_FILE  the TOML file; without one, base.toml beside this script
# PYTHON       the interpreter, 3.11 or newer
#
# Every argument is a training override, never a flag of the launcher.

set -e

folder=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)

NGPU=${NGPU:-"8"}
export LOG_RANK=${LOG_RANK:-0}
CONFIG_FILE=${CONFIG_FILE:-"${folder}/base.toml"}
PYTHON=${PYTHON:-python3}

if [ -n "${COMM_MODE:-}" ]; then
    echo "run_train.sh: COMM_MODE=${COMM_MODE} is not known here; this trainer always really trains" >&2
    exit 2
fi

# exec: a signal sent to this script's process reaches the launcher, which ends its ranks.
set -x
exec "${PYTHON}" -B "${folder}/launch.py" \
    --nproc_per_node="${NGPU}" --rdzv_backend c10d --rdzv_endpoint="localhost:0" \
    --local-ranks-filter "${LOG_RANK}" --role rank --tee 3 \
    "${folder}/trainer.py" --job.config_file "${CONFIG_FILE}" "$@"
