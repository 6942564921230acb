#include "conformance/harness/port_child.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "conformance/harness/environment.h"
#include "conformance/port/support.h"
#include "platform/port/port.h"

namespace isoproc::conformance {
namespace {

constexpr std::string_view kNamePrefix = "--isoproc-port-child=";
constexpr std::string_view kStreamPrefix = "--isoproc-port-stream=";
// What the bootstrap stream begins with.
constexpr std::string_view kGreeting = "conformance child";

std::map<std::string, PortChildBody, std::less<>>& Bodies() {
  static auto& bodies = *new std::map<std::string, PortChildBody, std::less<>>;
  return bodies;
}

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

PortChild::~PortChild() {
  if (process == nullptr) return;
  (void)process->Kill(9);
  (void)process->Wait(port::Deadline::Never());
}

absl::StatusOr<PortChild> SpawnPortChild(
    port::Port& port, std::string_view name, const std::vector<std::string>& arguments,
    const std::function<void(port::SpawnRequest& request)>& adjust) {
  absl::StatusOr<std::string> program = port.ProgramPath(GetEnvironment().program);
  if (!program.ok()) return program.status();
  absl::StatusOr<port::StreamPair> pair = port.CreateStreamPair();
  if (!pair.ok()) return pair.status();
  if (absl::Status sent = WriteAll(*pair->first, kGreeting); !sent.ok()) return sent;

  port::SpawnRequest request;
  request.program = *program;
  request.arguments = {*program, absl::StrCat(std::string(kNamePrefix), std::string(name))};
  request.arguments.insert(request.arguments.end(), arguments.begin(), arguments.end());
  request.standard_streams[0].kind = port::StandardStream::Kind::kNull;
  request.bootstrap = pair->second.get();
  request.bootstrap_prefix = kStreamPrefix;
  if (adjust) adjust(request);
  absl::StatusOr<std::unique_ptr<port::ChildProcess>> process = port.Spawn(request);
  if (!process.ok()) return process.status();
  PortChild child;
  child.process = *std::move(process);
  child.stream = std::move(pair->first);
  return child;
}

void RunPortChild(int argc, char** argv) {
  if (argc < 3 || !StartsWith(argv[1], kNamePrefix)) return;
  port::Port& port = port::HostPort();
  port.PrepareChild();
  GetEnvironment().program = argv[0];
  const std::string_view name = std::string_view(argv[1]).substr(kNamePrefix.size());
  const std::string_view last = argv[argc - 1];
  const auto body = Bodies().find(name);
  if (body == Bodies().end() || !StartsWith(last, kStreamPrefix)) {
    std::fprintf(stderr, "conformance: no such child: %s\n", argv[1]);
    std::exit(2);
  }
  absl::StatusOr<std::unique_ptr<port::Stream>> stream =
      port.AdoptBootstrap(last.substr(kStreamPrefix.size()), AsBytes(kGreeting));
  if (!stream.ok() || !ReadExactly(**stream, kGreeting.size()).ok()) {
    std::fprintf(stderr, "conformance: no bootstrap stream: %s\n",
                 stream.status().ToString().c_str());
    std::exit(3);
  }
  PortChildContext context{port, **stream, std::vector<std::string>(argv + 2, argv + argc - 1)};
  std::exit(body->second(context));
}

bool AddPortChild(std::string_view name, PortChildBody body) {
  return Bodies().emplace(std::string(name), body).second;
}

}  // namespace isoproc::conformance
