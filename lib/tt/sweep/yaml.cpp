#include "tt/sweep/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <unordered_map>

#include "tt/base/text.hpp"
#include "tt/sweep/scalar.hpp"

namespace tt::sweep {
namespace {

constexpr std::size_t largest_document = 4 << 20;
constexpr std::size_t largest_scalar = 64 << 10;
constexpr std::size_t deepest_nesting = 64;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// ---- before parsing: what yaml-cpp would swallow or blame on the wrong place ------------------------------------

void check_bytes(const SourceRef& source, Problems& problems) {
  const std::string& text = source->text();
  if (text.size() > largest_document) {
    problems.add(whole_file(source->name()), fmt::format("this file has {} bytes; a sweep file has at most 4 MiB",
                                                         with_thousands(static_cast<std::int64_t>(text.size()))));
    return;
  }
  if (const auto bad = first_bad_utf8(text)) {
    problems.add(place_at(source, *bad), "this is not UTF-8", "save the file as UTF-8");
    return;
  }
  if (const auto zero = text.find('\0'); zero != std::string::npos) {
    problems.add(place_at(source, zero), "a NUL character stands here");
  }
  for (std::size_t at = text.find('\r'); at != std::string::npos; at = text.find('\r', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] == '\n') continue;
    problems.add(place_at(source, at), "a carriage return without a line feed stands here",
                 "save the file with Unix or Windows line ends");
    return;
  }
}

void check_tabs(const SourceRef& source, Problems& problems) {
  for (std::size_t number = 1; number <= source->line_count(); ++number) {
    const std::string_view line = source->line(number);
    const std::size_t indent = std::min(line.find_first_not_of(" \t\r"), line.size());
    const std::size_t tab = line.substr(0, indent).find('\t');
    if (tab == std::string_view::npos || indent == line.size() || line[indent] == '#') continue;
    problems.add(place_at(source, source->offset_of_byte_column(number, tab + 1)), "this line is indented with a tab",
                 "YAML is indented with spaces");
  }
}

// ---- where a scalar ends (yaml-cpp only says where it begins) ----------------------------------------------------

// Length of a quoted scalar with its quotes; npos when it is never closed.
std::size_t quoted_length(std::string_view text) {
  const char quote = text[0];
  for (std::size_t at = 1; at < text.size(); ++at) {
    const bool escape = quote == '"' && text[at] == '\\';
    const bool doubled = quote == '\'' && text[at] == quote && at + 1 < text.size() && text[at + 1] == quote;
    if (escape || doubled)
      ++at;
    else if (text[at] == quote)
      return at + 1;
  }
  return std::string_view::npos;
}

std::size_t plain_length(std::string_view text, std::string_view spelled) {
  if (!spelled.empty() && text.starts_with(spelled)) return spelled.size();
  return std::max<std::size_t>(1, trim(text.substr(0, text.find_first_of("\r\n"))).size());
}

// ---- the events of yaml-cpp as nodes -----------------------------------------------------------------------------

struct TooDeep {
  Place place;
};

class Builder final : public YAML::EventHandler {
 public:
  Builder(SourceRef source, Problems& problems)
      : source_(std::move(source)), text_(source_->text()), problems_(problems) {
    if (text_.starts_with(byte_order_mark)) shift_ = byte_order_mark.size();
  }

