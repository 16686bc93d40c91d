// How many estimates a core makes in a second: totals of a dense model from a training's shape, and what a plan asks
// for.
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "tt/comm/advise.hpp"
#include "tt/comm/step_time.hpp"
#include "tt/titan/architecture.hpp"

namespace {

using namespace tt;
// Of this process: other people's work on the machine does not count.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

titan::TrainingShape shape_of(std::int64_t i) {
  titan::TrainingShape shape;
  shape.seq_len = 8192;
  shape.local_batch_size = shape.microbatch_size = 1 + i % 8;
  shape.tp = std::int64_t{1} << (i % 4);
  shape.dp_shard = std::int64_t{1} << (i % 7);
  shape.dp_replicate = 1 + i % 2;
  shape.checkpointing = titan::Checkpointing::full;
  return shape;
}

template <class Once>
double per_second(std::int64_t count, Once&& once) {
  const double start = cpu_seconds();
  for (std::int64_t i = 0; i < count; ++i) once(i);
  return static_cast<double>(count) / (cpu_seconds() - start);
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t count = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  const auto model = titan::find_architecture(titan::Era::v0_2_2, "llama3", "8B").value();
  const comm::ModelSizes sizes = comm::sizes_of(model);
  const comm::Work work = comm::work_of(model, comm::Profile::titan_0_2_2).value();
  comm::Fabric fabric = comm::find_hardware("h100").value();

  std::int64_t sink = 0;
  const double totals = per_second(count, [&](std::int64_t i) {
    const comm::Step step = comm::make_step(shape_of(i), sizes, comm::Profile::titan_0_2_2);
    sink += comm::totals_of(step).all().wire;
  });
  const double figures = per_second(count, [&](std::int64_t i) {
    const comm::Step step = comm::make_step(shape_of(i), sizes, comm::Profile::titan_0_2_2);
    sink += comm::figures_of(step, work, &fabric, 8).wire_bytes;
  });
  comm::AdviceRequest request;
  request.architecture = model;
  request.profile = comm::Profile::titan_0_3;
  request.fabric = fabric;
  request.gpus = 1024;
  request.seq_len = 8192;
  request.global_batch = 2048;
  const double start = cpu_seconds();
  const comm::Advice advice = comm::advise(request);
  const double advising = (cpu_seconds() - start);
  std::printf("totals only, dense:          %12.0f a second\n", totals);
  std::printf("totals, memory, step time:   %12.0f a second\n", figures);
  std::printf("advise, 1,024 GPUs:          %12.3f s for %lld layouts\n", advising,
              static_cast<long long>(advice.considered));
  return sink == 0 ? 1 : 0;
}
