// A test is a function; `edgebench_tests PART...` runs those of the named parts (file names without test_), or all.
#pragma once

#include <functional>
#include <iostream>
#include <sstream>
#include <string>

#include "edgebench/contract.h"

namespace check {

struct Registered {
  Registered(const char* part, const char* name, void (*test)());
};

void failed(const char* file, int line, const std::string& what);

template <typename A, typename B>
void equal(const char* file, int line, const char* text, const A& got, const B& wanted) {
  if (got == wanted) return;
  std::ostringstream what;
  what << std::boolalpha << text << ": got " << got << ", wanted " << wanted;
  failed(file, line, what.str());
}

// The failure that `action` throws must have this code, and its message must contain `words`.
void fails(const char* file, int line, const std::function<void()>& action, edgebench::Exit code, const std::string& words);

}  // namespace check

#define TEST(part, name)                                                    \
  static void part##_##name();                                              \
  static const check::Registered part##_##name##_registered(#part, #name, part##_##name); \
  static void part##_##name()
#define CHECK(condition) \
  do { if (!(condition)) check::failed(__FILE__, __LINE__, #condition); } while (false)
#define CHECK_EQUAL(got, wanted) check::equal(__FILE__, __LINE__, #got, got, wanted)
#define CHECK_FAILS(action, code, words) check::fails(__FILE__, __LINE__, [&] { action; }, code, words)