  Node root() { return std::move(root_); }
  const Place* innermost_open() const { return open_.empty() ? nullptr : &open_.back().node.place; }
  bool innermost_is_flow() const {
    return !open_.empty() && (open_.back().first_byte == '[' || open_.back().first_byte == '{');
  }
  Place place(const YAML::Mark& mark, std::size_t length = 1) const { return place_at(source_, offset(mark), length); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) {
      problems_.add(place(mark, line_length(mark)), "a second document begins here",
                    "a sweep file is one YAML document: one map of keys, without '---' inside");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    Node node;
    node.place = place(mark);
    const Scalar word = read_plain_scalar(plain_word(mark));
    if (word.value.is_null() && word.trouble.empty()) {
      node.spelled = plain_word(mark);
      node.place = place(mark, std::max<std::size_t>(1, node.spelled.size()));
    }
    put(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse_alias(mark);
    Node node;
    node.place = place(mark);
    put(std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    put(scalar(mark, tag, value));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }
  void OnAnchor(const YAML::Mark&, const std::string&) override {}

  void refuse_alias(const YAML::Mark& mark) {
    problems_.add(place(mark, plain_word(mark).size()), "an alias (*name) stands here",
                  "anchors and aliases are not read: write the value out, or quote a text that begins with '*'");
  }

 private:
  struct Open {
    Node node;
    char first_byte = 0;
    bool has_key = false;
    std::string key;
    Place key_place;
    std::unordered_map<std::string, Place> seen;
  };

  std::size_t offset(const YAML::Mark& mark) const {
    return std::min(text_.size(), mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos) + shift_);
  }
  std::string_view rest(const YAML::Mark& mark) const { return text_.substr(offset(mark)); }
  std::size_t line_length(const YAML::Mark& mark) const { return plain_length(rest(mark), ""); }
  std::string plain_word(const YAML::Mark& mark) const {
    const std::string_view text = rest(mark);
    return std::string(text.substr(0, text.find_first_of(" ,]}:\r\n\t#")));
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == 0) return;
    problems_.add(place(mark, plain_word(mark).size()), "an anchor (&name) stands here",
                  "anchors and aliases are not read: write the value out, or quote a text that begins with '&'");
  }

  // yaml-cpp says "?" for plain and "!" for quoted; anything else, or "!" in the file, was written by hand.
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    const std::string_view text = rest(mark);
    const bool by_hand = tag != "?" && (tag != "!" || (!text.empty() && text[0] == '!'));
    if (!by_hand) return;
    problems_.add(place(mark, text.substr(0, text.find_first_of(" ,]}\r\n\t")).size()), "a tag (!name) stands here",
                  "tags are not read: quote the value if it is a text");
  }

  Node scalar(const YAML::Mark& mark, const std::string& tag, const std::string& value) {
    Node node;
    node.kind = Node::Kind::scalar;
    node.spelled = value;
    node.quoted = tag != "?";
    const std::string_view text = rest(mark);
    std::size_t length = 1;
    if (!node.quoted)
      length = plain_length(text, value);
    else if (!text.empty() && (text[0] == '"' || text[0] == '\''))
      length = quoted_length(text);
    if (length == std::string_view::npos) {
      problems_.add(place(mark), "this quote is never closed", fmt::format("add the closing {}", text[0]));
      length = 1;
    }
    node.place = place(mark, length);
    if (value.size() > largest_scalar) {
      problems_.add(node.place, fmt::format("this text has {} bytes; one value has at most 64 KiB",
                                            with_thousands(static_cast<std::int64_t>(value.size()))));
    }
    node.value = node.quoted ? Value(value) : Value();
    return node;
  }

  // The meaning of a plain scalar is asked only where it is a value: as a key it is its text.
  void give_meaning(Node& node) {
    if (node.kind != Node::Kind::scalar || node.quoted) return;
    Scalar scalar = read_plain_scalar(node.spelled);
    if (!scalar.trouble.empty()) problems_.add(node.place, scalar.trouble, scalar.hint);
    node.value = scalar.trouble.empty() ? std::move(scalar.value) : Value(node.spelled);
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (open_.size() >= deepest_nesting) throw TooDeep{place(mark)};
    Open next;
    next.node.kind = kind;
    next.node.place = place(mark);
    next.first_byte = rest(mark).empty() ? '\0' : rest(mark)[0];
    open_.push_back(std::move(next));
  }

