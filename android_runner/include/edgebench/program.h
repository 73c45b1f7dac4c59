// The whole launch: from the hello line to the end line.
#pragma once

#include <string>
#include <vector>

#include "edgebench/system.h"

namespace edgebench {

// Returns the exit code.
int run_program(const std::vector<std::string>& arguments, const SystemTree& tree);

}  // namespace edgebench
