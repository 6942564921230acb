#include "isoproc/isoproc.h"

namespace {
struct Node {
  int value;
  Node* next;
};
void Worker(const Node&) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>(Node{1, nullptr}).ok(); }
