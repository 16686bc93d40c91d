// Copies of this process that act at the same moment.
#pragma once

#include <functional>
#include <vector>

namespace tt::test {

// Forks `count` processes, lets them go together once all stand ready, and answers what `act(k)` returned in each
// (0 to 99). An exception or a signal in one of them is answered as a number from 100.
std::vector<int> in_forked_processes(int count, const std::function<int(int)>& act);

}  // namespace tt::test
