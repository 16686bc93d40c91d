#!/bin/bash -l
#PBS -N tt-abcdefgh23
#PBS -A MyProject
#PBS -q debug
#PBS -l select=2:system=polaris
#PBS -l walltime=00:30:00
#PBS -l filesystems=home:eagle
#PBS -l place=scatter
#PBS -r y
#PBS -m n
#PBS -j oe
#PBS -k doe
#PBS -W umask=022
#PBS -o /lus/eagle/projects/MyProject/alice/submissions/abcdefgh23/^array_index^.out
# tt-abcdefgh23, on site polaris: a job or a job array; each of its tasks is one training. The last lines say what one
# does, in this order. Needs bash 4.4 and coreutils. A login shell here and on every node, so that modules are known.

# What the submitter's shell had: PBS hands nothing of it on, and on the other nodes of a job nothing of this script. What
# belongs to the place the job runs at stays as it is there.
tt_own_tmpdir=${TMPDIR-} tt_own_gpus=${CUDA_VISIBLE_DEVICES-}
export HOME=/home/alice
export LANG=C.UTF-8
export PATH=/home/alice/bin:/usr/bin:/bin
unset TMPDIR CUDA_VISIBLE_DEVICES
[[ -z $tt_own_tmpdir ]] || export TMPDIR=$tt_own_tmpdir
[[ -z $tt_own_gpus ]] || export CUDA_VISIBLE_DEVICES=$tt_own_gpus
unset OMP_NUM_THREADS # PBS sets it to all CPUs of a chunk, for one process; there is one for each GPU

set -u
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "tt: this job script needs bash 4.4 or newer; $BASH is $BASH_VERSION" >&2
  exit 69
fi

