// Reading a FlatBuffers table field by field: the file may be anything. Every offset is checked, and in all no more is
// read than a few times the buffer, for what is referred to from many places multiplies the work.
// Layout: https://flatbuffers.dev/internals/ (a table begins with the distance back to its vtable; a vtable holds its
// own size, the table's size, and one offset a field; vectors and strings begin with their length).
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace edgebench {

struct BadFlatbuffer : std::runtime_error {
  explicit BadFlatbuffer(const char* why = "an offset leads out of the buffer") : std::runtime_error(why) {}
};

class FlatTable {
 public:
  static FlatTable root(std::string_view buffer) {
    return FlatTable(buffer, std::make_shared<size_t>(kTimes * buffer.size()), load<uint32_t>(buffer, 0));
  }

  std::string_view string(int field) const {
    const auto at = target(field);
    return at ? string_at(*at) : std::string_view();
  }

  std::optional<FlatTable> table(int field) const {
    const auto at = target(field);
    return at ? std::optional<FlatTable>(FlatTable(buffer_, left_, *at)) : std::nullopt;
  }

  std::vector<FlatTable> tables(int field) const {
    std::vector<FlatTable> found;
    for (size_t at : references(field)) found.push_back(FlatTable(buffer_, left_, at));
    return found;
  }

  std::vector<std::string_view> strings(int field) const {
    std::vector<std::string_view> found;
    for (size_t at : references(field)) found.push_back(string_at(at));
    return found;
  }

  // 0 where it has its default.
  int32_t integer(int field) const {
    const size_t entry = 4 + 2 * static_cast<size_t>(field);
    const size_t offset = entry < vtable_size_ ? load<uint16_t>(buffer_, vtable_ + entry) : 0;
    return offset == 0 ? 0 : load<int32_t>(buffer_, at_ + offset);
  }

  std::vector<int64_t> longs(int field) const {
    std::vector<int64_t> found;
    const auto at = target(field);
    const size_t count = at ? length_at(*at, sizeof(int64_t)) : 0;
    for (size_t i = 0; i < count; ++i) found.push_back(load<int64_t>(buffer_, *at + 4 + i * sizeof(int64_t)));
    return found;
  }

 private:
  static constexpr size_t kTimes = 4;

  FlatTable(std::string_view buffer, std::shared_ptr<size_t> left, size_t at)
      : buffer_(buffer), left_(std::move(left)), at_(at) {
    vtable_ = at_ - static_cast<size_t>(static_cast<int64_t>(load<int32_t>(buffer_, at_)));
    vtable_size_ = load<uint16_t>(buffer_, vtable_);
  }

  template <typename T>
  static T load(std::string_view buffer, size_t at) {
    if (at > buffer.size() || buffer.size() - at < sizeof(T)) throw BadFlatbuffer();
    T value;
    std::memcpy(&value, buffer.data() + at, sizeof value);
    return value;
  }

  // Where the string, vector or table of a field is.
  std::optional<size_t> target(int field) const {
    const size_t entry = 4 + 2 * static_cast<size_t>(field);
    const size_t offset = entry < vtable_size_ ? load<uint16_t>(buffer_, vtable_ + entry) : 0;
    if (offset == 0) return std::nullopt;
    return at_ + offset + load<uint32_t>(buffer_, at_ + offset);
  }

  // The number of elements of a vector that fits into the buffer, and may still be read.
  size_t length_at(size_t at, size_t element) const {
    const size_t length = load<uint32_t>(buffer_, at);
    if (length > (buffer_.size() - at - 4) / element) throw BadFlatbuffer();
    if (4 + length * element > *left_) throw BadFlatbuffer("it refers to the same things again and again");
    *left_ -= 4 + length * element;
    return length;
  }

  std::string_view string_at(size_t at) const { return buffer_.substr(at + 4, length_at(at, 1)); }

  std::vector<size_t> references(int field) const {
    std::vector<size_t> found;
    const auto at = target(field);
    const size_t count = at ? length_at(*at, sizeof(uint32_t)) : 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t entry = *at + 4 + 4 * i;
      found.push_back(entry + load<uint32_t>(buffer_, entry));
    }
    return found;
  }

  std::string_view buffer_;
  std::shared_ptr<size_t> left_;  // bytes of strings and vectors, of all tables of the buffer
  size_t at_, vtable_, vtable_size_;
};

}  // namespace edgebench
