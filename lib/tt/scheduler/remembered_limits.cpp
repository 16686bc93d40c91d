#include "tt/scheduler/remembered_limits.hpp"

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/value.hpp"

namespace tt::scheduler {
namespace {

constexpr const char* kSchema = "tt.limits/1";

std::optional<int> number_of(const Value& record, const std::string& key) {
  const Value* found = record.find(key);
  if (found == nullptr || !found->is_integer()) return std::nullopt;
  return static_cast<int>(found->as_integer());
}

Value to_value(const std::optional<int>& number) { return number ? Value(*number) : Value(); }

}  // namespace

Limits RememberedLimits::remembered() const {
  Limits limits;
  try {
    const auto text = read_file_if_there(file_);
    if (!text) return limits;
    const Value record = parse_json(*text, file_.string());
    if (record.text_or("schema") != kSchema) return limits;
    limits.max_array_tasks = number_of(record, "max_array_tasks");
    limits.max_submitted_tasks = number_of(record, "max_submitted_tasks");
    limits.as_of = parse_iso_time(record.text_or("as_of"));
  } catch (const Error&) {  // half written, or not ours: asked anew at the next submission
    return {};
  }
  return limits;
}

void RememberedLimits::remember(const Limits& limits, Instant now) const {
  make_folders(file_.parent_path());
  write_file(file_, to_json(Value::object()
                                .set("schema", kSchema)
                                .set("max_array_tasks", to_value(limits.max_array_tasks))
                                .set("max_submitted_tasks", to_value(limits.max_submitted_tasks))
                                .set("as_of", iso_time(now))) +
                        "\n");
}

}  // namespace tt::scheduler