# What the submission fixed.
tt_token=abcdefgh23
tt_site=polaris
tt_task_file=/lus/eagle/projects/MyProject/alice/submissions/abcdefgh23/tasks.tsv
tt_submission=${tt_task_file%/*} # also: bin/torchrun, python/, run_train.sh
# Seconds that the training gets to end by itself: when told to end now, when warned before the time limit.
tt_grace_told=7
tt_grace_warned=50

# How the nodes find the first one, and its ports that may be tried.
tt_rendezvous=hostname
tt_first_port=20000
tt_last_port=29999

tt_host=$(uname -n)
tt_ended_by=    # the first signal this script was sent
tt_signals=0    # how many it was sent
tt_leader=      # process group of the training
tt_launcher=    # process that started the nodes, where there are several
tt_head=        # the first node, as the others find it
tt_try=1        # how often the nodes were started
tt_ending=      # set from the first attempt to end the training on
tt_until=0      # when (of SECONDS) what still trains is killed
tt_node_status= # exit status of the training on this node
tt_node_signal= # or the signal that ended it
tt_waited=      # status of the child that was waited for
tt_status=      # exit status of this script

tt_now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
tt_started=$(tt_now)

# A text as a JSON string.
tt_json() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "${text//[[:cntrl:]]/}"
}

# Before the claim: says why there is no training here, to the scheduler's output only.
tt_stop() {
  printf 'tt: %s\n' "$2"
  exit "$1"
}

# After the claim: the attempt is used up and says so.
tt_give_up() {
  printf 'tt: %s\n' "$2" >&2
  tt_write_exit
  exit "$1"
}

# The task, the job and its nodes, as PBS tells them. A single task is no array, and has index 0.
tt_index=${PBS_ARRAY_INDEX:-0}
tt_job=${PBS_ARRAY_ID:-${PBS_JOBID-}}
tt_restart_count=0 # PBS does not say; a second start finds its attempt claimed
tt_node=0          # the number of this node
tt_nodes=()        # the names of all nodes, by number: a host stands in the node file once for each rank
[[ -r ${PBS_NODEFILE-} ]] && mapfile -t tt_nodes < <(awk 'NF && !seen[$1]++ { print $1 }' "$PBS_NODEFILE")
((${#tt_nodes[@]})) || tt_nodes=("$tt_host")
tt_port= # of the first node, where several meet

tt_starter=mpiexec-pals # how a process is started on each node
tt_number=${3-}         # of this node, where whoever started it could only say it in words

tt_node_number() {
  local number
  for number in "$tt_number" "${PALS_RANKID-}" "${PMI_RANK-}" "${OMPI_COMM_WORLD_RANK-}" "${PBS_NODENUM-}"; do
    [[ -z $number ]] || break
  done
  printf '%s' "$number"
}

# PBS knows nodes by name only.
tt_node_address() {
  local address
  read -r address _ < <(getent ahosts "$1") && printf '%s' "$address"
}

# One process on each node, with all its CPUs; when one ends badly the others are told to end. A signal to pbs_tmrsh, pbsdsh or
# ssh does not reach the node, and what mpiexec makes of one differs: the nodes look for FILE.end, which holds the signal
# they are to send themselves.
tt_launch() {
  local words=( --depth 64 --cpu-bind depth )
  local part=(/bin/bash -l "$tt_submission/job.sh" --node "$1")
  trap 'tt_tell_nodes "$tt_launch_file" TERM' TERM HUP INT
  trap 'tt_tell_nodes "$tt_launch_file" USR1' USR1 USR2
  case $tt_starter in
    mpiexec-pals) tt_launch_all mpiexec -n "${#tt_nodes[@]}" --ppn 1 ${words[@]+"${words[@]}"} "${part[@]}" ;;
    mpirun) tt_launch_all mpirun -np "${#tt_nodes[@]}" --map-by ppr:1:node ${words[@]+"${words[@]}"} "${part[@]}" ;;
    *) tt_launch_each ;;
  esac
}

tt_launch_all() {
  local status
  "$@" &
  tt_wait_out "$!"
  exit "$status"
}

# Sets `status`; a signal cuts `wait` short.
tt_wait_out() {
  while wait "$1"; status=$?; kill -0 "$1" 2>/dev/null; do :; done
}

# Where nothing starts all of them at once.
tt_launch_each() {
  local number started=() pid status until worst=0
  for ((number = 0; number < ${#tt_nodes[@]}; number++)); do
    (
      # PBS sends the signal of a cancel to every process here; what waits for a node has to go on waiting.
      trap '' TERM HUP INT USR1 USR2
      (tt_start_on "$number" "$tt_launch_file") </dev/null
      status=$?
      ((status == 0)) || tt_tell_nodes "$tt_launch_file" TERM
      exit "$status"
    ) &
    started+=($!)
  done
  for pid in "${started[@]}"; do
    tt_wait_out "$pid"
    ((worst || status == 127)) || worst=$status
  done
  # What started the nodes may be gone before they are.
  for ((until = SECONDS + tt_grace_told + 5, number = 0; number < ${#tt_nodes[@]}; number++)); do
    while [[ -e $tt_launch_file.end && ! -e $tt_attempt_folder/node-$number.exit ]] && ((SECONDS < until)); do
      sleep 0.2
    done
  done
  exit "$worst"
}

tt_start_on() {
  local host=${tt_nodes[$1]} part=("$tt_submission/job.sh" --node "$2" "$1") word remote=exec
  case $tt_starter in
    pbs_tmrsh) exec pbs_tmrsh "$host" /bin/bash -l "${part[@]}" ;;
    pbsdsh)
      pbsdsh -n "$(tt_first_line "$host")" -- /bin/bash -l "${part[@]}"
      # Its own status is always 0; what the node left is not.
      [[ $(cat -- "$tt_attempt_folder/node-$1.exit" 2>/dev/null) == *'"status":0,'* ]]
      return
      ;;
    ssh)
      for word in /bin/bash -l "${part[@]}"; do
        remote+=" $(tt_quote "$word")"
      done
      exec ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new --depth 64 --cpu-bind depth "$host" "$remote"
      ;;
  esac
  echo "tt: the site profile names no launcher (launch.launcher) that starts a process on another node: '$tt_starter'" >&2
  return 65
}

# pbsdsh counts the lines of the node file.
tt_first_line() {
  awk -v host="$1" '$1 == host { print NR - 1; exit }' "$PBS_NODEFILE"
}

tt_tell_nodes() {
  [[ -e $1.end ]] || tt_place "$1.end" "$2"
}

# On a node: looks for that file for as long as this script lives.
tt_watch_for_end() {
  while kill -0 "$$" 2>/dev/null; do
    [[ -s $1.end ]] && kill -"$(<"$1.end")" "$$" 2>/dev/null && return
    sleep 0.5
  done
}

# PBS sends nothing before the time limit is reached; this script tells itself.
tt_warn_after=1740
tt_warn_in_time() {
  sleep "$tt_warn_after"
  kill -USR1 "$$" 2>/dev/null
}

# Sets `line` to the line of the task file with our index. Below one line of titles lie the tasks, in the order of their
# indices as a rule: looked for there first, since every task of a large array has to find its own.
tt_find_task() {
  local found=()
  if ((${#tt_index} <= 9)); then
    mapfile -t -s "$((10#$tt_index + 1))" -n 1 found <"$tt_task_file"
    line=${found[0]-}
    [[ $line == "$tt_index"$'\t'* ]] && return
  fi
  while IFS= read -r line; do
    [[ $line == "$tt_index"$'\t'* ]] && return
  done <"$tt_task_file"
  tt_stop 65 "the task file $tt_task_file has no line for index $tt_index"
}

# What to run, where and with what.
tt_read_task() {
  local line='' fields=() i
  [[ $tt_index =~ ^[0-9]+$ ]] || tt_stop 65 "no task: the index is '$tt_index', and a line number of $tt_task_file was wanted"
  [[ -r $tt_task_file ]] || tt_stop 65 "cannot read the task file $tt_task_file"
  tt_find_task

  mapfile -t -d $'\t' fields < <(printf '%s\t' "$line")
  tt_attempt=${fields[1]-}
  tt_mode=${fields[2]-}
  tt_run=${fields[3]-}
  tt_folder=${fields[4]-}
  tt_config=${fields[5]-}
  tt_work=${fields[6]-}
  tt_script=${fields[7]-}
  [[ -n $tt_script ]] || tt_script=$tt_submission/run_train.sh
  tt_ngpu=${fields[8]-}
  tt_log_rank=${fields[9]-}
  tt_loss_node=${fields[10]-} # the node whose output is log.txt
  tt_module=${fields[11]-}
  tt_function=${fields[12]-}
  tt_variables=()
  for ((i = 13; i < ${#fields[@]}; i++)); do
    [[ ${fields[i]} == -- ]] && break
    tt_variables+=("${fields[i]}")
  done
  ((i < ${#fields[@]})) || tt_stop 65 "line $tt_index of the task file $tt_task_file is cut short"
  tt_arguments=("${fields[@]:i+1}")
}

# The folder may have been removed, or hold another run by now.
tt_check_folder() {
  local record=
  [[ -d $tt_folder ]] || tt_stop 67 "the run folder $tt_folder is gone; nothing was started"
  [[ -r $tt_folder/run.json ]] && record=$(<"$tt_folder/run.json")
  [[ $record == *"\"$tt_run\""* ]] || tt_stop 67 "the run folder $tt_folder does not hold run $tt_run; nothing was started"
}

# One name of a claim's JSON.
tt_claim_word() { [[ $1 =~ \"$2\":\ *\"([^\"]*)\" ]] && printf '%s' "${BASH_REMATCH[1]}"; }

# Takes claim-<attempt>, or stops. Whoever reads their own nonce back has it: `ln` may say "exists" to its own winner
# where a network file system repeated the call. A claim of our own token stops us too (a requeue, a rerun).
tt_claim() {
  local claim=$tt_folder/claim-$tt_attempt own text held
  { IFS= read -r tt_nonce </proc/sys/kernel/random/uuid; } 2>/dev/null ||
    tt_nonce=$(date +%s%N).$tt_host.$$.$RANDOM$RANDOM
  own=$tt_folder/.claim-$tt_attempt.$tt_nonce
  text="{\"schema\":\"tt.claim/1\",\"run\":$(tt_json "$tt_run"),\"attempt\":$tt_attempt,\"token\":$(tt_json "$tt_token")"
  text+=",\"index\":$tt_index,\"job\":$(tt_json "$tt_job"),\"host\":$(tt_json "$tt_host"),\"nonce\":$(tt_json "$tt_nonce")"
  text+=",\"revoked\":false}"

  if ! { printf '%s\n' "$text" >"$own"; } 2>/dev/null || [[ $(<"$own") != "$text" ]]; then
    rm -f -- "$own"
    [[ -d $tt_folder ]] || tt_stop 67 "the run folder $tt_folder is gone; nothing was started"
    tt_stop 73 "cannot write into the run folder $tt_folder (disk full, or no permission?); nothing was started"
  fi
  ln -T -- "$own" "$claim" 2>/dev/null
  rm -f -- "$own"
  held=
  [[ -r $claim ]] && held=$(<"$claim")
  [[ $held == "$text" ]] && return

  [[ -n $held ]] || tt_stop 73 "cannot make or read $claim; nothing was started"
  if [[ $held =~ \"revoked\":\ *true ]]; then
    tt_stop 66 "attempt $tt_attempt of $tt_folder was withdrawn on $(tt_claim_word "$held" host); this job does not train"
  fi
  tt_stop 66 "attempt $tt_attempt of $tt_folder belongs to job $(tt_claim_word "$held" job) on $(tt_claim_word "$held" host) (token $(tt_claim_word "$held" token)); this job does not train"
}

# A file of the run folder as a link into this attempt, in one step.
tt_link() {
  local new=$tt_folder/.$1.$tt_nonce
  ln -s -- "attempt-$tt_attempt/$1" "$new" && mv -f -T -- "$new" "$tt_folder/$1" && return
  rm -f -- "$new"
  return 1
}

# Where this node's part of the attempt lies.
tt_name_attempt() {
  tt_attempt_folder=$tt_folder/attempt-$tt_attempt
  tt_torchrun_folder=$tt_attempt_folder/torchrun/${tt_nodes[tt_node]}
  tt_log=$tt_attempt_folder/log.txt
  tt_output=$tt_log
  ((tt_node == tt_loss_node || ${#tt_nodes[@]} == 1)) || tt_output=$tt_attempt_folder/node-$tt_node.txt
}

# attempt-<n>/ with what belongs to this attempt; log.txt and exit.json of the run folder point into it from now on.
# A run folder that was removed is not made again.
tt_open_attempt() {
  tt_name_attempt
  if mkdir -- "$tt_attempt_folder" 2>/dev/null || [[ -d $tt_attempt_folder ]]; then
    mkdir -p -- "$tt_torchrun_folder" && tt_link log.txt && tt_link exit.json && return
  fi
  [[ -d $tt_folder ]] || tt_give_up 67 "the run folder $tt_folder was removed; nothing was started"
  tt_give_up 73 "cannot prepare $tt_attempt_folder (disk full, or no permission?); nothing was started"
}

# Names and values that nobody should find in a log.
tt_is_secret() {
  case ${1^^} in
    TOKEN | *[_.-]TOKEN | *[_.-]TOKEN[_.-]* | *SECRET* | *PASSWORD* | *PASSWD* | *CREDENTIAL* | *[_.-]KEY | *[_.-]KEY_ID | *APIKEY*) return 0 ;;
  esac
  case $2 in
    hf_* | sk-* | ghp_* | github_pat_* | glpat-* | *://*:*@*) return 0 ;;
  esac
  return 1
}

# A text as a shell would read it back, on one line.
tt_quote() {
  local quote="'" escaped="'\\''"
  if [[ $1 =~ ^[A-Za-z0-9_@%+=:,./-]+$ ]]; then
    printf '%s' "$1"
  elif [[ $1 == *[[:cntrl:]]* ]]; then
    printf '%q' "$1"
  else
    printf "'%s'" "${1//$quote/"$escaped"}"
  fi
}

# NAME=VALUE to be read by people, or NAME=(hidden).
tt_show() {
  if tt_is_secret "${1%%=*}" "${1#*=}"; then
    printf '%s=(hidden)' "${1%%=*}"
  elif [[ -z ${1#*=} ]]; then
    printf '%s' "$1"
  else
    printf '%s=%s' "${1%%=*}" "$(tt_quote "${1#*=}")"
  fi
}

# What a person would type to run the same training.
tt_command_line() {
  local word
  printf 'cd %s && NGPU=%s LOG_RANK=%s' "$(tt_quote "$tt_work")" "$tt_ngpu" "$(tt_quote "$tt_log_rank")"
  if [[ -n $tt_module ]]; then
    printf ' MODULE=%s CONFIG=%s TT_RUN_CONFIG=%s PYTHONPATH=%s' "$(tt_quote "$tt_module")" "$(tt_quote "$tt_function")" \
      "$(tt_quote "$tt_config")" "$(tt_quote "$tt_submission/python")"
  elif [[ -n $tt_config ]]; then
    printf ' CONFIG_FILE=%s' "$(tt_quote "$tt_config")"
  fi
  printf ' %s' "$(tt_quote "$tt_script")"
  for word in ${tt_arguments[@]+"${tt_arguments[@]}"}; do
    if [[ $word =~ ^-[A-Za-z0-9_.-]+= ]]; then
      printf ' %s' "$(tt_show "$word")"
    else
      printf ' %s' "$(tt_quote "$word")"
    fi
  done
}

# Opens the log: what is run, where, when and with what. Written whole and closed before the training starts; the
# training appends.
tt_write_header() {
  local text sum=none variable
  [[ -r $tt_config ]] && sum=$(sha256sum <"$tt_config")
  text="# tt: run $tt_run, attempt $tt_attempt
# command:  $(tt_command_line)
# host:     $tt_host
# date:     $tt_started
# folder:   $tt_folder
# token:    $tt_token
# index:    $tt_index
# job:      $tt_job
# site:     $tt_site
# mode:     $tt_mode
# nodes:    ${tt_nodes[*]}
# config:   ${tt_config:-none}
# sha256:   ${sum%% *}
"
  for variable in ${tt_variables[@]+"${tt_variables[@]}"}; do
    text+="# set:      $(tt_show "$variable")"$'\n'
  done
  { printf '%s' "$text" >"$tt_log.$tt_nonce"; } 2>/dev/null && mv -f -T -- "$tt_log.$tt_nonce" "$tt_log" && return
  rm -f -- "$tt_log.$tt_nonce"
  tt_give_up 73 "cannot write $tt_log (disk full, or removed?); nothing was started"
}

# Second half of the header, from inside the training's shell: what the site's setup made of the environment.
tt_show_environment() {
  local name python
  python=$(type -P python || type -P python3 || echo none)
  printf '# python:   %s\n' "$python"
  printf '# torchrun: %s\n' "$tt_torchrun"
  if [[ $tt_torchrun != none && $python != none ]]; then
    (cd -- "$tt_work" && timeout 30 "$python" "$tt_submission/python/tt_versions.py" "$tt_folder/run.json")
  fi
  while IFS= read -r name; do
    case $name in
      NGPU | LOG_RANK | CONFIG_FILE | MODULE | CONFIG | TT_RUN_CONFIG | CUDA_* | NVIDIA_* | NCCL_* | TORCH* | PYTORCH_* | PET_* | OMP_* | GLOO_* | UCX_* | FI_* | CCL_* | \
        HIP_* | ROCR_* | HSA_* | MIOPEN_* | RCCL_* | TRITON_* | HF_* | CONDA_PREFIX | VIRTUAL_ENV | PYTHONPATH | LD_LIBRARY_PATH | LD_PRELOAD)
        printf '# env:      %s\n' "$(tt_show "$name=${!name}")"
        ;;
    esac
  done < <(compgen -e)
  echo '# output of the training:'
}

# Lines of the site profile.
tt_site_setup() {
  :
module use /soft/modulefiles
module load conda
conda activate
for tt_lib in /soft/libraries/hwloc/lib /soft/libraries/aws-ofi-nccl/*/lib; do [[ ! -d $tt_lib ]] || export LD_LIBRARY_PATH=$tt_lib:${LD_LIBRARY_PATH-}; done
}

