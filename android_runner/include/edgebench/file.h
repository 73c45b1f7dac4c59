// The one way to a file that somebody else named: a regular one, or none. A pipe would be waited for until somebody
// writes, which may be for ever; a device has no end.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

namespace edgebench {

using FilePointer = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// Opened to be read; null if it cannot be, and errno says why: EINVAL of what is no regular file.
FilePointer open_regular(const std::string& path);

}  // namespace edgebench
