#include "tt/flow/estimate_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/config/document.hpp"
#include "tt/flow/idle_flags.hpp"
#include "tt/flow/inspect.hpp"
#include "tt/sweep/site_fabric.hpp"
#include "tt/titan/architecture_file.hpp"
#include "tt/titan/checkout_flavors.hpp"
#include "tt/titan/key_lookup.hpp"

namespace tt::flow {
namespace {

using titan::Era;
using titan::Knob;

Problem flag_problem(const std::string& message, const std::string& hint = "") {
  return Problem{Place{}, message, hint};
}

// Gathers what flags say as keys of an era.
class KeyWriter {
 public:
  KeyWriter(Era era, Problems& problems) : era_(era), problems_(problems) {}

  void set(Knob knob, const char* flag, const std::optional<std::int64_t>& number) {
    if (number) put(knob, flag, *number);
  }
  void set(Knob knob, const char* flag, const std::optional<std::string>& word) {
    if (word) put(knob, flag, *word);
  }
  void put(Knob knob, const char* flag, Value value) {
    const auto key = titan::key_of(era_, knob);
    if (!key) {
      problems_.add(Place{}, fmt::format("{} means nothing in TorchTitan {}", flag, titan::to_string(era_)),
                    "choose another --profile, or leave it out");
      return;
    }
    put_key(*key, std::move(value), flag);
  }
  // `said`: by which flag. What two flags say differently is nobody's wish.
  void put_key(const std::string& key, Value value, const std::string& said) {
    for (std::size_t i = 0; i < overrides_.size(); ++i) {
      if (overrides_[i].key != key) continue;
      if (overrides_[i].value != value)
        problems_.add(Place{},
                      fmt::format("{} says {} and {} says {}: they are the same setting ({})", said_by_[i],
                                  plain_text(overrides_[i].value), said, plain_text(value), key),
                      "leave one of them out");
      return;
    }
    overrides_.push_back({key, std::move(value)});
    said_by_.push_back(said);
  }
  void on_off(Knob knob, const char* flag, const std::optional<std::string>& word, bool reversed = false) {
    if (!word) return;
    if (*word == "on" || *word == "off")
      put(knob, flag, (*word == "on") != reversed);
    else
      problems_.add(Place{}, fmt::format("{} is on or off, got '{}'", flag, printable(*word)));
  }
  Overrides take() { return std::move(overrides_); }

