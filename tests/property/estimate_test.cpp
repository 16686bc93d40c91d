// What must hold of every estimate, over random layouts; the seed of a failure is printed.
#include <gtest/gtest.h>

#include <random>

#include "support/comm.hpp"
#include "tt/comm/memory.hpp"
#include "tt/comm/step_time.hpp"

namespace tt::comm {
namespace {

using test::Moved;

struct Random {
  explicit Random(std::uint32_t seed) : engine(seed) {}
  std::int64_t one_of(std::initializer_list<std::int64_t> values) {
    std::uniform_int_distribution<std::size_t> pick(0, values.size() - 1);
    return *(values.begin() + pick(engine));
  }
  bool coin() { return one_of({0, 1}) == 1; }
  std::mt19937 engine;
};

struct Sample {
  titan::TrainingShape shape;
  titan::Architecture model;
  Profile profile = Profile::titan_0_3;
};

Sample sample(std::uint32_t seed) {
  Random random(seed);
  Sample made;
  made.profile = static_cast<Profile>(random.one_of({0, 1, 2}));
  made.model = test::dense(64 * random.one_of({1, 3}), random.one_of({2, 5, 8}), 8, random.one_of({4, 8}), 16, 128,
                           random.one_of({248, 512}));
  made.model.qk_norm = random.coin();
  const bool experts = random.coin();
  if (experts) made.model.experts = titan::Experts{8, random.one_of({0, 1}), 2, 64, random.one_of({0, 1}), 1, false};
  titan::TrainingShape& on = made.shape;
  on = test::shape(512, random.one_of({1, 2, 4}) * 4);
  on.tp = random.one_of({1, 2, 4});
  on.cp = random.one_of({1, 2});
  on.dp_shard = random.one_of({1, 2, 3, 4});
  on.dp_replicate = random.one_of({1, 2});
  if (experts && (on.dp_shard * on.cp * on.tp) % 2 == 0) on.ep = random.one_of({1, 2});
  on.accumulation_steps = random.one_of({1, 2, 3});
  on.checkpointing = static_cast<titan::Checkpointing>(random.one_of({0, 1, 2, 3}));
  on.checkpoint_every = random.one_of({1, 2});
  on.compiled_model = random.coin();
  on.loss_parallel = random.coin();
  on.reshard = static_cast<titan::Reshard>(random.one_of({0, 1, 2}));
  if (random.coin()) test::pipeline(on, 2);
  return made;
}

Step step_of(const Sample& one) { return test::step(one.profile, one.shape, one.model); }

TEST(EstimateProperties, TotalsAreTheSumOfRows) {
  for (std::uint32_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(seed);
    const Step step = step_of(sample(seed));
    for (std::int64_t rank = 0; rank < step.p; ++rank) {
      const Totals totals = totals_of(step, rank);
      const Moved moved(step, rank);
      Sum all;
      for (std::size_t i = 0; i < dims; ++i) {
        const Dim dim = static_cast<Dim>(i);
        EXPECT_EQ(totals.of(dim).calls, moved.sum(dim).calls);
        EXPECT_EQ(totals.of(dim).logical, moved.sum(dim).logical);
        all += totals.of(dim);
      }
      EXPECT_EQ(all, totals.all());
    }
  }
}

TEST(EstimateProperties, WireFollowsLogicalByTheFactorsOfTheRing) {
  for (std::uint32_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(seed);
    const Step step = step_of(sample(seed));
    const Moved moved(step);
    for (const Row& row : moved.rows()) {
      const auto n = static_cast<long double>(row.group), bytes = static_cast<long double>(row.logical_total());
      long double factor = (n - 1) / n;
      if (row.op == Op::all_reduce) factor = 2 * (n - 1) / n;
      if (row.op == Op::send || row.op == Op::permute) factor = 1;
      if (row.op == Op::recv) factor = 0;
      EXPECT_NEAR(static_cast<double>(bytes * factor), static_cast<double>(row.wire_total()), 1.0);
      EXPECT_GT(row.group, 1);
      EXPECT_GT(row.calls, 0);
      EXPECT_GT(row.logical, 0);
    }
  }
}

TEST(EstimateProperties, OneTensorParallelRankMovesNothingForIt) {
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    Sample one = sample(seed);
    one.shape.tp = 1;
    one.shape.ep = 1;
    EXPECT_EQ(totals_of(step_of(one)).of(Dim::tp), Sum{});
  }
}

TEST(EstimateProperties, TwiceTheBatchIsTwiceTheActivation) {
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    Sample one = sample(seed);
    if (one.shape.pp > 1) continue;
    const std::int64_t T = step_of(one).T();
    one.shape.local_batch_size *= 2;
    one.shape.microbatch_size *= 2;
    EXPECT_EQ(step_of(one).T(), 2 * T);
  }
}

