// The texts of tt/logs/causes.hpp. Within a shape the first row that fits wins, so the particular stands before the
// general.
#include "tt/base/text.hpp"
#include "tt/logs/causes.hpp"

namespace tt::logs {

namespace {

constexpr unsigned exception = static_cast<unsigned>(Shape::exception);
constexpr unsigned source = static_cast<unsigned>(Shape::source);
constexpr unsigned glog = static_cast<unsigned>(Shape::glog_error);
constexpr unsigned glog_any = Shape::glog_error | Shape::glog_warning;
constexpr unsigned nccl = static_cast<unsigned>(Shape::nccl);
constexpr unsigned scheduler = static_cast<unsigned>(Shape::scheduler);
constexpr unsigned kernel = static_cast<unsigned>(Shape::kernel);
constexpr unsigned shell = static_cast<unsigned>(Shape::shell);
constexpr unsigned box = static_cast<unsigned>(Shape::box);
constexpr unsigned plain_line = static_cast<unsigned>(Shape::plain);
constexpr auto weak = Strength::weak;
constexpr auto rescue = Strength::rescue;

constexpr TextPattern patterns[] = {
    {wrapper, exception, "ChildFailedError"},
    {wrapper, exception, "CheckpointException ranks:dict_keys("},

    {"cuda-oom", exception, "CUDA out of memory."},
    {"cuda-oom", exception, "CUDA error: out of memory"},
    {"cuda-oom", exception, "Allocation on device", "would exceed allowed memory"},
    {"hip-oom", exception, "HIP out of memory."},
    {"hip-oom", exception, "HIP error: out of memory"},

    {"gpu-ecc", exception | glog, "uncorrectable ECC error"},
    {"gpu-ecc", exception | glog, "uncorrectable NVLink error"},
    {"gpu-lost", exception, "CUDA error: unspecified launch failure", {}, weak},
    {"gpu-lost", exception, "CUDA error: unknown error", {}, weak},
    {"gpu-lost", exception, "CUDA error:", "busy or unavailable", weak},
    {"gpu-driver", exception, "Found no NVIDIA driver on your system"},
    {"gpu-driver", exception, "ProcessGroupNCCL is only supported with GPUs, no GPUs found"},
    {"gpu-driver", exception, "CUDA driver version is insufficient for CUDA runtime version"},
    {"gpu-driver", exception, "no CUDA-capable device is detected"},
    {"gpu-driver", exception, "forward compatibility was attempted on non supported HW"},
    {"gpu-driver", exception, "no kernel image is available for execution on the device"},
    {"gpu-driver", exception, "invalid device ordinal"},
    {"cuda-illegal-access", exception | glog, "CUDA error: an illegal memory access was encountered"},
    {"cuda-illegal-access", exception | glog, "CUDA error: misaligned address"},
    {"cuda-device-assert", exception | glog, "CUDA error: device-side assert triggered"},
    {"cublas-error", exception, "CUBLAS_STATUS_"},
    {"cudnn-error", exception, "CUDNN_STATUS_"},

    {"shm-exhausted", exception, "unable to allocate shared memory(shm)"},
    {"shm-exhausted", exception | plain_line, "ERROR: Unexpected bus error encountered in worker."},
    {"shm-exhausted", exception, "DataLoader worker", "is killed by signal: Bus error"},
    {"shm-exhausted", exception, "DataLoader worker", "exited unexpectedly", weak},
    {"shm-exhausted", exception | nccl, "Error while", "shared memory segment"},

    {"triton-resources", exception, "OutOfResources: out of resource"},
    {"compile-failed", exception, "InvalidCxxCompiler"},
    {"compile-failed", exception, "InductorError:"},
    {"compile-failed", exception, "torch._dynamo.exc."},
    {"compile-failed", exception, "not yet supported for torch.compile"},
    {"compile-failed", exception, "CppCompileError"},
    {"compile-failed", exception, "ptxas", "fatal"},

    {"nccl-duplicate-gpu", exception | nccl, "Duplicate GPU detected"},
    {"net-interface", exception | nccl, "Bootstrap : no socket interface found"},
    {"net-interface", exception, "Unable to find address for:"},
    {"net-interface", exception | nccl, "is neither AF_INET(2) nor AF_INET6(10)"},
    {"nccl-ib-error", exception | nccl, "NET/IB : Got completion from peer"},
    {"nccl-ib-error", exception | nccl, "NET/IB :", "Got async event"},
    {"nccl-ib-error", exception | nccl, "Call to ibv_modify_qp failed"},
    {"nccl-efa-error", nccl, "NET/OFI", {}, weak, "Could not find"},
    {"nccl-efa-error", exception, "NET/OFI"},
    {"nccl-efa-error", plain_line, "provider efa output empty list"},
    {"nccl-timeout", exception | glog, "Watchdog caught collective operation timeout:"},
    {"nccl-heartbeat", exception | glog, "ProcessGroupNCCL's watchdog got stuck for"},
    {"nccl-heartbeat", exception | glog, "due to ProcessGroupNCCL watchdog hang"},
    {"nccl-heartbeat", exception | glog, "Heartbeat monitor timed out!"},
    {"nccl-cuda-error", exception | glog, "unhandled cuda error"},
    {"nccl-cuda-error", exception, "ncclUnhandledCudaError"},
    {"nccl-remote-exit", exception | glog, "remote process exited or there was a network error"},
    {"nccl-remote-exit", exception | glog, "ncclRemoteError"},
    {"nccl-remote-exit", exception, "Connection closed by remote peer"},
    {"nccl-system-error", exception | glog, "unhandled system error"},
    {"nccl-system-error", exception, "ncclSystemError"},
    {"gloo-timeout", exception, "Timed out waiting", "operation to complete"},
    {echo, exception, "Connection closed by peer ["},
    {echo, exception, "Read error [", "Connection reset by peer"},
    {echo, exception, "Write error [", "Broken pipe"},
    {echo, exception, "gloo/transport", "Connection reset by peer"},

    {"rdzv-timeout", exception, "RendezvousTimeoutError"},
    {"rdzv-timeout", exception, "waiting for clients", "clients joined"},
    {"rdzv-address-in-use", exception, "EADDRINUSE"},
    {"rdzv-address-in-use", exception, "Address already in use"},
    {"rdzv-hostname", glog_any, "cannot be retrieved (gai error: -2", {}, rescue},
    {"rdzv-refused", exception, "The client socket has timed out after"},
    {"rdzv-refused", exception, "The client socket has failed to connect to"},
    {"rdzv-store-lost", exception, "Failed to recv, got 0 bytes"},
    {"rdzv-store-lost", exception, "DistNetworkError:", "Connection reset by peer"},
    {"rdzv-store-lost", exception, "DistNetworkError:", "Broken pipe"},
    {"rdzv-store-lost", exception, "DistStoreError:", "wait timeout", weak},
    {"rdzv-store-lost", exception, "RendezvousConnectionError: The connection to the C10d store has failed", {}, weak},
    {"rdzv-store-lost", exception, "RuntimeError: Connection reset by peer", {}, weak},
    {"rdzv-store-lost", exception, "RuntimeError: Broken pipe", {}, weak},

    {"version-mismatch", exception, "No module named 'torch."},
    {"version-mismatch", exception, "No module named 'spmd_types'"},
    {"version-mismatch", exception, "cannot import name", "from 'torch."},
    {"version-mismatch", exception, "cannot import name", "from 'torch'"},
    {"version-mismatch", exception, "module 'torch", "has no attribute '"},
    {"import-error", exception, "ModuleNotFoundError: No module named"},
    {"import-error", exception, "ImportError: "},
    {"import-error", exception, "cannot open shared object file"},
    {"import-error", shell, ": Error while finding module specification for '"},

    {"config-model-flavor", exception, "CannotConfigure: model.flavor:"},
    {"config-unknown-key", exception, "CannotConfigure: "},
    {"config-unknown-key", exception, "Invalid field names in <class"},
    {"config-unknown-key", box, "Unrecognized options:"},
    {"config-unknown-key", box, "Unrecognized or misplaced options:"},
    {"config-pipeline", box, "CUDA graphs do not support pipeline parallelism"},
    {"config-file-missing", exception, "No such file or directory: '", ".toml'"},
    {"config-parallel-dims", exception, "Invalid parallel dims:"},
    {"config-parallel-dims", source, "assert dp_shard >= 1"},
    {"config-heads", exception, "shape '[", "is invalid for input of size"},
    {"config-heads", exception, "n_heads", "divisible"},
    {"config-heads", exception, "n_kv_heads", "divisible"},
    {"config-heads", exception, "divisible", "n_kv_heads"},
    {"config-heads", exception, "divisible", "n_heads"},
    {"config-seq-len", exception, "Sequence length", "must be divisible by"},
    {"config-batch-size", exception, "global batch size must be multiple of"},
    {"config-pipeline", exception, "must be divisible by microbatch_size"},
    {"config-pipeline", exception, "Number of microbatches", "number of stages"},
    {"config-pipeline", exception, "does not support pipelining"},
    {"config-model-flavor", source, "model_args["},
    {"config-model-flavor", exception, "ValueError: Config function '", "not found in"},

    {"assets-missing", exception, "Tokenizer path '", "does not exist"},
    {"assets-missing", exception, "FileNotFoundError: Detected", "assets/tokenizer path which was deprecated"},
    {"hf-rate-limit", exception, "429 Too Many Requests"},
    {"hf-rate-limit", exception, "429 Client Error"},
    {"hf-auth", exception, "GatedRepoError"},
    {"hf-auth", exception, "RepositoryNotFoundError"},
    {"hf-auth", exception, "401 Client Error"},
    {"hf-auth", exception, "403 Client Error"},
    {"hf-auth", exception, "401 Unauthorized"},
    {"hf-auth", exception, "403 Forbidden"},
    {"hf-auth", exception, "Cannot access gated repo for url"},
    {"hf-auth", exception, "Invalid username or password"},
    {"hf-offline", exception, "OfflineModeIsEnabled"},
    {"hf-offline", exception, "Couldn't reach '", "on the Hub"},
    {"hf-offline", exception, "LocalEntryNotFoundError"},
    {"hf-offline", exception, "Temporary failure in name resolution"},

    {"disk-full", exception | shell, "No space left on device"},
    {"disk-full", exception, "PytorchStreamWriter failed writing file", {}, weak},
    {"disk-full", exception, "enforce fail at inline_container.cc", "unexpected pos", weak},
    {"disk-quota", exception | shell, "Disk quota exceeded"},
    {"io-error", exception, "[Errno 5] Input/output error"},
    {"io-error", exception, "[Errno 116] Stale file handle"},
    {"io-error", exception, "[Errno 108] Cannot send after transport endpoint shutdown"},
    {"io-error", exception, "[Errno 107]"},
    {"checkpoint-mismatch", exception, "Missing key in checkpoint state_dict:"},
    {"checkpoint-mismatch", exception, "Size mismatch between saved"},
    {"checkpoint-mismatch", exception, "loading state_dict"},
    {"checkpoint-corrupt", exception, "PytorchStreamReader failed"},
    {"checkpoint-corrupt", exception, "EOFError: Ran out of input"},
    {"checkpoint-corrupt", exception, "No such file or directory: '", ".metadata'"},
    {"dataset-error", exception, "DatasetGenerationError"},
    {"dataset-error", exception, "JSONDecodeError"},
    {"dataset-error", exception, "ArrowInvalid"},
    {"dataset-error", exception, "UnicodeDecodeError"},
    {"dataset-error", exception, "BadZipFile"},
    {"dataset-error", exception, "Couldn't find any data file at"},
    {"dataset-error", exception, "No such file or directory: '", ".json.gz'"},
    {"dataset-error", exception, "No such file or directory: '", ".jsonl"},
    {"dataset-error", exception, "No such file or directory: '", ".parquet'"},
    {"dataset-error", exception, "No such file or directory: '", ".arrow'"},
    {"dataset-error", exception, "No such file or directory: '", ".zst'"},
    {"loss-nan", exception, "Loss is not finite (global_avg_loss="},
    {"loss-nan", exception, "Loss or gradient norm is not finite on"},
    {"sigterm", exception | plain_line, "torch.distributed.elastic.multiprocessing.api.SignalException: Process",
     "got signal: 15"},
    {"sigterm", glog_any, "Received 15 death signal, shutting down workers", {}, weak},
    {"sigterm", glog_any, "Received Signals.SIGTERM death signal, shutting down workers", {}, weak},
    {"segfault", plain_line, "Fatal Python error: Segmentation fault"},
    {"segfault", shell, "Segmentation fault"},
    {"gpu-lost", plain_line, "Unable to determine the device handle for GPU", {}, weak},

    {"gpu-lost", kernel, "NVRM: Xid (PCI:", "): 79,"},
    {"gpu-lost", kernel, "NVRM: Xid (PCI:", "): 48,"},
    {"gpu-lost", kernel, "NVRM: Xid (PCI:", "): 63,"},
    {"gpu-lost", kernel, "NVRM: Xid (PCI:", "): 64,"},
    {"gpu-lost", kernel, "NVRM: Xid (PCI:", "): 74,"},
    {"gpu-lost", kernel, "NVRM: Xid (PCI:", "): 94,"},
    {"gpu-lost", kernel, "NVRM: Xid (PCI:", "): 95,"},
    {"gpu-lost", kernel, "NVRM: Xid (PCI:", "): 119,"},
    {"gpu-lost", kernel, "NVRM: Xid (PCI:", "): 120,"},
    {"gpu-lost", kernel, "NVRM: Xid (PCI:", "): 154,"},
    {"gpu-lost", kernel, "allen off the bus", {}, weak},
    {"host-oom", kernel, "emory cgroup out of memory: Killed process"},
    {"host-oom", kernel, "Out of memory: Killed process"},
    {"host-oom", kernel, "oom-kill:constraint=", {}, weak},

    {"host-oom", scheduler, "oom-kill event"},
    {"host-oom", scheduler, "oom_kill event"},
    {"host-oom", scheduler, "exceeded memory limit"},
    {"host-oom", scheduler, "Exceeded job memory limit"},
    {"host-oom", scheduler, "=>> PBS: job killed: mem "},
    {"host-oom", scheduler, "=>> PBS: job killed: vmem "},
    {"host-oom", scheduler, "=>> PBS: job killed: pmem "},
    {"host-oom", scheduler, "srun: error:", ": Out Of Memory", weak},
    {"time-limit", scheduler, "*** JOB ", "DUE TO TIME LIMIT"},
    {"time-limit", scheduler, "*** STEP ", "DUE TO TIME LIMIT", weak},
    {"time-limit", scheduler, "=>> PBS: job killed: walltime "},
    {"preempted", scheduler, "*** JOB ", "DUE TO PREEMPTION"},
    {"preempted", scheduler, "*** STEP ", "DUE TO PREEMPTION", weak},
    {"node-failure", scheduler, "srun: error: Node failure on "},
    {"node-failure", scheduler, "DUE TO NODE FAILURE", {}, weak},
    {"cancelled", scheduler, "*** JOB ", "CANCELLED AT", Strength::strong, "DUE TO"},
    {"cancelled", scheduler, "*** STEP ", "CANCELLED AT", weak, "DUE TO"},
    {"step-create-failed", scheduler, "Unable to create step for job", {}, Strength::strong, "temporarily disabled"},
    {"prolog-failed", scheduler, "failed on node", "Job prolog failed"},
    {"prolog-failed", scheduler, "srun: Prolog failure on node", {}, weak},
    {"prolog-failed", scheduler, "Application launch failed: Job prolog failed", {}, weak},
    {"prolog-failed", plain_line, "Error running slurm prolog:", {}, weak},
    {"launch-failed", scheduler, "Task launch for", "failed on node"},
    {"launch-failed", scheduler, "Application launch failed:", {}, weak},
    {"segfault", scheduler, "srun: error:", ": Segmentation fault", weak},
    {"command-not-found", scheduler, "execve():", "No such file or directory"},
    {"permission-denied", scheduler, "execve():", "Permission denied"},

    {"command-not-found", shell, ": command not found"},
    {"bad-interpreter", shell, ": cannot execute: required file not found"},
    {"bad-interpreter", shell, ": bad interpreter:"},
    {"permission-denied", shell, ": Permission denied"},
    {"sigkill", shell, " Killed ", {}, weak},
};

bool fits(const TextPattern& pattern, Shape shape, std::string_view text) {
  if ((pattern.shapes & static_cast<unsigned>(shape)) == 0) return false;
  const auto at = text.find(pattern.first);
  if (at == std::string_view::npos) return false;
  if (shape == Shape::plain && at != 0) return false;
  if (!pattern.second.empty() && text.find(pattern.second, at + pattern.first.size()) == std::string_view::npos) {
    return false;
  }
  return pattern.without.empty() || text.find(pattern.without) == std::string_view::npos;
}

bool digits_at(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return false;
  for (std::size_t i = at; i < at + count; ++i) {
    if (!is_digit(text[i])) return false;
  }
  return true;
}

// "[E1012 09:18:33.201 ..]", "[E918 ..", "[E ProcessGroupNCCL.cpp:474]" and Python's "E1122 20:11:20.721000 31935
// torch/.."
std::optional<char> glog_level(std::string_view text) {
  const bool bracket = text.starts_with('[');
  if (bracket) text.remove_prefix(1);
  if (text.size() < 6 || std::string_view("EFWI").find(text[0]) == std::string_view::npos) return std::nullopt;
  if (bracket && text[1] == ' ' && text.find(".cpp:") != std::string_view::npos) return text[0];
  if (digits_at(text, 1, 3)) {
    const auto space = text.find(' ');
    if (space == 4 || space == 5) return text[0];
  }
  return std::nullopt;
}

// "ERROR:torch.distributed..", "[2024-01-20 11:32:40,118] torch.distributed.elastic.multiprocessing.api: [ERROR] .."
std::optional<char> python_log_level(std::string_view text) {
  if (text.starts_with("ERROR:torch.")) return 'E';
  if (text.starts_with("WARNING:torch.")) return 'W';
  if (!text.starts_with('[') || text.find("] torch.distributed.") == std::string_view::npos) return std::nullopt;
  return text.find("[ERROR]") != std::string_view::npos ? 'E' : 'W';
}

// "[ 1651.131921] ..", "Jul  7 05:10:46 node09 kernel: .."
bool is_kernel(std::string_view text) {
  if (text.starts_with("NVRM: ") || text.find(" kernel: ") != std::string_view::npos) return true;
  if (!text.starts_with('[')) return false;
  std::size_t at = text.find_first_not_of(' ', 1);
  const auto close = text.find("] ");
  if (at == std::string_view::npos || close == std::string_view::npos || close > 24) return false;
  bool point = false;
  for (; at < close; ++at) {
    if (text[at] == '.')
      point = true;
    else if (!is_digit(text[at]))
      return false;
  }
  return point;
}

bool is_scheduler(std::string_view text) {
  return text.starts_with("slurmstepd") || text.starts_with("srun: ") || text.starts_with("=>> PBS:") ||
         text.starts_with("error: Detected") || text.starts_with("slurmd") || text.starts_with("mpiexec: ") ||
         text.starts_with("error: ***") || text.starts_with("error: Exceeded");
}

// "/var/spool/job: line 4: module: command not found", "bash: torchrun: command not found"
bool is_shell(std::string_view text) {
  if (text.starts_with("bash: ") || text.starts_with("sh: ") || text.starts_with("/bin/bash: ") ||
      text.starts_with("/bin/sh: ")) {
    return true;
  }
  const auto colon = text.find(": ");
  if (colon == std::string_view::npos || text.find(' ') < colon) return false;
  const auto rest = text.substr(colon + 2);
  if (rest.starts_with("Error while finding module specification for '")) return true;
  return rest.starts_with("line ") && rest.size() > 6 && is_digit(rest[5]);
}

bool is_titan(std::string_view text) {
  if (text.starts_with("[titan] ")) return true;
  if (!digits_at(text, 0, 4) || text.size() < 24 || text[4] != '-' || text[10] != ' ' || text[19] != ',') return false;
  return text.substr(23).starts_with(" - ");
}

}  // namespace

Shape shape_of(std::string_view text) {
  if (is_titan(text)) return Shape::titan;
  if (text.find(" NCCL WARN ") != std::string_view::npos) return Shape::nccl;
  auto level = glog_level(text);
  if (!level) level = python_log_level(text);
  if (level) return *level == 'E' || *level == 'F' ? Shape::glog_error : Shape::glog_warning;
  if (is_scheduler(text)) return Shape::scheduler;
  if (is_kernel(text)) return Shape::kernel;
  if (is_shell(text)) return Shape::shell;
  if (text.starts_with("\xe2\x94\x82")) return Shape::box;  // the box's left border
  return Shape::plain;
}

std::span<const TextPattern> all_patterns() { return patterns; }

const TextPattern* match(Shape shape, std::string_view text) {
  for (const auto& pattern : patterns) {
    if (fits(pattern, shape, text)) return &pattern;
  }
  return nullptr;
}

}  // namespace tt::logs
