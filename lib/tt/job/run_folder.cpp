#include "tt/job/run_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace tt {
namespace {

// n of "claim-<n>" or "attempt-<n>"; 0 for any other name.
int attempt_number(const std::string& name) {
  for (const std::string_view prefix : {"claim-", "attempt-"}) {
    if (!name.starts_with(prefix)) continue;
    const std::int64_t number = to_integer(std::string_view(name).substr(prefix.size())).value_or(0);
    return number <= std::numeric_limits<int>::max() ? static_cast<int>(number) : 0;
  }
  return 0;
}

// nullopt when there is no such file or it is no such record: a record half written counts as none.
std::optional<Value> load_json_of_schema(const fs::path& path, const std::string& schema) {
  const auto text = read_file_if_there(path);
  if (!text) return std::nullopt;
  try {
    Value json = parse_json(*text, path.string());
    if (json.text_or("schema") == schema) return json;
  } catch (const Error&) {
  }
  return std::nullopt;
}

}  // namespace

fs::path RunFolder::claim(int attempt) const { return path() / fmt::format("claim-{}", attempt); }
fs::path RunFolder::attempt(int attempt) const { return path() / fmt::format("attempt-{}", attempt); }

int RunFolder::last_attempt() const {
  int last = 0;
  for (const std::string& name : list_folder(path_)) last = std::max(last, attempt_number(name));
  return last;
}

bool RunFolder::is_committed() const { return is_there(record()); }

std::optional<RunRecord> RunFolder::load_record() const {
  const auto text = read_file_if_there(record());
  if (!text) return std::nullopt;
  return read_run_record(*text, record().string());
}

bool ExitRecord::all_zero() const {
  return !nodes.empty() &&
         std::all_of(nodes.begin(), nodes.end(), [](const NodeExit& node) { return node.status == 0; });
}

std::optional<ExitRecord> load_exit_record(const fs::path& path) {
  const auto json = load_json_of_schema(path, "tt.exit/1");
  if (!json) return std::nullopt;
  ExitRecord record;
  record.run = json->text_or("run");
  record.token = json->text_or("token");
  record.attempt = static_cast<int>(json->integer_or("attempt"));
  record.restart_count = static_cast<int>(json->integer_or("restart_count"));
  record.started = json->text_or("started");
  record.ended = json->text_or("ended");
  record.job = json->text_or("job");
  if (const Value& by = json->at("ended_by"); by.is_string()) record.ended_by = by.as_string();
  if (const Value& nodes = json->at("nodes"); nodes.is_list()) {
    for (const Value& node : nodes.as_list()) {
      NodeExit exit;
      exit.name = node.text_or("name");
      if (const Value& status = node.at("status"); status.is_integer())
        exit.status = static_cast<int>(status.as_integer());
      if (const Value& signal = node.at("signal"); signal.is_string()) exit.signal = signal.as_string();
      record.nodes.push_back(std::move(exit));
    }
  }
  return record;
}

std::optional<ClaimRecord> load_claim(const fs::path& path) {
  const auto json = load_json_of_schema(path, "tt.claim/1");
  if (!json) return std::nullopt;
  return ClaimRecord{json->text_or("run"),   static_cast<int>(json->integer_or("attempt")),
                     json->text_or("token"), static_cast<int>(json->integer_or("index")),
                     json->text_or("job"),   json->text_or("host"),
                     json->text_or("nonce"), json->boolean_or("revoked")};
}

std::optional<ClaimRecord> claim_of(const RunFolder& folder, const AttemptKey& attempt) {
  auto claim = load_claim(folder.claim(attempt.attempt));
  return claim && claim->run == attempt.run.text ? claim : std::nullopt;
}

std::string claim_text(const ClaimRecord& claim) {
  return to_json(Value::object()
                     .set("schema", "tt.claim/1")
                     .set("run", claim.run)
                     .set("attempt", claim.attempt)
                     .set("token", claim.token)
                     .set("index", claim.index)
                     .set("job", claim.job)
                     .set("host", claim.host)
                     .set("nonce", claim.nonce)
                     .set("revoked", claim.revoked)) +
         "\n";
}

ClaimRecord revoke_claim(const RunFolder& folder, const ClaimRecord& ours) {
  const fs::path name = folder.claim(ours.attempt);
  const fs::path own = folder.path() / unique_name("claim");
  ClaimRecord revoked = ours;
  revoked.revoked = true;
  write_new_file(own, claim_text(revoked));
  link_file(own, name);  // whatever it answers, the claim that stands decides
  remove_tree(own);
  // A claim that is there but cannot be read was made by somebody who is not us.
  return load_claim(name).value_or(ClaimRecord{});
}

}  // namespace tt
