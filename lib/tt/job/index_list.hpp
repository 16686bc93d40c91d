// tt/job/index_list.hpp: numbers of tasks, as schedulers and the journal spell them: "0-2,5".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tt {

// More than any array has.
inline constexpr int kLargestIndex = 10'000'000;

// {0,1,2,5} → "0-2,5". Sorted, each once.
std::string index_list(std::vector<int> indices);
// "0-2,5%3" → {0,1,2,5}: a throttle is passed over; steps ("0-8:2") count. Empty for what is no list, or one that was
// cut off ("0-2,5...").
std::vector<int> read_index_list(std::string_view list);

}  // namespace tt
