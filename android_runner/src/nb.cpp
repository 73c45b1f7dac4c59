#include "edgebench/nb.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>

#include "edgebench/contract.h"
#include "edgebench/file.h"
#include "flatbuffer.h"

namespace edgebench {
namespace {

// Layout, little-endian: u16 meta version, char[16] opt version, u64 topology size, topology; then, in meta version 2,
// u16 version (0), u16 size of a reserved part, u16 header size and header (u16 number of parameters, u32 largest one),
// and for every parameter u32 size of what follows this field, u32 offset, data. Meta version 1 (opt 2.7) has one table
// of parameters instead; version 0 is older still.
constexpr int64_t kHead = 2 + 16 + 8;
constexpr size_t kMostInputs = 256;

class File {
 public:
  explicit File(const std::string& path) : path_(path), file_(open_regular(path)) {
    struct stat status{};
    if (!file_ && (errno == EINVAL || errno == EISDIR)) {
      throw Failure(Exit::kModelUnreadable, "the model " + path_ + " is no file");
    }
    if (!file_ || fstat(fileno(file_.get()), &status) != 0) unreadable();
    bytes_ = status.st_size;
  }

  int64_t bytes() const { return bytes_; }

  void read(int64_t at, void* to, size_t size) const {
    if (at > bytes_ || static_cast<int64_t>(size) > bytes_ - at) cut_off();
    if (fseeko(file_.get(), at, SEEK_SET) != 0 || std::fread(to, 1, size, file_.get()) != size) unreadable();
  }

  template <typename T>
  T number(int64_t at) const {
    T value;
    read(at, &value, sizeof value);
    return value;
  }

  [[noreturn]] void cut_off() const { invalid("ends in mid-model: it was cut off"); }
  [[noreturn]] void invalid(const std::string& why) const {
    throw Failure(Exit::kModelInvalid, "the model " + path_ + " " + why);
  }

 private:
  [[noreturn]] void unreadable() const {
    throw Failure(Exit::kModelUnreadable, "the model " + path_ + " cannot be read: " + std::strerror(errno));
  }

  std::string path_;
  FilePointer file_;
  int64_t bytes_ = 0;
};

std::string opt_version(const File& file) {
  char raw[16];
  file.read(2, raw, sizeof raw);
  const std::string version(std::begin(raw), std::find(std::begin(raw), std::end(raw), '\0'));
  const bool printable = std::all_of(version.begin(), version.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (version.empty() || !printable) file.invalid("is no .nb file of opt");
  return version;
}

// Where the file must end at least.
int64_t walk_parameters(const File& file, int64_t at) {
  at += 4 + file.number<uint16_t>(at + 2);
  const auto header = file.number<uint16_t>(at);
  const auto count = file.number<uint16_t>(at + 2);
  at += 2 + header;
  for (int i = 0; i < count; ++i) at += 4 + static_cast<int64_t>(file.number<uint32_t>(at));
  return at;
}

// The third part of "conv2d/def/4/1/1", as opt writes which kernel it chose.
int target_of(std::string_view kernel) {
  for (int part = 0; part < 2; ++part) {
    const size_t slash = kernel.find('/');
    if (slash == std::string_view::npos) return 0;
    kernel.remove_prefix(slash + 1);
  }
  int target = 0;
  std::from_chars(kernel.data(), kernel.data() + kernel.size(), target);  // 0 where there is no number
  return target;
}

// Field numbers as in lite/model_parser/flatbuffers/framework.fbs.
void read_topology(std::string_view topology, NbFile* model) {
  const std::vector<FlatTable> blocks = FlatTable::root(topology).tables(0);
  if (blocks.empty()) throw BadFlatbuffer();
  for (const FlatTable& op : blocks[0].tables(3)) {
    for (const FlatTable& attribute : op.tables(3)) {
      if (attribute.string(0) == "__@kernel_type_attr@__") model->targets.insert(target_of(attribute.string(4)));
    }
    if (op.string(0) != "feed") continue;
    for (const FlatTable& slot : op.tables(2)) {
      for (std::string_view name : slot.strings(1)) model->inputs.push_back({std::string(name), {}, kTypeFloat32});
      if (model->inputs.size() > kMostInputs) throw BadFlatbuffer("it has more inputs than any network");
    }
  }
  for (const FlatTable& variable : blocks[0].tables(2)) {
    const auto input = std::find_if(model->inputs.begin(), model->inputs.end(),
                                    [&](const NbInput& known) { return known.name == variable.string(0); });
    if (input == model->inputs.end()) continue;
    const auto type = variable.table(1);
    const auto lod_tensor = type ? type->table(2) : std::nullopt;
    const auto tensor = lod_tensor ? lod_tensor->table(0) : std::nullopt;
    if (!tensor) continue;
    input->dims = tensor->longs(1);
    input->type = tensor->integer(0);
  }
}

std::string text(const Shape& shape) {
  std::string joined;
  for (int64_t dimension : shape) joined += (joined.empty() ? "" : ",") + std::to_string(dimension);
  return joined;
}

}  // namespace

NbFile read_nb(const std::string& path) {
  const File file(path);
  NbFile model;
  model.bytes = file.bytes();
  const auto meta = file.number<uint16_t>(0);
  if (meta == 0) file.invalid("is no .nb file, or one that an opt before 2.7 wrote");
  if (meta > 2) file.invalid("is no .nb file of opt");
  model.opt_version = opt_version(file);
  const auto size = file.number<uint64_t>(18);
  if (size > static_cast<uint64_t>(std::max<int64_t>(0, file.bytes() - kHead))) file.cut_off();
  std::string topology(size, '\0');
  file.read(kHead, topology.data(), topology.size());
  try {
    read_topology(topology, &model);
  } catch (const BadFlatbuffer& error) {
    file.invalid(std::string("has a broken topology: ") + error.what());
  }
  const int64_t after = kHead + static_cast<int64_t>(size);
  if (meta == 2 && walk_parameters(file, after) > file.bytes()) file.cut_off();
  return model;
}

void check_target(const NbFile& model, int target) {
  const int other = target == kTargetArm ? kTargetX86 : kTargetArm;
  if (model.targets.count(other) == 0) return;
  const auto name = [](int number) { return std::string(number == kTargetArm ? "ARM" : "x86"); };
  throw Failure(Exit::kModelInvalid, "the model's kernels are for " + name(other) + ", this program runs on " +
                                         name(target) + ": convert it for that target");
}

void check_shape(const NbFile& model, const std::string& input, const Shape& shape) {
  for (const NbInput& known : model.inputs) {
    if (known.name != input || known.dims.empty()) continue;
    const bool fits = std::equal(known.dims.begin(), known.dims.end(), shape.begin(), shape.end(),
                                 [](int64_t fixed, int64_t given) { return fixed <= 0 || fixed == given; });
    if (!fits) {
      throw Failure(Exit::kInputInvalid,
                    "the model's input " + input + " is " + text(known.dims) + ", not " + text(shape));
    }
  }
}

int type_of(const NbFile& model, const std::string& input) {
  for (const NbInput& known : model.inputs) {
    if (known.name == input) return known.type;
  }
  return kTypeFloat32;
}

}  // namespace edgebench
