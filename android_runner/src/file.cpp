#include "edgebench/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace edgebench {

FilePointer open_regular(const std::string& path) {
  FilePointer file(nullptr, std::fclose);
  const int descriptor = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return file;
  struct stat status{};
  const bool known = fstat(descriptor, &status) == 0;
  if (known && S_ISREG(status.st_mode)) file.reset(fdopen(descriptor, "rb"));
  if (!file) {
    const int why = !known || S_ISREG(status.st_mode) ? errno : S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    close(descriptor);
    errno = why;
  }
  return file;
}

}  // namespace edgebench
