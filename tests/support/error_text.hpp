// The sentence of the Error an action throws; "(nothing thrown)" when it does not.
#pragma once

#include <string>

#include "tt/base/error.hpp"

namespace tt::test {

template <class Action>
std::string error_text(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "(nothing thrown)";
}

}  // namespace tt::test
