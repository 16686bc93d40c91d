#!/usr/bin/env bash
# Starts TorchTitan where it is an installed package: the wheel has no run_train.sh. The same contract as the script of
# a checkout from 0.3.0 on: NGPU, LOG_RANK, MODULE, CONFIG, COMM_MODE, TRAIN_FILE, and arguments for the training.
set -eux
NGPU=${NGPU:-8}
export LOG_RANK=${LOG_RANK:-0}
MODULE=${MODULE:-llama3}
CONFIG=${CONFIG:-llama3_debugmodel}
COMM_MODE=${COMM_MODE:-}
TRAIN_FILE=${TRAIN_FILE:-torchtitan.train}
export TORCHFT_LIGHTHOUSE=${TORCHFT_LIGHTHOUSE:-http://localhost:29510}

if [[ -n $COMM_MODE ]]; then
  # One process stands in for all of them.
  export NGPU LOCAL_RANK=0
  exec python3 -m "$TRAIN_FILE" --module "$MODULE" --config "$CONFIG" "$@" --comm.mode="$COMM_MODE" --training.steps=1
fi
export PYTORCH_ALLOC_CONF=${PYTORCH_ALLOC_CONF:-expandable_segments:True}
exec torchrun --nproc_per_node="$NGPU" --rdzv_backend c10d --rdzv_endpoint=localhost:0 \
  --local-ranks-filter "$LOG_RANK" --role rank --tee 3 -m "$TRAIN_FILE" --module "$MODULE" --config "$CONFIG" "$@"
