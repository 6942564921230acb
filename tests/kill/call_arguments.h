// What the programs are told that kill somebody at every call.
#ifndef ISOPROC_TESTS_KILL_CALL_ARGUMENTS_H_
#define ISOPROC_TESTS_KILL_CALL_ARGUMENTS_H_

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace isoproc::kill {

struct CallArguments {
  // Who is killed; empty: each of them.
  std::string only;
  // Of the calls, each so many-th.
  int64_t every = 1;
  // Break something, and see it found.
  bool control = false;

  bool Plays(absl::string_view role) const { return only.empty() || only == role; }
};

// Ends the program if it does not know one of them.
inline CallArguments ParseCallArguments(int argc, char** argv,
                                        const std::vector<std::string>& roles,
                                        bool has_control = false) {
  CallArguments arguments;
  for (int i = 1; i < argc; ++i) {
    absl::string_view rest = argv[i];
    if (absl::ConsumePrefix(&rest, "--every=") && absl::SimpleAtoi(rest, &arguments.every) &&
        arguments.every > 0) {
      continue;
    }
    if (absl::ConsumePrefix(&rest, "--only=") &&
        std::find(roles.begin(), roles.end(), rest) != roles.end()) {
      arguments.only = std::string(rest);
      continue;
    }
    if (has_control && rest == "--control") {
      arguments.control = true;
      continue;
    }
    std::fprintf(stderr, "unknown argument %s\n", argv[i]);
    std::exit(2);
  }
  return arguments;
}

}  // namespace isoproc::kill

#endif  // ISOPROC_TESTS_KILL_CALL_ARGUMENTS_H_
