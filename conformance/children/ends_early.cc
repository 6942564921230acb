// A program that ends before it comes to Init, in the way that its standard input says.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "isoproc/main.h"

namespace {

std::string ReadWay() {
  char line[32] = "";
  if (std::fgets(line, sizeof(line), stdin) == nullptr) return "";
  std::string way = line;
  while (!way.empty() && (way.back() == '\n' || way.back() == '\r')) way.pop_back();
  return way;
}

const std::string& Way() {
  static const std::string* const way = new std::string(ReadWay());
  return *way;
}

const bool initialised = [] {
  if (Way() == "throw") throw std::runtime_error("from a static initialiser");
  if (Way() == "exit") std::exit(3);
  return true;
}();

}  // namespace

int main(int argc, char** argv) {
  if (!initialised) return 1;
  if (Way() == "_Exit") std::_Exit(4);
  if (Way() == "return") return 5;
  isoproc::Init(argc, argv);
  return 6;
}
