#include "isoproc/isoproc.h"

namespace {
void Worker(const isoproc::Lease<int>&) {}
}  // namespace

bool Start(const isoproc::Lease<int>& lease) { return isoproc::Process::Start<Worker>(lease).ok(); }
