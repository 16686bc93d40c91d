#include "tt/logs/causes.hpp"

#include <algorithm>

namespace tt::logs {

namespace {

constexpr Cause causes[] = {
    // Memory
    {"cuda-oom", 2, Retry::no_retry,
     "Lower local_batch_size or seq_len, or use activation_checkpoint full, or raise tp/pp/dp_shard; if \"reserved but "
     "unallocated\" is large, set expandable_segments:True."},
    {"hip-oom", 2, Retry::no_retry,
     "Lower local_batch_size or seq_len, or use activation_checkpoint full, or raise tp/pp/dp_shard; the free number "
     "in "
     "this message is unreliable on ROCm."},
    {"host-oom", 1, Retry::ask_user,
     "Ask for more host memory (--mem, mem=), or use fewer DataLoader workers, or a streaming dataset."},
    {"shm-exhausted", 2, Retry::ask_user,
     "Give the container more shared memory (--shm-size, --ipc=host) or use fewer workers."},
    // NCCL and gloo
    {"nccl-timeout", 4, Retry::retry,
     "Look at the rank named as behind: it crashed, is slow in data loading, or took another branch; raise "
     "comm.train_timeout_seconds only if it is merely slow.",
     false},
    {"nccl-heartbeat", 4, Retry::retry_elsewhere,
     "A CUDA or GIL deadlock on that rank; exclude the node, and if it repeats check driver and data loader."},
    {"net-interface", 3, Retry::no_retry,
     "NCCL_SOCKET_IFNAME or GLOO_SOCKET_IFNAME names an interface that does not exist on this node; correct the site "
     "profile.",
     false},
    {"nccl-system-error", 3, Retry::retry, "See the line after \"Last error:\"; set NCCL_DEBUG=INFO for more.", false},
    {"nccl-ib-error", 3, Retry::retry_elsewhere,
     "InfiniBand/RoCE link trouble between the two addresses; exclude the node, report it, check the GID and timeout "
     "settings."},
    {"nccl-efa-error", 3, Retry::retry_elsewhere,
     "EFA missing or unhealthy on the node: check security group, plugin and libfabric versions, memlock limit."},
    {"nccl-duplicate-gpu", 3, Retry::no_retry,
     "More processes than GPUs on a node, or the device was not set: compare NGPU with the GPUs granted."},
    {"nccl-cuda-error", 3, Retry::retry_elsewhere,
     "Driver too old for this NCCL, or a sick GPU; read the quoted CUDA text."},
    {"nccl-remote-exit", 7, Retry::retry_elsewhere,
     "Another process died first; find its log (the peer address names the node)."},
    {"gloo-timeout", 4, Retry::retry,
     "Look at the silent rank: it crashed, is slow in data loading, or took another branch.", false},
    // Launcher and rendezvous
    {"rdzv-timeout", 3, Retry::retry,
     "Fewer nodes arrived than --nnodes: look for a node whose log is empty or died first.", false},
    {"rdzv-refused", 3, Retry::retry,
     "Nothing listens at host:port: first node dead, wrong port, firewall, or wrong interface.", false},
    {"rdzv-hostname", 2, Retry::ask_user,
     "The head node's name does not resolve here; use the name or address from the scheduler.", false},
    {"rdzv-address-in-use", 2, Retry::retry,
     "Another job uses the port; derive it from the job id, or use port 0 on one node.", false},
    {"rdzv-store-lost", 7, Retry::retry, "The first node's torchrun died; look in its log.", false},
    {"child-failed", 6, Retry::ask_user,
     "The failing rank's output was filtered: look in torchrun's log folder, or set LOG_RANK to that rank."},
    // Python, versions, configuration
    {"import-error", 2, Retry::no_retry, "Activate the right environment, and start in TorchTitan's root folder."},
    {"version-mismatch", 2, Retry::no_retry,
     "This TorchTitan needs another torch: use the pair its release notes name."},
    {"config-unknown-key", 2, Retry::no_retry, "Rename or remove the key."},
    {"config-file-missing", 2, Retry::no_retry, "CONFIG_FILE is relative to the folder run_train.sh runs in."},
    {"config-parallel-dims", 2, Retry::no_retry, "dp_replicate*dp_shard*cp*tp*pp must equal the number of GPUs."},
    {"config-heads", 2, Retry::no_retry, "tp must divide n_heads and n_kv_heads."},
    {"config-seq-len", 2, Retry::no_retry, "Make seq_len a multiple of tp * 2 * cp."},
    {"config-batch-size", 2, Retry::no_retry, "Correct global_batch_size."},
    {"config-pipeline", 2, Retry::no_retry,
     "Choose local_batch_size and microbatch size so that microbatches >= stages and divide evenly."},
    {"config-model-flavor", 2, Retry::no_retry, "This model has no such flavor."},
    {"python-exception", 5, Retry::ask_user,
     "Read the exception; if only one rank has it, suspect its data shard or node."},
    // Assets, data, storage, numbers
    {"assets-missing", 2, Retry::no_retry,
     "Run scripts/download_hf_assets.py on the login node; the path is relative."},
    {"hf-auth", 2, Retry::ask_user,
     "Log in with a token (HF_TOKEN) whose account was granted access. 401 = no/bad token, 403 = no grant."},
    {"hf-rate-limit", 2, Retry::retry,
     "Download once to shared storage and set HF_HUB_OFFLINE=1; many ranks streaming trip the limit."},
    {"hf-offline", 2, Retry::no_retry,
     "Compute nodes have no internet: prefetch dataset and assets, point dataset_path at them."},
    {"dataset-error", 3, Retry::no_retry, "The shard named is missing or damaged; download it again."},
    {"disk-full", 2, Retry::ask_user, "Free space or move dump_folder; the newest checkpoint is incomplete."},
    {"disk-quota", 2, Retry::ask_user, "User or group quota (also inodes): clean up or use project storage."},
    {"io-error", 3, Retry::retry, "File system hiccup; if the node repeats, exclude it."},
    {"checkpoint-mismatch", 2, Retry::no_retry,
     "The folder holds another model's checkpoint (two sweep points share dump_folder?); change the folder or "
     "load_step."},
    {"checkpoint-corrupt", 2, Retry::ask_user, "Delete the newest step folder and resume from the one before."},
    {"loss-nan", 8, Retry::no_retry,
     "Lower lr, longer warmup, check data and precision; the number before is the last good step."},
    {"loss-spike", 8, Retry::ask_user,
     "Look at the grad_norm line before it; restart from a checkpoint before the spike with lower lr."},
    // GPU, compiler, signals
    {"gpu-lost", 1, Retry::retry_elsewhere, "Exclude and report the node (GPU reset or repair)."},
    {"gpu-ecc", 1, Retry::retry_elsewhere, "Exclude and report the node."},
    {"gpu-driver", 2, Retry::retry_elsewhere,
     "All nodes: no GPU requested, or wheel too new for the driver. One node: exclude it."},
    {"cuda-illegal-access", 3, Retry::retry_elsewhere,
     "Kernel bug or sick GPU: one retry elsewhere; if it returns, run with CUDA_LAUNCH_BLOCKING=1 (the traceback is "
     "late)."},
    {"cuda-device-assert", 3, Retry::no_retry,
     "Mostly a token id >= vocabulary size: tokenizer and model do not belong together."},
    {"cublas-error", 3, Retry::retry_elsewhere,
     "ALLOC_FAILED and NOT_INITIALIZED usually mean memory full: treat as cuda-oom if memory is above 90 %."},
    {"cudnn-error", 3, Retry::ask_user, "Library mix-up (LD_LIBRARY_PATH) or memory full."},
    {"compile-failed", 3, Retry::ask_user, "Load a compiler module, or set compile.enable=false to confirm."},
    {"triton-resources", 3, Retry::no_retry,
     "Kernel too big for this GPU: newer torch, or no compile for flex attention."},
    {"segfault", 3, Retry::ask_user,
     "Native crash on that rank: mixed libraries or a bad node; core file or faulthandler helps."},
    {"sigkill", 5, Retry::retry, "Killed from outside without a word; probably host memory."},
    {"sigabrt", 6, Retry::ask_user, "See the C++ \"what():\" line."},
    {"sigterm", 8, Retry::ask_user, "Somebody or something ended the job: the scheduler's state decides.", false},
    // Scheduler and shell
    {"time-limit", 5, Retry::resume, "Ask for more time, or checkpoint more often.", false},
    {"preempted", 1, Retry::resume, "Nothing to repair; it restarts from the checkpoint.", false},
    {"node-failure", 1, Retry::retry_elsewhere,
     "Exclude the node named by srun (the CANCELLED line names the surviving node).", false},
    {"cancelled", 5, Retry::none, "You (or an operator) cancelled it.", false},
    {"never-started", 1, Retry::ask_user, "The job ended before its script began: ask the scheduler for its reason.",
     false},
    {"step-create-failed", 2, Retry::no_retry, "srun asks for more nodes, tasks or GPUs than the job has.", false},
    {"launch-failed", 1, Retry::retry_elsewhere, "The node's daemon does not answer: exclude it.", false},
    {"prolog-failed", 1, Retry::retry_elsewhere,
     "The node's health check refused the job; it was drained. scontrol release after excluding it.", false},
    {"command-not-found", 2, Retry::no_retry,
     "The first one is the cause: load the module system or environment in the site profile.", false},
    {"bad-interpreter", 2, Retry::no_retry, "The environment was moved or deleted; recreate it.", false},
    {"permission-denied", 2, Retry::no_retry, "chmod +x, or the file system is mounted noexec.", false},
    // Nothing is printed
    {"hang", 4, Retry::retry_elsewhere,
     "Get a stack (py-spy) from one rank per node before it is killed; set a shorter comm timeout.", false},
    {"import-storm", 6, Retry::retry,
     "Put the environment in a container image or on local disk; raise rdzv join timeout.", false},
    {"straggler", 8, Retry::retry_elsewhere,
     "A node is throttled or its storage is slow; compare tps after excluding nodes.", false},
};

}  // namespace

std::string_view to_string(Retry retry) {
  switch (retry) {
    case Retry::retry:
      return "retry";
    case Retry::retry_elsewhere:
      return "retry-elsewhere";
    case Retry::resume:
      return "resume";
    case Retry::no_retry:
      return "no-retry";
    case Retry::ask_user:
      return "ask-user";
    case Retry::none:
      return "none";
  }
  return "none";
}

const Cause* find_cause(std::string_view id) {
  const auto at = std::find_if(std::begin(causes), std::end(causes), [&](const Cause& c) { return c.id == id; });
  return at == std::end(causes) ? nullptr : at;
}

std::span<const Cause> all_causes() { return causes; }

}  // namespace tt::logs
