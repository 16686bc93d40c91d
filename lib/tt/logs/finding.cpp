#include "tt/logs/finding.hpp"

#include "tt/base/text.hpp"

namespace tt::logs {

namespace {

template <class T>
Value value_of(const std::optional<T>& v) {
  return v ? Value(*v) : Value();
}

// Evidence is shown and stored as JSON: other bytes than UTF-8 become \xNN.
std::string json_text(const std::string& text) { return is_utf8(text) ? text : printable(text, std::string::npos); }

template <class T>
std::optional<T> number_at(const Value& value, std::string_view key) {
  const Value& found = value.at(key);
  return found.is_integer() ? std::optional(static_cast<T>(found.as_integer())) : std::nullopt;
}

std::optional<std::string> text_at(const Value& value, std::string_view key) {
  const Value& found = value.at(key);
  return found.is_string() ? std::optional(found.as_string()) : std::nullopt;
}

Retry read_retry(std::string_view word) {
  for (const auto retry : {Retry::retry, Retry::retry_elsewhere, Retry::resume, Retry::no_retry, Retry::ask_user}) {
    if (to_string(retry) == word) return retry;
  }
  return Retry::none;
}

}  // namespace

std::string_view to_string(DiagnosisVerdict verdict) {
  switch (verdict) {
    case DiagnosisVerdict::ok:
      return "ok";
    case DiagnosisVerdict::failed:
      return "failed";
    case DiagnosisVerdict::unknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view to_string(Confidence confidence) {
  switch (confidence) {
    case Confidence::sure:
      return "sure";
    case Confidence::likely:
      return "likely";
    case Confidence::guess:
      return "guess";
  }
  return "guess";
}

Value to_value(const Diagnosis& d) {
  Value also = Value::array();
  for (const auto& note : d.also) {
    Value entry = Value::object();
    entry.set("cause", note.cause).set("line", value_of(note.line)).set("evidence", json_text(note.evidence));
    also.push(std::move(entry));
  }
  Value value = Value::object();
  value.set("verdict", to_string(d.verdict)).set("cause", value_of(d.cause)).set("tier", value_of(d.tier));
  value.set("confidence", to_string(d.confidence)).set("rank", value_of(d.rank)).set("node", value_of(d.node));
  value.set("local_rank", value_of(d.local_rank)).set("all_ranks", d.all_ranks).set("file", d.file);
  value.set("line", value_of(d.line)).set("evidence", json_text(d.evidence)).set("also", std::move(also));
  value.set("retry", to_string(d.retry)).set("remedy", d.remedy);
  return value;
}

Diagnosis read_diagnosis(const Value& value) {
  Diagnosis d;
  const auto verdict = value.text_or("verdict");
  if (verdict == "ok") d.verdict = DiagnosisVerdict::ok;
  if (verdict == "failed") d.verdict = DiagnosisVerdict::failed;
  d.cause = text_at(value, "cause");
  d.tier = number_at<int>(value, "tier");
  const auto confidence = value.text_or("confidence");
  if (confidence == "sure") d.confidence = Confidence::sure;
  if (confidence == "likely") d.confidence = Confidence::likely;
  d.rank = number_at<int>(value, "rank");
  d.node = text_at(value, "node");
  d.local_rank = number_at<int>(value, "local_rank");
  d.all_ranks = value.boolean_or("all_ranks");
  d.file = value.text_or("file");
  d.line = number_at<std::size_t>(value, "line");
  d.evidence = value.text_or("evidence");
  if (const Value& also = value.at("also"); also.is_list()) {
    for (const Value& note : also.as_list()) {
      d.also.push_back({note.text_or("cause"), number_at<std::size_t>(note, "line"), note.text_or("evidence")});
    }
  }
  d.retry = read_retry(value.text_or("retry"));
  d.remedy = value.text_or("remedy");
  return d;
}

}  // namespace tt::logs
