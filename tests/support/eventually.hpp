// Waits for something that another process does. The limit is only reached when the test fails.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace tt::test {

inline bool eventually(const std::function<bool()>& is_so,
                       std::chrono::duration<double> limit = std::chrono::seconds(50)) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(limit);
  while (std::chrono::steady_clock::now() < deadline) {
    if (is_so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return is_so();
}

}  // namespace tt::test
