// doctest, and what it lacks for failures of the contract.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "edgebench/contract.h"

namespace check {

// The failure that `action` throws must have this code, and its message must contain `words`.
void fails(const char* file, int line, const std::function<void()>& action, edgebench::Exit code,
           const std::string& words);

}  // namespace check

#define CHECK_FAILS(action, code, words) check::fails(__FILE__, __LINE__, [&] { action; }, code, words)