  void close() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    put(std::move(node));
  }

  void put(Node node) {
    if (open_.empty()) {
      give_meaning(node);
      if (documents_ <= 1) root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == Node::Kind::list) {
      give_meaning(node);
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      take_key(parent, node);
    } else {
      give_meaning(node);
      parent.has_key = false;
      put_entry(parent, std::move(node));
    }
  }

  void take_key(Open& parent, const Node& node) {
    parent.has_key = true;
    parent.key = node.spelled;
    parent.key_place = node.place;
    if (node.kind == Node::Kind::list || node.kind == Node::Kind::map) {
      problems_.add(node.place, "a key must be a text, not " + kind_name(node));
    } else if (!node.quoted && node.spelled == "<<") {
      problems_.add(node.place, "a merge key (<<) stands here", "merge keys are not read: write the keys out");
    } else if (node.is_null() && node.spelled.empty()) {
      problems_.add(node.place, "a key is missing before this ':'");
    }
  }

  void put_entry(Open& parent, Node node) {
    // An empty value has the mark of whatever comes next: its key is the better place.
    if (node.is_null() && node.spelled.empty()) node.place = parent.key_place;
    const auto [earlier, is_new] = parent.seen.emplace(parent.key, parent.key_place);
    if (!is_new) {
      problems_.add(parent.key_place, fmt::format("the key '{}' is here for the second time", printable(parent.key)),
                    fmt::format("it first stands in line {}, column {}", earlier->second.line, earlier->second.column));
      return;
    }
    parent.node.entries.push_back({parent.key, parent.key_place, std::move(node)});
  }

  SourceRef source_;
  std::string_view text_;
  Problems& problems_;
  std::size_t shift_ = 0;
  int documents_ = 0;
  std::vector<Open> open_;
  Node root_;
};

// ---- what the parser says, retold --------------------------------------------------------------------------------

void retell(const YAML::Exception& trouble, Builder& builder, Problems& problems) {
  const std::string& said = trouble.msg;
  const Place place = builder.place(trouble.mark);
  if (said.find("flow not found") != std::string::npos && builder.innermost_is_flow()) {
    const bool list = said.find("sequence") != std::string::npos;
    problems.add(*builder.innermost_open(), fmt::format("this {} is never closed", list ? "'['" : "'{'"),
                 fmt::format("add the closing {}", list ? "']'" : "'}'"));
  } else if (said == "the referenced anchor is not defined") {
    builder.refuse_alias(trouble.mark);
  } else if (said == "illegal map value") {
    problems.add(place, "this ':' does not belong to a key that could stand here",
                 "keys of one map begin in the same column; a text with ': ' in it needs quotes");
  } else if (said == "illegal flow end") {
    problems.add(place, "this closes a bracket that was never opened");
  } else if (said == "unknown token") {
    problems.add(place, "a text cannot begin with this character", "put it in quotes");
  } else if (said.find("end of map not found") != std::string::npos ||
             said.find("end of sequence not found") != std::string::npos) {
    problems.add(place, "this does not continue the lines above",
                 "keys of one map and dashes of one list begin in the same column; nothing may follow a closing quote "
                 "or bracket");
  } else {
    problems.add(place, "this is not YAML: " + printable(said, 400));  // yaml-cpp names one byte of a letter
  }
}

// False when the text could not be followed to its end.
bool parse(const SourceRef& source, Builder& builder, Problems& problems) {
  std::istringstream stream(source->text());
  try {
    YAML::Parser parser(stream);
    // Two documents are enough to complain about the second.
    for (int document = 0; document < 2 && parser.HandleNextDocument(builder); ++document) {
    }
    return true;
  } catch (const TooDeep& deep) {
    problems.add(deep.place, fmt::format("lists and maps are nested more than {} deep here", deepest_nesting));
  } catch (const YAML::Exception& trouble) {
    retell(trouble, builder, problems);
  }
  return false;
}

}  // namespace

const Entry* Node::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

Node read_yaml(const SourceRef& source, Problems& problems) {
  Problems fatal;
  check_bytes(source, fatal);
  fatal.throw_if_any();
  check_tabs(source, fatal);
  fatal.throw_if_any();
  Builder builder(source, problems);
  if (!parse(source, builder, problems)) problems.throw_if_any();
  return builder.root();
}

Node read_yaml(const SourceRef& source) {
  Problems problems;
  Node root = read_yaml(source, problems);
  problems.throw_if_any();
  return root;
}

Value to_value(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return {};
    case Node::Kind::scalar:
      return node.value;
    case Node::Kind::list: {
      Value::List list;
      for (const Node& item : node.items) list.push_back(to_value(item));
      return list;
    }
    case Node::Kind::map: {
      Value::Table table;
      for (const Entry& entry : node.entries) table.emplace_back(entry.key, to_value(entry.value));
      return table;
    }
  }
  return {};
}

std::string kind_name(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
    case Node::Kind::scalar:
      return tt::kind_name(node.value.kind());
  }
  return "";
}

}  // namespace tt::sweep
