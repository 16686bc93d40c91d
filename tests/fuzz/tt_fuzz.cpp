// tt_fuzz: random inputs for the readers of targets.hpp, from a seed: the same seed gives the same inputs everywhere.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>

#include "fuzz/targets.hpp"

namespace {

using tt::fuzz::Target;

constexpr const char* kHelp =
    "Examples:\n"
    "  A minute of everything:     tt_fuzz all --seconds 60\n"
    "  A million of one reader:    tt_fuzz splice --count 1000000 --seed 7\n"
    "  One input from a file:      tt_fuzz yaml --input found.txt\n\n"
    "Readers: yaml, expression, splice. Without --seconds and --count: 100,000 inputs each. What breaks a promise is\n"
    "printed and written to tt_fuzz.<reader>.input; exit code 1.\n";

struct Options {
  std::string target;
  std::uint64_t seed = 1;
  std::uint64_t count = 100'000;
  double seconds = 0;
  std::string input;
};

std::string mutated(const Target& target, const std::vector<std::string>& corpus, std::mt19937_64& random) {
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  std::string text = below(16) == 0 ? "" : corpus[below(corpus.size())];
  for (std::size_t edits = 1 + below(1 + below(6)); edits > 0; --edits) {
    const std::size_t at = below(text.size() + 1);
    switch (below(6)) {
      case 0:
        text.erase(at, 1 + below(12));
        break;
      case 1:
        text.insert(at, 1, static_cast<char>(random()));
        break;
      case 2:
        text.insert(at, text, below(text.size() + 1), below(40));
        break;
      case 3: {
        const std::string& other = corpus[below(corpus.size())];
        text.insert(at, other, below(other.size() + 1), below(60));
        break;
      }
      default:
        text.insert(at, target.scraps[below(target.scraps.size())]);
        break;
    }
  }
  return text.substr(0, 4096);
}

int broken(const Target& target, const std::string& input, const std::string& why) {
  const std::string file = "tt_fuzz." + target.name + ".input";
  std::ofstream(file, std::ios::binary) << input;
  std::fprintf(stderr, "%s: %s\n--- input, also in %s\n%s\n---\n", target.name.c_str(), why.c_str(), file.c_str(),
               input.c_str());
  return 1;
}

// What was read joins the corpus now and then, so that inputs grow away from the seeds.
int run(const Target& target, const Options& options) {
  using Clock = std::chrono::steady_clock;
  std::mt19937_64 random(options.seed);
  std::vector<std::string> corpus = target.seeds;
  std::uint64_t fed = 0, read = 0;
  const auto end = Clock::now() + std::chrono::duration<double>(options.seconds);
  for (; options.seconds > 0 ? Clock::now() < end : fed < options.count; ++fed) {
    const std::string input = mutated(target, corpus, random);
    try {
      if (target.feed(input) == tt::fuzz::Outcome::read) {
        ++read;
        if (corpus.size() < 256)
          corpus.push_back(input);
        else if (random() % 8 == 0)
          corpus[target.seeds.size() + random() % (corpus.size() - target.seeds.size())] = input;
      }
    } catch (const std::exception& trouble) {
      return broken(target, input, trouble.what());
    }
  }
  std::printf("%s: %llu inputs, %llu read, %llu refused, seed %llu\n", target.name.c_str(),
              static_cast<unsigned long long>(fed), static_cast<unsigned long long>(read),
              static_cast<unsigned long long>(fed - read), static_cast<unsigned long long>(options.seed));
  return read > 0 && (read < fed || fed < 100) ? 0
                                               : broken(target, "", "all inputs had the same fate: nothing was tried");
}

int feed_file(const Target& target, const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  const std::string input((std::istreambuf_iterator<char>(file)), {});
  try {
    std::printf("%s: %s\n", target.name.c_str(), target.feed(input) == tt::fuzz::Outcome::read ? "read" : "refused");
  } catch (const std::exception& trouble) {
    return broken(target, input, trouble.what());
  }
  return 0;
}

}  // namespace

#ifdef TT_LIBFUZZER
// With clang: -fsanitize=fuzzer drives the reader that TT_FUZZ_TARGET names.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const char* name = std::getenv("TT_FUZZ_TARGET");
  for (const Target& target : tt::fuzz::targets()) {
    if (target.name == (name ? name : "yaml")) target.feed(std::string(reinterpret_cast<const char*>(data), size));
  }
  return 0;
}
#else
int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (std::strcmp(argv[i], "--seed") == 0 && has_value) {
      options.seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--count") == 0 && has_value) {
      options.count = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--seconds") == 0 && has_value) {
      options.seconds = std::strtod(argv[++i], nullptr);
    } else if (std::strcmp(argv[i], "--input") == 0 && has_value) {
      options.input = argv[++i];
    } else {
      options.target = argv[i];
    }
  }
  int status = 2;
  const std::size_t shared_by = options.target == "all" ? tt::fuzz::targets().size() : 1;
  options.seconds /= static_cast<double>(shared_by);
  for (const Target& target : tt::fuzz::targets()) {
    if (options.target != "all" && options.target != target.name) continue;
    status = options.input.empty() ? run(target, options) : feed_file(target, options.input);
    if (status != 0) return status;
  }
  if (status == 2) std::fputs(kHelp, stderr);
  return status;
}
#endif
