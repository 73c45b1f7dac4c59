#include <cmath>
#include <cstdlib>
#include <limits>

#include "check.h"
#include "edgebench/json.h"

namespace json = edgebench::json;

TEST_CASE("json: text is escaped") {
  CHECK_EQ(json::text("a\"b\\c"), R"("a\"b\\c")");
  CHECK_EQ(json::text(std::string_view("\n\x01", 2)), R"("\u000a\u0001")");
  CHECK_EQ(json::text("größe €😀"), "\"größe €😀\"");
}

TEST_CASE("json: bytes that are no utf8 are replaced") {
  const std::string replaced = "\"\xEF\xBF\xBD\"";
  CHECK_EQ(json::text("\xFF"), replaced);
  CHECK_EQ(json::text("\xC0"), replaced);
  CHECK_EQ(json::text("\xC3"), replaced);                          // cut off
  CHECK_EQ(json::text("\xC0\xAF").size(), 2 + 2 * size_t{3});      // overlong
  CHECK_EQ(json::text("\xED\xA0\x80").size(), 2 + 3 * size_t{3});  // a surrogate
}

TEST_CASE("json: numbers") {
  CHECK_EQ(json::milliseconds(11.3482731), "11.348273");
  CHECK_EQ(json::real(0.1f), "0.100000001");
  CHECK_EQ(json::real(std::nanf("")), "null");
  CHECK_EQ(json::real(-std::numeric_limits<float>::infinity()), "null");
  CHECK_EQ(json::text(std::optional<int64_t>()), "null");
  CHECK_EQ(json::text(std::optional<bool>(false)), "false");
}

TEST_CASE("json: a printed float32 reads back the same") {
  for (float value : {1.0f / 3, 1e-38f, 3.4028235e38f, -0.0f, 16777217.0f}) {
    CHECK_EQ(std::strtof(json::real(value).c_str(), nullptr), value);
  }
}

TEST_CASE("json: objects keep their order") {
  json::Object object;
  object.put("b", json::text(1)).put("a", json::list_of(std::vector<int>{1, 2})).put("c", json::list({}));
  CHECK_EQ(object.str(), R"({"b":1,"a":[1,2],"c":[]})");
}
