// tt/flow/canary.hpp: what a canary that was chosen by an earlier `run` means for what this one chooses: the sweep may
// have been edited in between, and still nothing goes before a canary has trained.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tt/flow/submit.hpp"

namespace tt::flow {

struct CanaryGate {
  RunId canary;                   // empty: there is none, or it is finished
  std::string name;               // of it
  bool in_plan = true;            // false: the sweep has no such run any more, another one goes first in its place
  std::set<RunId> lost;           // canaries that the sweep has no longer
  std::vector<RunId> superseded;  // what waits behind a canary and is no run of the sweep any more
};
// `planned`: the runs of the sweep as it is now. Pure.
CanaryGate gate_of(const ledger::Ledger& ledger, const std::string& sweep, const std::set<RunId>& planned, Instant now);

// What never went stays behind the canary, or behind one of these runs in its place; `afresh`, what --again named,
// goes. What is to be said about it; empty: nothing.
std::string keep_behind(const CanaryGate& gate, const std::string& sweep, const ledger::Ledger& ledger,
                        const std::set<RunId>& afresh, Choice& choice);

}  // namespace tt::flow
