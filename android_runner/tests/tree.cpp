#include "tree.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace check {

namespace fs = std::filesystem;

Tree::Tree() {
  std::string name = (fs::temp_directory_path() / "edgebench-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  root_ = name;
}

Tree::~Tree() { fs::remove_all(root_); }

void Tree::add(const std::string& path, const std::string& content) {
  fs::create_directories(fs::path(root_ + path).parent_path());
  std::ofstream(root_ + path) << content << "\n";
}

void Tree::remove(const std::string& path) { fs::remove_all(root_ + path); }

void Tree::add_listing(const std::string& file) {
  std::ifstream lines(file);
  if (!lines) throw std::runtime_error("no such listing: " + file);
  for (std::string line; std::getline(lines, line);) {
    const size_t space = line.find(' ');
    if (line.empty() || line[0] == '#') continue;
    std::string content = line.substr(space + 1);
    for (size_t at; (at = content.find("\\n")) != std::string::npos;) content.replace(at, 2, "\n");
    add(line.substr(0, space), content);
  }
}

}  // namespace check
