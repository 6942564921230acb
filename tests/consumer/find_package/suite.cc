// A program runs the conformance suite, as the author of a port would.
#include "conformance/harness/main.h"
#include "isoproc/isoproc.h"

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  return isoproc::conformance::Main(argc, argv);
}
