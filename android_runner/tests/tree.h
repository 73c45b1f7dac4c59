// A directory made from a listing: "path content" lines as captured with `grep -r . /sys/...`, \n for a line break.
#pragma once

#include <string>

namespace check {

class Tree {
 public:
  Tree();
  ~Tree();
  void add(const std::string& path, const std::string& content);
  void remove(const std::string& path);
  void add_listing(const std::string& file);
  const std::string& root() const { return root_; }

 private:
  std::string root_;
};

}  // namespace check
