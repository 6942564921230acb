#include <map>
#include <memory>
#include <string>
#include <vector>

#include "isoproc/isoproc.h"

namespace {
struct Node {
  std::unique_ptr<Node> next;
  const char* text;
};
struct Render {
  std::string name;
  std::map<int, std::vector<Node>> nodes;
  int operator()() const { return 0; }
};
}  // namespace

bool Start() { return isoproc::Process::Start(Render{}).ok(); }