 private:
  Era era_;
  Problems& problems_;
  Overrides overrides_;
  std::vector<std::string> said_by_;  // beside overrides_
};

void write_checkpointing(const std::optional<std::string>& mode, Era era, KeyWriter& keys, Problems& problems) {
  if (!mode) return;
  const bool selective = mode->starts_with("selective-");
  if (*mode == "none" || *mode == "full") return keys.put(Knob::ac_mode, "--ac", *mode);
  const std::string option = selective ? mode->substr(10) : "";
  const auto every = to_integer(option);
  if (!selective || (option != "op" && (!every || *every < 1))) {
    problems.add(Place{}, fmt::format("--ac is none, full, selective-op or selective-N, got '{}'", printable(*mode)));
    return;
  }
  keys.put(Knob::ac_mode, "--ac", "selective");
  if (titan::has_toml(era)) return keys.put(Knob::ac_option, "--ac", option);
  if (every)
    problems.add(Place{},
                 fmt::format("--ac {}: TorchTitan {} checkpoints all blocks or operations, no every {}-th block", *mode,
                             titan::to_string(era), *every));
}

void write_sets(const std::vector<std::string>& sets, Era era, KeyWriter& keys, Problems& problems) {
  for (const std::string& set : sets) {
    const auto equals = set.find('=');
    if (equals == std::string::npos || equals == 0) {
      problems.add(Place{}, fmt::format("--set '{}' is no section.key=value", printable(set)));
      continue;
    }
    const std::string key = set.substr(0, equals), text = set.substr(equals + 1);
    const titan::KeyInfo* info = titan::find_key(era, key);
    if (info == nullptr) {
      problems.add(Place{},
                   fmt::format("--set {}: TorchTitan {} has no such key", printable(key), titan::to_string(era)),
                   titan::advice_for_unknown_key(era, key));
      continue;
    }
    const Value value = titan::value_of_cell(info->type, text);
    if (const auto wrong = titan::misfit(*info, value, Apply::flags))
      problems.add(Place{}, fmt::format("--set {}", key) + " " + *wrong);
    else
      keys.put_key(key, titan::fitted(*info, value), "--set");
  }
}

Overrides keys_of_flags(const ShapeFlags& flags, Era era, Problems& problems) {
  KeyWriter keys(era, problems);
  keys.set(Knob::tensor_parallel, "--tp", flags.tp);
  keys.set(Knob::context_parallel, "--cp", flags.cp);
  keys.set(Knob::pipeline_parallel, "--pp", flags.pp);
  keys.set(Knob::expert_parallel, "--ep", flags.ep);
  if (flags.etp && (titan::has_toml(era) || *flags.etp != 1))
    keys.set(Knob::expert_tensor_parallel, "--etp", flags.etp);
  keys.set(Knob::data_parallel_shard, "--dp-shard", flags.dp_shard);
  keys.set(Knob::data_parallel_replicate, "--dp-replicate", flags.dp_replicate);
  keys.set(Knob::seq_len, "--seq-len", flags.seq_len);
  keys.set(Knob::local_batch_size, "--local-batch-size", flags.local_batch_size);
  keys.set(Knob::pipeline_microbatch_size, "--pp-microbatch-size", flags.pp_microbatch_size);
  keys.set(Knob::pipeline_schedule, "--pp-schedule", flags.pp_schedule);
  keys.set(Knob::loss_chunks, "--loss-chunks", flags.loss_chunks);
  keys.set(Knob::spmd_backend, "--spmd-backend", flags.spmd_backend);
  keys.set(Knob::training_dtype, "--train-dtype", flags.train_dtype);
  keys.set(Knob::reshard_after_forward, "--reshard", flags.reshard);
  if (flags.early_stop && (titan::has_toml(era) || *flags.early_stop != "off"))
    keys.on_off(Knob::ac_early_stop, "--early-stop", flags.early_stop);
  keys.on_off(Knob::compile_enable, "--compile", flags.compile);
  if (flags.loss_parallel && (titan::has_toml(era) || *flags.loss_parallel != "on"))
    keys.on_off(Knob::disable_loss_parallel, "--loss-parallel", flags.loss_parallel, true);
  write_checkpointing(flags.ac, era, keys, problems);
  write_sets(flags.sets, era, keys, problems);
  const std::pair<const std::optional<std::string>&, std::vector<std::string>> words[] = {
      {flags.reshard, {"default", "always", "never"}},
      {flags.train_dtype, {"float32", "bfloat16"}},
      {flags.spmd_backend, {"spmd_types", "partial_dtensor", "full_dtensor"}}};
  const char* names[] = {"--reshard", "--train-dtype", "--spmd-backend"};
  for (std::size_t i = 0; i < std::size(words); ++i) {
    const auto& [word, allowed] = words[i];
    if (word && std::find(allowed.begin(), allowed.end(), *word) == allowed.end())
      problems.add(Place{}, fmt::format("{} is {}, got '{}'", names[i], join(allowed, ", "), printable(*word)));
  }
  return keys.take();
}

std::optional<comm::Step::ContextMethod> context_method(const std::optional<std::string>& word, comm::Profile profile,
                                                        Problems& problems) {
  using Method = comm::Step::ContextMethod;
  if (!word) return std::nullopt;
  if (*word != "ring-allgather" && *word != "ring-alltoall" && *word != "allgather-kv") {
    problems.add(Place{}, fmt::format("--cp-method is ring-allgather, ring-alltoall or allgather-kv, got '{}'",
                                      printable(*word)));
    return std::nullopt;
  }
  const Method method = *word == "ring-allgather"  ? Method::ring_all_gather
                        : *word == "ring-alltoall" ? Method::ring_all_to_all
                                                   : Method::all_gather_kv;
  if ((profile == comm::Profile::titan_0_3 && method != Method::all_gather_kv) ||
      (profile == comm::Profile::titan_0_2_2 && method == Method::ring_all_to_all) ||
      (profile == comm::Profile::titan_0_2_1 && method == Method::all_gather_kv))
    problems.add(Place{}, fmt::format("--cp-method {} does not exist in profile {}", *word, to_string(profile)));
  return method;
}

// Where the sizes come from and what the base says.
struct Origin {
  Era era = Era::v0_3_0;
  titan::BaseLookup base;
  Overrides overrides;
  titan::Architectures architectures;
  std::optional<std::int64_t> gpus;
  std::optional<fs::path> config, architecture_file;
};

titan::BaseLookup lookup_of(config::Document document) {
  return [document = std::move(document)](std::string_view key) { return document.find(key); };
}

titan::Architectures architectures_of(const RunRecord& record, Era era) {
  titan::Architectures known;
  // A checkout that trained it may define its model otherwise.
  if (!record.launch.script.empty() && is_there(record.launch.folder))
    titan::add_flavors(titan::load_checkout_flavors(record.launch.folder), era, known);
  return known;
}

// The sizes a sweep's `architecture:` gave, whatever TorchTitan calls the model.
void describe_as_the_sweep_did(const RunFolder& folder, Origin& origin) {
  const std::string file = folder.record().string();
  const Value json = parse_json(read_file(file), file);
  const Value& described = json.at("architecture");
  if (!described.is_table()) return;
  titan::Architecture own = titan::read_architecture(std::make_shared<const SourceText>(file, to_json(described)), "");
  own.flavor = titan::shape_of(titan::Settings(origin.era, origin.base, origin.overrides), 1).flavor;
  origin.architectures.add(own);
}

Origin origin_of_run(const RunFolder& folder, const RunRecord& record) {
  const auto era = titan::parse_era(record.torchtitan.era);
  if (!era) throw Error(fmt::format("{}: nobody knows which TorchTitan it is for", folder.path().string()));
  Origin origin{*era,
                lookup_of(config::Document::load(folder.config().string())),
                record.overrides,
                architectures_of(record, *era),
                record.resources.gpus,
                folder.config(),
                std::nullopt};
  describe_as_the_sweep_did(folder, origin);
  return origin;
}

Origin origin_of(const ShapeFlags& flags, const std::optional<comm::Profile>& profile, const Surroundings& around) {
  if (flags.target.empty()) return {profile ? comm::era_of(*profile) : Era::v0_3_0, {}, {}, {}, {}, {}, {}};
  const fs::path path = absolute_path(flags.target, around.here);
  if (fs::is_regular_file(path)) {
    const config::Document document = config::Document::load(path.string());
    const Era era = titan::recognise(document.keys(), flags.target).era;
    return {era, lookup_of(document), {}, {}, {}, path, {}};
  }
  if (flags.target.ends_with(".toml"))
    throw BadInput(Problem{whole_file(flags.target), "there is no such file",
                           "name a TorchTitan config, a run folder or a run of this workspace"});
  const RunFolder folder = find_run(around, flags.target);
  const auto record = folder.load_record();
  if (!record) throw Error(fmt::format("{} holds no run.json", folder.path().string()));
  return origin_of_run(folder, *record);
}

titan::Architecture named_architecture(const std::string& word, Origin& origin, const Surroundings& around) {
  if (const titan::Architecture* found = origin.architectures.find_named(origin.era, lower(word))) return *found;
  const fs::path path = absolute_path(word, around.here);
  if (is_there(path)) {
    origin.architecture_file = path;
    return titan::load_architecture(path);
  }
  const auto names = origin.architectures.names(origin.era);
  const auto near = nearest(lower(word), names);
  throw BadInput(
      flag_problem(fmt::format("--arch '{}' is neither an architecture of TorchTitan {} nor a file", printable(word),
                               titan::to_string(origin.era)),
                   near ? fmt::format("did you mean '{}'?", *near) : fmt::format("there are {}", join(names, ", "))));
}

// What keys cannot say.
void apply_choices(const ShapeFlags& flags, titan::TrainingShape& shape, Problems& problems) {
  if (flags.grad_accum) {
    if (*flags.grad_accum < 1)
      problems.add(Place{}, fmt::format("--grad-accum is {}, it must be 1 or more", *flags.grad_accum));
    shape.accumulation_steps = *flags.grad_accum;
  }
  if (flags.stages_per_rank) {
    if (*flags.stages_per_rank < 1)
      problems.add(Place{}, fmt::format("--stages-per-rank is {}, it must be 1 or more", *flags.stages_per_rank));
    else if (shape.pp > 1)
      shape.stages = shape.pp * *flags.stages_per_rank;
  }
}

std::int64_t world_of(const titan::Settings& settings, const std::optional<std::int64_t>& gpus, Problems& problems) {
  if (gpus) {
    if (*gpus < 1) problems.add(Place{}, fmt::format("--gpus is {}, it must be 1 or more", *gpus));
    return *gpus;
  }
  if (const auto degrees = titan::gpus_from_degrees(settings)) return *degrees;
  const titan::TrainingShape shape = titan::shape_of(settings, 1);
  if (shape.dp_shard_automatic)
    problems.add(Place{}, "the number of GPUs is not known: data_parallel_shard_degree is -1, what the others leave",
                 "say --gpus N or --dp-shard D");
  return 1;
}

std::optional<comm::Profile> profile_named(const ShapeFlags& flags) {
  if (!flags.profile) return std::nullopt;
  if (const auto profile = comm::parse_profile(*flags.profile)) return profile;
  throw BadInput(flag_problem(
      fmt::format("--profile is titan-0.2.1, titan-0.2.2 or titan-0.3, got '{}'", printable(*flags.profile))));
}

Origin origin_with_flags(const ShapeFlags& flags, const std::optional<comm::Profile>& profile,
                         const Surroundings& around, Problems& problems) {
  Origin origin = origin_of(flags, profile, around);
  const bool has_base = static_cast<bool>(origin.base);
  if (!has_base && !flags.architecture)
    throw BadInput(flag_problem("no model: a config, a run folder or --arch says which",
                                "tt-comm estimate --arch llama3_8b --tp 8"));
  for (Assignment& one : keys_of_flags(flags, origin.era, problems)) origin.overrides.push_back(std::move(one));
  if (!has_base && !flags.dp_shard && !flags.gpus)
    origin.overrides.push_back({*titan::key_of(origin.era, Knob::data_parallel_shard), 1});
  if (flags.architecture) {
    titan::Architecture own = named_architecture(*flags.architecture, origin, around);
    origin.architectures.add(own);
    if (titan::has_toml(origin.era)) origin.overrides.push_back({"model.name", own.family});
    origin.overrides.push_back({*titan::key_of(origin.era, Knob::model_flavor), own.flavor});
    if (!titan::has_toml(origin.era))
      origin.base = [base = origin.base, family = own.family](std::string_view key) -> std::optional<Value> {
        if (key == "module") return family;
        return base ? base(key) : std::nullopt;
      };
  }
  return origin;
}

// One GPU that does one sequence: a layout that is legal whatever the others are.
Overrides no_layout(Era era) {
  Overrides keys;
  for (const Knob knob :
       {Knob::data_parallel_replicate, Knob::data_parallel_shard, Knob::context_parallel, Knob::tensor_parallel,
        Knob::pipeline_parallel, Knob::expert_parallel, Knob::expert_tensor_parallel, Knob::local_batch_size})
    if (const auto key = titan::key_of(era, knob)) keys.push_back({*key, 1});
  if (const auto key = titan::key_of(era, Knob::global_batch_size)) keys.push_back({*key, -1});
  return keys;
}

EstimateInput finish(const Origin& origin, const ShapeFlags& flags, const std::optional<comm::Profile>& profile,
                     Problems& problems) {
  EstimateInput input;
  input.profile = profile.value_or(comm::profile_of(origin.era));
  input.choices.context = context_method(flags.cp_method, input.profile, problems);
  input.choices.expert_imbalance = flags.imbalance;
  if (!(flags.imbalance >= 1.0 && flags.imbalance <= 1e6))
    problems.add(Place{}, fmt::format("--imbalance is {}, it must be 1 (balanced) or more", flags.imbalance));
  const titan::Settings settings(origin.era, origin.base, origin.overrides);
  const std::int64_t world = world_of(settings, flags.gpus ? flags.gpus : origin.gpus, problems);
  problems.throw_if_any();
  input.shape = titan::shape_of(settings, world, origin.architectures);
  apply_choices(flags, input.shape, problems);
  if (const auto* found = origin.architectures.find(origin.era, input.shape.model, input.shape.flavor))
    input.architecture = *found;
  judge_idle_flags(flags, input, problems);
  for (const titan::Refusal& refusal : titan::refusals(settings, world, origin.architectures)) {
    const bool by_flag = flags.stages_per_rank && refusal.rule.find("stages") != std::string::npos;
    if (is_about_the_shape(refusal.rule) && !by_flag)
      problems.add(Place{}, fmt::format("{}: {}", refusal.rule, refusal.reason));
    else
      input.warnings.push_back(fmt::format("TorchTitan would refuse this run ({}): {}", refusal.rule, refusal.reason));
  }
  problems.throw_if_any();
  return input;
}

}  // namespace

bool is_about_the_shape(const std::string& rule) {
  constexpr auto others = std::to_array<std::string_view>(
      {"cuda-graphs-with-pp", "cuda-graphs-with-ep", "seq-len-positions", "cp-blocks", "cp-support", "cp-attention",
       "deepep-needs-ep", "converter-name", "steps-positive", "log-freq-positive", "keep-two-checkpoints",
       "seed-checkpoint-one-gpu", "profile-window", "validation-steps", "memory-budget-needs-compile",
       "async-tp-needs-compile"});
  return std::find(others.begin(), others.end(), rule) == others.end();
}

EstimateInput make_estimate_input(const ShapeFlags& flags, const Surroundings& around) {
  Problems problems;
  const auto profile = profile_named(flags);
  EstimateInput input = finish(origin_with_flags(flags, profile, around, problems), flags, profile, problems);
  if (flags.profile == "titan-main")
    input.warnings.push_back("titan-main is taken as titan-0.3, the newest profile that was measured");
  return input;
}

ModelInput make_model_input(const ShapeFlags& flags, const Surroundings& around) {
  Problems problems;
  const auto profile = profile_named(flags);
  Origin origin = origin_with_flags(flags, profile, around, problems);
  problems.throw_if_any();
  ModelInput model;
  model.ground = {origin.era,   origin.base, origin.overrides, origin.architectures, origin.architecture_file,
                  origin.config};
  for (Assignment& one : no_layout(origin.era)) origin.overrides.push_back(std::move(one));
  origin.gpus = 1;
  ShapeFlags others = flags;
  others.gpus.reset();
  model.input = finish(origin, others, profile, problems);
  if (flags.profile == "titan-main")
    model.input.warnings.push_back("titan-main is taken as titan-0.3, the newest profile that was measured");
  return model;
}

EstimateInput estimate_input_of(const RunFolder& folder, const RunRecord& record) {
  const Origin origin = origin_of_run(folder, record);
  EstimateInput input;
  input.profile = comm::profile_of(origin.era);
  const titan::Settings settings(origin.era, origin.base, origin.overrides);
  input.shape = titan::shape_of(settings, record.resources.gpus, origin.architectures);
  if (const auto* found = origin.architectures.find(origin.era, input.shape.model, input.shape.flavor))
    input.architecture = *found;
  return input;
}

comm::Fabric fabric_named(const std::string& name) {
  if (auto known = comm::find_hardware(lower(name))) return *known;
  try {
    const site::Profile profile = site::load_profile(name);
    if (auto fabric = sweep::fabric_of(profile)) return *fabric;
    throw BadInput(flag_problem(fmt::format("the site '{}' names no hardware", printable(name)),
                                "its profile needs 'hardware', or a GPU the table knows"));
  } catch (const BadInput&) {
    throw;
  } catch (const Error&) {
    throw BadInput(flag_problem(fmt::format("--hardware '{}' is neither one of {} nor a site", printable(name),
                                            join(comm::hardware_names(), ", "))));
  }
}

}  // namespace tt::flow
