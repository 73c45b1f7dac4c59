// Writing JSON: values become text, an object keeps its fields in the order they were put.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgebench::json {

std::string text(std::string_view value);  // quoted; bytes that are no UTF-8 become U+FFFD
std::string text(const char* value);
std::string text(int64_t value);
std::string text(int value);
std::string text(bool value);
std::string milliseconds(double value);  // to the nanosecond
std::string real(float value);           // 9 significant digits bring a float32 back; null where it is no number
std::string list(const std::vector<std::string>& items);

template <typename T>
std::string text(const std::optional<T>& value) {
  return value ? text(*value) : "null";
}

template <typename T>
std::string list_of(const std::vector<T>& values) {
  std::vector<std::string> items;
  items.reserve(values.size());
  for (const T& value : values) items.push_back(text(value));
  return list(items);
}

class Object {
 public:
  // `value` is JSON already: the result of one of the functions above.
  Object& put(std::string_view key, const std::string& value);
  std::string str() const { return "{" + fields_ + "}"; }

 private:
  std::string fields_;
};

}  // namespace edgebench::json
