// The conformance suite as a program. See README.md.
#include "conformance/harness/main.h"

#include "isoproc/main.h"

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::conformance::Main(argc, argv);
}
