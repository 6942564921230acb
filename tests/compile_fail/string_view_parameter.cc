#include <string_view>

#include "isoproc/isoproc.h"

namespace {
void Worker(std::string_view) {}
}  // namespace

bool Start() { return isoproc::Process::Start<Worker>("text").ok(); }
