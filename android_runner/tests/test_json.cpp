#include <cmath>
#include <cstdlib>
#include <limits>

#include "check.h"
#include "edgebench/json.h"

namespace json = edgebench::json;

TEST(json, text_is_escaped) {
  CHECK_EQUAL(json::text("a\"b\\c"), R"("a\"b\\c")");
  CHECK_EQUAL(json::text(std::string_view("\n\x01", 2)), R"("\u000a\u0001")");
  CHECK_EQUAL(json::text("größe €😀"), "\"größe €😀\"");
}

TEST(json, bytes_that_are_no_utf8_are_replaced) {
  const std::string replaced = "\"\xEF\xBF\xBD\"";
  CHECK_EQUAL(json::text("\xFF"), replaced);
  CHECK_EQUAL(json::text("\xC0"), replaced);
  CHECK_EQUAL(json::text("\xC3"), replaced);                          // cut off
  CHECK_EQUAL(json::text("\xC0\xAF").size(), 2 + 2 * size_t{3});      // overlong
  CHECK_EQUAL(json::text("\xED\xA0\x80").size(), 2 + 3 * size_t{3});  // a surrogate
}

TEST(json, numbers) {
  CHECK_EQUAL(json::milliseconds(11.3482731), "11.348273");
  CHECK_EQUAL(json::real(0.1f), "0.100000001");
  CHECK_EQUAL(json::real(std::nanf("")), "null");
  CHECK_EQUAL(json::real(-std::numeric_limits<float>::infinity()), "null");
  CHECK_EQUAL(json::text(std::optional<int64_t>()), "null");
  CHECK_EQUAL(json::text(std::optional<bool>(false)), "false");
}

TEST(json, a_printed_float32_reads_back_the_same) {
  for (float value : {1.0f / 3, 1e-38f, 3.4028235e38f, -0.0f, 16777217.0f}) {
    CHECK_EQUAL(std::strtof(json::real(value).c_str(), nullptr), value);
  }
}

TEST(json, objects_keep_their_order) {
  json::Object object;
  object.put("b", json::text(1)).put("a", json::list_of(std::vector<int>{1, 2})).put("c", json::list({}));
  CHECK_EQUAL(object.str(), R"({"b":1,"a":[1,2],"c":[]})");
}