tt_site_environment() {
  :
  export FI_CXI_DEFAULT_CQ_SIZE=131072
  export FI_CXI_DISABLE_HOST_REGISTER=1
  export FI_MR_CACHE_MONITOR=userfaultfd
  export NCCL_COLLNET_ENABLE=1
  export NCCL_CROSS_NIC=1
  export NCCL_NET='AWS Libfabric'
  export NCCL_NET_GDR_LEVEL=PHB
  export TMPDIR=/local/scratch
  export ftp_proxy=http://proxy.alcf.anl.gov:3128
  export http_proxy=http://proxy.alcf.anl.gov:3128
  export https_proxy=http://proxy.alcf.anl.gov:3128
}

# The environment of the training; run in its own shell. What run_train.sh and torchrun read there comes from this run,
# never from the shell that submitted it.
tt_make_environment() {
  local variable
  export PYTHONUNBUFFERED=1 # torchrun copies the ranks' lines: into a file it would hold them back, thousands at a time
  unset CONFIG_FILE NGPU LOG_RANK MODULE CONFIG TRAIN_FILE COMM_MODE DRY_RUN
  unset RANK LOCAL_RANK GROUP_RANK ROLE_RANK WORLD_SIZE LOCAL_WORLD_SIZE GROUP_WORLD_SIZE MASTER_ADDR MASTER_PORT
  unset "${!PET_@}" "${!TORCHELASTIC_@}"
  tt_site_setup
  tt_site_environment
  for variable in ${tt_variables[@]+"${tt_variables[@]}"}; do
    export "${variable?}"
  done
  export NGPU=$tt_ngpu LOG_RANK=$tt_log_rank
  if [[ -n $tt_module ]]; then
    export MODULE=$tt_module CONFIG=$tt_function TT_RUN_CONFIG=$tt_config
    export PYTHONPATH=$tt_submission/python${PYTHONPATH:+:$PYTHONPATH}
  elif [[ -n $tt_config ]]; then
    export CONFIG_FILE=$tt_config
  fi
  tt_torchrun=$(type -P torchrun || echo none)
  export PATH=$tt_submission/bin:$PATH
  export TT_NODES=${#tt_nodes[@]} TT_NODE=$tt_node TT_HEAD=$tt_head TT_PORT=$tt_port
  export TT_RENDEZVOUS=$tt_token.$tt_index.$tt_attempt.$tt_try TT_RANK_LOGS=$tt_torchrun_folder
  export PET_LOG_DIR=$tt_torchrun_folder
  export TT_RUN=$tt_run TT_ATTEMPT=$tt_attempt TT_NONCE=$tt_nonce.$tt_node
}

# The training, in a shell of its own that outlives the signals which end it and leaves its status in a file: when a
# signal and the end of a child come at the same moment, the `wait` of bash 5.2 answers -1 and never the status.
tt_training() {
  local status
  set +u
  tt_make_environment
  tt_show_environment
  cd -- "$tt_work" || exit 126
  { set +m; } 2>/dev/null # the training stays in our process group
  trap : HUP INT TERM USR1 USR2 XCPU
  exec 3>&2 2>/dev/null # what bash says of a child that was killed is nobody's log
  if [[ -x $tt_script ]]; then
    "$tt_script" ${tt_arguments[@]+"${tt_arguments[@]}"} 2>&3 3>&-
  else
    bash "$tt_script" ${tt_arguments[@]+"${tt_arguments[@]}"} 2>&3 3>&-
  fi
  status=$?
  printf '%s' "$status" >"$tt_attempt_folder/.status-$tt_node"
  exit "$status"
}

# All living processes of the training: its process group, and those that left it (torchrun's workers are sessions of
# their own) but carry our nonce in their environment.
tt_find_left() {
  local entry pid stat words environment
  tt_left=()
  for entry in /proc/[0-9]*; do
    pid=${entry#/proc/}
    [[ -O $entry && $pid != "$$" ]] || continue
    stat=
    { IFS= read -r -d '' stat <"$entry/stat"; } 2>/dev/null
    read -r -a words <<<"${stat##*) }" # state, parent, process group
    [[ ${words[0]-Z} == Z ]] && continue
    if [[ ${words[2]-} == "$tt_leader" ]]; then
      tt_left+=("$pid")
      continue
    fi
    environment=()
    { mapfile -t -d '' environment <"$entry/environ"; } 2>/dev/null
    [[ " ${environment[*]-} " == *" TT_NONCE=$tt_nonce.$tt_node "* ]] && tt_left+=("$pid")
  done
  return 0
}

# Ends what is left of the training: asks, waits, kills. Nothing trains once the exit record is written.
tt_end_training() {
  local tries=25
  tt_until=$((SECONDS + $1))
  tt_find_left
  ((${#tt_left[@]})) || return
  kill -TERM "${tt_left[@]}" 2>/dev/null
  while tt_find_left && ((${#tt_left[@]} && SECONDS < tt_until)); do
    sleep 0.2
  done
  while tt_find_left && ((${#tt_left[@]} && tries-- > 0)); do
    kill -KILL "${tt_left[@]}" 2>/dev/null
    sleep 0.2
  done
  ((${#tt_left[@]} == 0)) || echo "tt: could not end process ${tt_left[*]} of the training on $tt_host" >&2
}

# A signal to this script: the first one is remembered and ends the training. A later one is no second request, but may
# leave less time: a cancel after the warning, say.
tt_on_signal() {
  local grace=$tt_grace_told
  [[ $1 == SIGHUP || $1 == SIGINT || $1 == SIGTERM ]] || grace=$tt_grace_warned
  tt_ended_by=${tt_ended_by:-$1}
  tt_signals=$((tt_signals + 1))
  [[ -n $tt_leader || -n $tt_launcher ]] || return
  if [[ -n $tt_ending ]]; then
    ((SECONDS + grace < tt_until)) && tt_until=$((SECONDS + grace))
    return
  fi
  tt_ending=yes
  if [[ -n $tt_launcher ]]; then
    tt_end_nodes "$grace" "$1"
  else
    tt_end_training "$grace"
  fi
}

tt_listen() {
  trap 'tt_on_signal SIGHUP' HUP
  trap 'tt_on_signal SIGINT' INT
  trap 'tt_on_signal SIGTERM' TERM
  trap 'tt_on_signal SIGUSR1' USR1
  trap 'tt_on_signal SIGUSR2' USR2
  trap 'tt_on_signal SIGXCPU' XCPU
}

# Sets tt_waited to the status of a child. A signal cuts `wait` short, and what it then answers is not the child's status.
tt_wait_for() {
  local seen
  while seen=$tt_signals; do
    wait "$1" 2>/dev/null
    tt_waited=$?
    ((seen == tt_signals)) && return
  done
}

# Runs the training in a process group of its own and waits for it. Sets tt_node_status or tt_node_signal.
tt_run_training() {
  local status name
  [[ -z $tt_ended_by ]] || return
  { set -m; } 2>/dev/null
  tt_training </dev/null >>"$tt_output" 2>&1 &
  tt_leader=$!
  { set +m; } 2>/dev/null
  # A signal that came before tt_leader was set found nothing to end.
  [[ -z $tt_ended_by ]] || tt_on_signal "$tt_ended_by"
  tt_wait_for "$tt_leader"
  status=$tt_waited
  tt_end_training "$tt_grace_told"
  if ((status < 0)); then
    status=
    [[ -r $tt_attempt_folder/.status-$tt_node ]] && status=$(<"$tt_attempt_folder/.status-$tt_node")
  fi
  rm -f -- "$tt_attempt_folder/.status-$tt_node"
  [[ -n $status ]] || return # nobody saw it
  if ((status > 128 && status < 160)) && name=$(kill -l "$status" 2>/dev/null); then
    tt_node_signal=SIG$name
  else
    tt_node_status=$status
  fi
  tt_status=$status
}

# A job of several nodes: this script runs once on the first of them, and starts itself once on every node (--node FILE).
# The scheduler's part says how: tt_launch FILE (starts one process on each node and stays until all ended),
# tt_node_number (of the node that asks), tt_node_address NAME (of a name that cannot be resolved).

# Ends the job with a sentence where the first node cannot be found by the others.
tt_choose_head() {
  local name=${tt_nodes[0]} address other
  case $tt_rendezvous in
    suffix:*) tt_head=$name${tt_rendezvous#suffix:} && return ;;
    domain:*) tt_head=$name.${tt_rendezvous#domain:} && return ;;
    address)
      read -r tt_head _ < <(hostname -i)
      [[ -n $tt_head ]] && return
      ;;
    *)
      # The name, not what it resolves to here: on Debian the own name is often 127.0.1.1.
      tt_head=$name
      getent hosts "$name" >/dev/null && return
      ;;
  esac
  tt_head=$(tt_node_address "$name")
  [[ -n $tt_head ]] || tt_give_up 68 "the first node, $name, has no address that the others could find: say rendezvous.host in the site profile"
  [[ $tt_head == 127.* || $tt_head == ::1 ]] || return
  for other in "${tt_nodes[@]:1}"; do
    address=$(tt_node_address "$other")
    [[ $address == "$tt_head" ]] || tt_give_up 68 "the first node, $name, is known only as $tt_head, where $other cannot reach it: say rendezvous.host in the site profile"
  done
}

# A port nobody answers on, within the range of the site.
tt_probe_port() {
  local tries
  for ((tries = 0; tries < 50; tries++)); do
    tt_port=$((tt_first_port + (RANDOM * 32768 + RANDOM) % (tt_last_port - tt_first_port + 1)))
    (exec 3<>"/dev/tcp/127.0.0.1/$tt_port") 2>/dev/null || return 0
  done
}

# The port was taken between probing and use, and nothing was trained yet.
tt_port_was_taken() {
  local file text
  for file in "$tt_log" "$tt_attempt_folder"/node-*.txt; do
    [[ -r $file ]] || continue
    text=$(head -c 2000000 -- "$file" | tr -d '\0')
    [[ $text == *"step: "* ]] && return 1
    [[ $text == *EADDRINUSE* || $text == *"ddress already in use"* ]] && return 0
  done
  return 1
}

# What the nodes need to know, one text a line.
tt_write_launch() {
  local lines
  printf -v lines '%s\n' "$tt_index" "$tt_nonce" "$tt_job" "$tt_restart_count" "$tt_started" "$tt_head" "$tt_port" "$tt_try" "${tt_nodes[@]}"
  tt_place "$tt_launch_file" "${lines%$'\n'}"
}

tt_read_launch() {
  local lines=()
  mapfile -t lines <"$1"
  ((${#lines[@]} > 9)) || tt_stop 65 "$1 is missing or cut short"
  tt_index=${lines[0]} tt_nonce=${lines[1]} tt_job=${lines[2]} tt_restart_count=${lines[3]} tt_started=${lines[4]}
  tt_head=${lines[5]} tt_port=${lines[6]} tt_try=${lines[7]}
  tt_nodes=("${lines[@]:8}")
}

# One node's part, started by tt_launch.
tt_on_node() {
  tt_read_launch "$1"
  tt_node=$(tt_node_number)
  [[ $tt_node =~ ^[0-9]+$ ]] && ((tt_node < ${#tt_nodes[@]})) || tt_stop 65 "node '$tt_node' is none of the ${#tt_nodes[@]} nodes of $1"
  tt_read_task
  tt_name_attempt
  mkdir -p -- "$tt_torchrun_folder" || tt_stop 73 "cannot make $tt_torchrun_folder; nothing was started"
  tt_run_training
  tt_write_node_exit
  exit "${tt_status:-143}"
}

# The nodes are told with the signal this script was told with; they end their trainings and say how those ended.
tt_end_nodes() {
  local signal=${2#SIG}
  [[ $signal == USR1 || $signal == USR2 ]] || signal=TERM
  tt_until=$((SECONDS + $1 + 1))
  kill -"$signal" "$tt_launcher" 2>/dev/null
  while kill -0 "$tt_launcher" 2>/dev/null && ((SECONDS < tt_until)); do
    sleep 0.2
  done
  kill -KILL "$tt_launcher" 2>/dev/null
}

# The launcher may be gone before the last node has said how its training ended, and a shared file system may show it late.
tt_await_nodes() {
  local node until=$((SECONDS + 5))
  [[ -z $tt_ended_by ]] || until=$tt_until
  for ((node = 0; node < ${#tt_nodes[@]}; node++)); do
    while [[ ! -e $tt_attempt_folder/node-$node.exit ]] && ((SECONDS < until)); do
      sleep 0.1
    done
  done
}

tt_run_nodes() {
  for ((tt_try = 1; ; tt_try++)); do
    [[ -z $tt_ended_by ]] || return
    tt_choose_head
    tt_probe_port
    tt_launch_file=$tt_attempt_folder/launch-$tt_try
    tt_write_launch || tt_give_up 73 "cannot write $tt_launch_file; nothing was started"
    tt_launch "$tt_launch_file" </dev/null &
    tt_launcher=$!
    [[ -z $tt_ended_by ]] || tt_on_signal "$tt_ended_by"
    tt_wait_for "$tt_launcher"
    tt_status=$tt_waited
    ((tt_status >= 0)) || tt_status=1 # it ended, and bash lost how; the nodes say how theirs did
    tt_launcher=
    tt_await_nodes
    ((tt_status != 0 && tt_try < 3)) && tt_port_was_taken || return
    printf 'tt: port %s of %s was taken; once more with another one\n' "$tt_port" "$tt_head"
    rm -f -- "$tt_attempt_folder"/node-*.exit
  done
}

# A file placed whole or not at all.
tt_place() {
  local new=$1.$tt_nonce
  if { printf '%s\n' "$2" >"$new" && [[ $(<"$new") == "$2" ]] && sync -- "$new" && mv -f -T -- "$new" "$1"; } 2>/dev/null; then
    return
  fi
  rm -f -- "$new"
  printf 'tt: cannot write %s (disk full, or removed?); it would have said: %s\n' "$1" "$2" >&2
  return 1
}

# What this node saw: a status, or a signal, or neither when nothing was started.
tt_node_exit() {
  local signal=null
  [[ -n $2 ]] && signal=$(tt_json "$2")
  printf '{"name":%s,"status":%s,"signal":%s}' "$(tt_json "${tt_nodes[tt_node]}")" "${1:-null}" "$signal"
}

tt_write_node_exit() {
  tt_place "$tt_attempt_folder/node-$tt_node.exit" "$(tt_node_exit "$tt_node_status" "$tt_node_signal")"
}

# exit.json out of what the nodes left; a node that left nothing was seen by nobody.
tt_write_exit() {
  local text nodes='' node seen ended_by=null
  for ((node = 0; node < ${#tt_nodes[@]}; node++)); do
    seen=
    [[ -r $tt_attempt_folder/node-$node.exit ]] && seen=$(<"$tt_attempt_folder/node-$node.exit")
    [[ $seen == '{"name":'*'}' ]] || seen="{\"name\":$(tt_json "${tt_nodes[node]}"),\"status\":null,\"signal\":null}"
    nodes+=${nodes:+,}$seen
  done
  [[ -n $tt_ended_by ]] && ended_by=$(tt_json "$tt_ended_by")
  text="{\"schema\":\"tt.exit/1\",\"run\":$(tt_json "$tt_run"),\"token\":$(tt_json "$tt_token"),\"attempt\":$tt_attempt"
  text+=",\"restart_count\":$tt_restart_count,\"started\":\"$tt_started\",\"ended\":\"$(tt_now)\",\"job\":$(tt_json "$tt_job")"
  text+=",\"nodes\":[$nodes],\"ended_by\":$ended_by}"
  tt_place "$tt_attempt_folder/exit.json" "$text"
}

tt_listen # before anything is sent
if [[ ${1-} == --node ]]; then
  tt_watch_for_end "$2" </dev/null >/dev/null 2>&1 &
elif [[ -n $tt_warn_after ]]; then
  tt_warn_in_time </dev/null >/dev/null 2>&1 &
fi

tt_listen
[[ ${1-} != --node ]] || tt_on_node "$2"
tt_read_task
tt_check_folder
[[ -z $tt_ended_by ]] || tt_stop 75 "was sent $tt_ended_by before it started anything"
tt_claim
tt_open_attempt
tt_write_header
if ((${#tt_nodes[@]} == 1)); then
  tt_run_training
  tt_write_node_exit
else
  tt_run_nodes
fi
tt_write_exit
# Without a status there was no training: told to end before it, and as if that signal had ended it.
exit "${tt_status:-$((128 + $(kill -l "$tt_ended_by")))}"