TEST(EstimateProperties, EveryLayerOfTheModelIsOnOneRank) {
  for (std::uint32_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(seed);
    const Sample one = sample(seed);
    const Step step = step_of(one);
    std::int64_t layers = 0, experts = 0, first = 0, last = 0;
    for (std::int64_t rank = 0; rank < step.p; ++rank) {
      const RankLayers held = layers_of_rank(step, rank);
      layers += held.layers;
      experts += held.expert_layers;
      first += held.has_first ? 1 : 0;
      last += held.has_last ? 1 : 0;
    }
    EXPECT_EQ(layers, step.model.layers);
    EXPECT_EQ(experts, step.model.expert_layers(0, step.model.layers));
    EXPECT_EQ(first, 1);
    EXPECT_EQ(last, 1);
  }
}

TEST(EstimateProperties, WhatIsSentIsReceived) {
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    const Step step = step_of(sample(seed));
    Sum sent, received;
    for (std::int64_t rank = 0; rank < step.p; ++rank) {
      sent += Moved(step, rank).sum(Dim::pp, Op::send);
      received += Moved(step, rank).sum(Dim::pp, Op::recv);
    }
    EXPECT_EQ(sent.calls, received.calls);
    EXPECT_EQ(sent.logical, received.logical);
    EXPECT_EQ(received.wire, 0);
  }
}

TEST(EstimateProperties, TheLargestTrainingDoesNotOverflow) {
  titan::TrainingShape on = test::shape(std::int64_t{1} << 20, 64);
  on.tp = 8;
  on.cp = 16;
  on.dp_shard = 8;
  on.accumulation_steps = 64;
  on.checkpointing = titan::Checkpointing::full;
  test::pipeline(on, 4);  // 8 * 16 * 8 * 4 = 4,096 GPUs
  for (const Profile profile : {Profile::titan_0_2_1, Profile::titan_0_2_2, Profile::titan_0_3}) {
    const Step step = test::step(profile, on, test::llama3_405b());
    for (std::int64_t rank = 0; rank < step.p; ++rank) {
      const Moved moved(step, rank);
      long double exact = 0;
      for (const Row& row : moved.rows()) {
        EXPECT_GT(row.logical_total(), 0);
        EXPECT_GE(row.wire_total(), 0);
        exact += static_cast<long double>(row.calls) * static_cast<long double>(row.logical);
      }
      const Sum all = totals_of(step, rank).all();
      EXPECT_NEAR(static_cast<double>(all.logical) / static_cast<double>(exact), 1, 1e-12);
      EXPECT_GT(memory_of(step, moved.held()).peak(), 0);
    }
  }
}

TEST(EstimateProperties, TheExtremesOfADenseModelAreAtTheEndsAndTheSecondRank) {
  const Fabric fabric = find_hardware("h100").value();
  for (const std::int64_t layers : {16, 17, 29, 30, 31, 32, 41}) {
    for (const bool looped : {false, true}) {
      SCOPED_TRACE(layers);
      titan::TrainingShape on = test::shape(512, 16);
      on.tp = on.dp_shard = 2;
      test::pipeline(on, 8);
      if (looped) {
        on.schedule = titan::ScheduleKind::interleaved;
        on.stages = 16;
      }
      const titan::Architecture model = test::dense(64, layers, 8, 4, 16, 128, 512);
      const Step step = test::step(Profile::titan_0_2_2, on, model);
      const Figures figures = figures_of(step, work_of(model, step.profile).value(), &fabric, 8);
      std::int64_t wire = 0, peak = 0;
      for (std::int64_t rank = 0; rank < step.p; ++rank) {
        wire = std::max(wire, totals_of(step, rank).all().wire);
        peak = std::max(peak, memory_of(step, layers_of_rank(step, rank)).peak());
      }
      EXPECT_EQ(figures.wire_bytes, wire);
      EXPECT_EQ(figures.memory.peak(), peak);
    }
  }
}

}  // namespace
}  // namespace tt::comm
