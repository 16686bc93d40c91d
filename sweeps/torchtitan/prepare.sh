# What sweeps/torchtitan/debug.yaml needs: an environment with torch and torchtitan, a tokenizer, text. Sourced by
# tools/demo and by the tests with TorchTitan itself.
# shellcheck shell=bash disable=SC2034 # the results are for those who source this

tt_torch_packages=(torch==2.15.0 torchtitan==0.3.0)

# tt_prepare_torchtitan WORKSPACE ENVIRONMENT: makes what is missing, activates the environment, and sets tt_workspace and
# tt_prepared (the sweep files to run; the second one with TORCHTITAN_ROOT, a checkout of 0.2.2).
tt_prepare_torchtitan() {
  local home=${BASH_SOURCE[0]%/*}
  mkdir -p "$1"
  tt_workspace=$(cd "$1" && pwd)
  if [ ! -x "$2/bin/torchrun" ]; then
    echo "tt: making an environment with ${tt_torch_packages[*]} in $2: several GB, once" >&2
    python3 -m venv "$2"
    "$2/bin/pip" install --quiet --disable-pip-version-check "${tt_torch_packages[@]}"
  fi
  VIRTUAL_ENV=$(cd "$2" && pwd)
  export VIRTUAL_ENV PATH="$VIRTUAL_ENV/bin:$PATH"
  [ -r "$tt_workspace/assets/data/data.json" ] || python "$home/make_assets.py" "$tt_workspace/assets"
  mkdir -p "$tt_workspace/cpu"
  cp "$home/cpu/sitecustomize.py" "$home/../../templates/torchtitan/tt_cpu.py" "$tt_workspace/cpu/"
  sed "s|@DEMO@|$tt_workspace|" "$home/debug.yaml" >"$tt_workspace/debug.yaml"
  tt_prepared=("$tt_workspace/debug.yaml")
  [ -n "${TORCHTITAN_ROOT-}" ] || return 0
  sed -e '/# since 0.3.0$/d' -e 's|^sweep: .*|sweep: torchtitan_debug_checkout|' -e 's|^model: .*|model: llama3_debugmodel_checkout|' \
    -e 's|^base: .*|base: "${TORCHTITAN_ROOT}/torchtitan/models/llama3/train_configs/debug_model.toml"|' \
    -e 's|^torchtitan: .*|torchtitan: {root: "${TORCHTITAN_ROOT}"}|' "$tt_workspace/debug.yaml" >"$tt_workspace/debug-checkout.yaml"
  tt_prepared+=("$tt_workspace/debug-checkout.yaml")
}
