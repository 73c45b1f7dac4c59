#include "edgebench/input.h"

#include "edgebench/contract.h"
#include "file.h"

// The first two bytes are the shape and the number of images, the rest is the file of values.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edgebench;
  if (size < 2) return 0;
  const MemoryFile file(data + 2, size - 2);
  const Shape shape{1, 1 + data[0] % 4, 1 + data[0] / 4 % 4, 1 + data[0] / 16 % 4};
  for (Fill::Kind kind : {Fill::Kind::kFile, Fill::Kind::kBytes}) {
    for (bool whole : {false, true}) {
      try {
        Source source({kind, 0, file.path()}, 0, shape, data[1]);
        std::vector<float> values(elements(shape));
        for (int image = 0; image < data[1]; ++image) {
          whole ? static_cast<void>(source.next_integers()) : source.next(values.data());
        }
      } catch (const Failure&) {
      }
    }
  }
  return 0;
}
