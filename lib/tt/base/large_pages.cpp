#include "tt/base/large_pages.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace tt {

// A small page costs microseconds to get, most of it the trap into the system: 8,000 of them were a third of a status
// of 10,000 runs. The address space that is taken at once is only counted, not filled.
void prefer_large_pages() {
  constexpr int kAtOnce = 64 << 20;
  constexpr int kNeverAlone = 32 << 20;  // the most glibc takes: below it a block comes from the heap
  constexpr std::uintptr_t kLargePage = 2 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kNeverAlone);
  ::mallopt(M_TRIM_THRESHOLD, 2 * kAtOnce);
  ::mallopt(M_TOP_PAD, kAtOnce);
  char* const before = static_cast<char*>(::sbrk(0));
  void* volatile grown = ::malloc(kNeverAlone - 4096);  // volatile: the pair would be left out otherwise
  ::free(grown);
  const auto grown_by = static_cast<std::size_t>(static_cast<char*>(::sbrk(0)) - before);
  const std::size_t skipped = (kLargePage - reinterpret_cast<std::uintptr_t>(before) % kLargePage) % kLargePage;
  if (grown_by > skipped) ::madvise(before + skipped, grown_by - skipped, MADV_HUGEPAGE);
}

}  // namespace tt
