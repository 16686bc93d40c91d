// tt/base/large_pages.hpp: memory for ten thousand runs costs less in large pages than in small ones.
#pragma once

namespace tt {

// For the start of a program that holds tens of MB for a moment: its heap grows in few steps and, where the system has
// large pages for who asks, in these. Changes nothing but time; where it cannot be had, nothing at all.
void prefer_large_pages();

}  // namespace tt
