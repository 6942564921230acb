#include <string>

#include "isoproc/isoproc.h"

namespace {
struct Render {
  virtual ~Render() = default;
  virtual int operator()() const { return 0; }
  std::string name;
};
}  // namespace

bool Start() { return isoproc::Process::Start(Render{}).ok(); }
