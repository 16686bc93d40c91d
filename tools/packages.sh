# Installs what tt needs on Debian 12, when it is not there, and builds it. Sourced by tools/demo and tools/check.
# shellcheck shell=bash disable=SC2034 # the lists are for those who source this

tt_build_packages=(g++ cmake ninja-build libtomlplusplus-dev libyaml-cpp-dev libcli11-dev libfmt-dev libspdlog-dev
  nlohmann-json3-dev libsimdjson-dev libkainjow-mustache-dev libxxhash-dev liblua5.4-dev
  zlib1g-dev)
tt_run_packages=(python3)
tt_test_packages=(git libgtest-dev libgmock-dev python3-jsonschema python3-yaml slurmctld slurmd slurm-client slurmdbd
  mariadb-server-core mariadb-client-core)

# tt_install PACKAGE...: does nothing when all are installed.
tt_install() {
  local missing=() package as_root=()
  command -v dpkg-query >/dev/null || {
    echo "tt: this script installs Debian packages; on another system install by hand: $*" >&2
    return 0
  }
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo)
    else
      echo "tt: these packages are missing and can only be installed by root:" >&2
      echo "    apt-get install ${missing[*]}" >&2
      echo "Run that as root (or ask an administrator), then this again." >&2
      return 1
    fi
  fi
  echo "tt: installing ${missing[*]}" >&2
  "${as_root[@]}" apt-get -qq update
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# tt_build WHAT COMMAND...: says what is built, and shows what the build printed only when it fails or with TT_VERBOSE=1.
tt_build() {
  local what=$1 said status=0
  shift
  echo "tt: building $what; the first time this takes minutes" >&2
  if [ "${TT_VERBOSE-}" = 1 ]; then
    "$@" >&2
    return
  fi
  said=$(mktemp)
  "$@" >"$said" 2>&1 || status=$?
  [ "$status" -eq 0 ] || cat "$said" >&2
  rm -f "$said"
  return "$status"
}
