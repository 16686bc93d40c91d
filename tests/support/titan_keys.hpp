// support/titan_keys.hpp: short words for the keys that tests of the rules set again and again.
#pragma once

#include <string>

namespace tt::test::keys {

inline const std::string tp = "parallelism.tensor_parallel_degree";
inline const std::string pp = "parallelism.pipeline_parallel_degree";
inline const std::string cp = "parallelism.context_parallel_degree";
inline const std::string ep = "parallelism.expert_parallel_degree";
inline const std::string etp = "parallelism.expert_tensor_parallel_degree";
inline const std::string shard = "parallelism.data_parallel_shard_degree";
inline const std::string replicate = "parallelism.data_parallel_replicate_degree";
inline const std::string schedule = "parallelism.pipeline_parallel_schedule";
inline const std::string microbatch = "parallelism.pipeline_parallel_microbatch_size";
inline const std::string batch = "training.local_batch_size";
inline const std::string global_batch = "training.global_batch_size";
inline const std::string seq = "training.seq_len";

inline const std::string holds;  // what a rule that holds says: nothing

}  // namespace tt::test::keys
