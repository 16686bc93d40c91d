// Short ways to try a sweep in a test: text in, names or the whole error text out.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/base/source_text.hpp"
#include "tt/sweep/plan.hpp"

namespace tt::test {

SourceRef source(const std::string& text, const std::string& name = "sweep.yaml");

// The problems an action throws, as a tool prints them ("tt: error: ..."); "(nothing thrown)" without one.
std::string problems_of(const std::function<void()>& action);

// A site without limits: 8 GPUs a node, half an hour unless the sweep says otherwise.
site::Profile roomy_site();

// A TOML base of TorchTitan 0.2.2 with every degree 1 (no -1) and the tiny debug model.
inline constexpr const char* plain_base =
    "[model]\n"
    "name = \"llama3\"\n"
    "flavor = \"debugmodel\"\n"
    "[optimizer]\n"
    "lr = 3e-4\n"
    "[training]\n"
    "local_batch_size = 8\n"
    "seq_len = 2048\n"
    "steps = 10\n"
    "[parallelism]\n"
    "data_parallel_shard_degree = -1\n"
    "tensor_parallel_degree = 1\n";

// The plan of a sweep over `base` on roomy_site().
sweep::Plan plan_of(const std::string& yaml, const std::string& base = plain_base);
sweep::PlanInput input_of(const std::string& yaml, const std::string& base = plain_base);
// Only the part of a sweep file that matters; name, base, version and 8 GPUs are put before it.
std::string sweep_with(const std::string& yaml);

std::vector<std::string> names_of(const sweep::Plan& plan);
// "a.b=1 c.d=x" for each run.
std::vector<std::string> overrides_of(const sweep::Plan& plan);

}  // namespace tt::test
