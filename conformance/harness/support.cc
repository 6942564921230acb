#include "conformance/harness/support.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "conformance/catalogue/catalogue.h"
#include "platform/port/port.h"

namespace isoproc::conformance {
namespace {

using port::Port;

// A request that no port can carry out, so that probing starts nothing on a port that pretends.
port::SpawnRequest Impossible() {
  port::SpawnRequest request;
  request.program = "isoproc-no-such-program/at/all";
  request.arguments = {request.program};
  return request;
}

absl::Status ProbeSpawn(Port& port) { return port.Spawn(Impossible()).status(); }
absl::Status ProbeStream(Port& port) { return port.CreateStreamPair().status(); }
absl::Status ProbeWait(Port& port) {
  if (absl::Status status = ProbeStream(port); !status.ok()) return status;
  return port.WaitAny({}, port::Deadline::At(port.Now())).status();
}
absl::Status ProbeSelf(Port& port) { return port.Self().status(); }
absl::Status ProbeSegment(Port& port) { return port.CreateSegment(4096).status(); }
absl::Status ProbeParker(Port& port) {
  port::ParkerCell cell{};
  return port.CreateParker(cell).status();
}
absl::Status ProbeThread(Port& port) {
  return port.StartThread([] {});
}
absl::Status ProbeProgram(Port& port) { return port.ProgramPath("").status(); }
absl::Status ProbeForkServer(Port& port) {
  absl::Status serve = port.ServeForks(nullptr, nullptr);
  if (!absl::IsUnimplemented(serve)) return serve;
  absl::StatusOr<port::StreamPair> pair = port.CreateStreamPair();
  if (!pair.ok()) return pair.status();
  return port.SpawnFromServer(*pair->first, Impossible(), port::Deadline::At(port.Now())).status();
}
absl::Status ProbeFork(Port& port) {
  return port.Fork(Impossible(), 0, [&port](auto) { port.ExitNow(1); }).status();
}

struct Operation {
  std::string_view prefix;  // of the ids whose cases need it
  std::string_view name;
  absl::Status (*probe)(Port& port);
};
// The longest prefix that fits counts. Clauses that are not named need nothing.
constexpr Operation kOperations[] = {
    {"PROC", "Spawn", ProbeSpawn},
    {"CTX", "Spawn", ProbeSpawn},
    {"ENTRY", "Spawn", ProbeSpawn},
    {"LIFE", "Spawn", ProbeSpawn},
    {"MISC-01", "Spawn", ProbeSpawn},
    {"SHR", "Spawn", ProbeSpawn},
    {"LOCK", "Spawn", ProbeSpawn},
    {"RLK", "Spawn", ProbeSpawn},
    {"SEM", "Spawn", ProbeSpawn},
    {"EVT", "Spawn", ProbeSpawn},
    {"COND", "Spawn", ProbeSpawn},
    {"BAR", "Spawn", ProbeSpawn},
    {"VAL", "Spawn", ProbeSpawn},
    {"SHM", "Spawn", ProbeSpawn},
    {"SHL", "Spawn", ProbeSpawn},
    {"RES", "Spawn", ProbeSpawn},
    {"QUE", "Spawn", ProbeSpawn},
    {"POOL", "Spawn", ProbeSpawn},
    {"FUT", "Spawn", ProbeSpawn},
    {"SPWN", "Spawn", ProbeSpawn},
    {"CHLD", "Spawn", ProbeSpawn},
    {"PORT-01", "CreateStreamPair", ProbeStream},
    {"PORT-02", "CreateStreamPair", ProbeStream},
    {"PORT-04", "CreateStreamPair", ProbeStream},
    {"HNDL-02", "CreateStreamPair", ProbeStream},
    {"STRM", "CreateStreamPair", ProbeStream},
    {"GEN", "WaitAny", ProbeWait},
    {"WAIT", "WaitAny", ProbeWait},
    {"CONN", "WaitAny", ProbeWait},
    {"LIVE", "Self", ProbeSelf},
    {"MEM", "CreateSegment", ProbeSegment},
    {"PARK", "CreateParker", ProbeParker},
    {"SYS-03", "StartThread", ProbeThread},
    {"SYS-04", "ProgramPath", ProbeProgram},
};

const Operation* OperationOf(std::string_view id) {
  const Operation* best = nullptr;
  for (const Operation& operation : kOperations) {
    if (id.substr(0, operation.prefix.size()) != operation.prefix) continue;
    if (best == nullptr || operation.prefix.size() > best->prefix.size()) best = &operation;
  }
  return best;
}

struct Capability {
  std::string_view name;
  bool port::Capabilities::*declared;
  absl::Status (*probe)(Port& port);  // null: a fact of the system, no operation to refuse
};
constexpr Capability kCapabilities[] = {
    {"processes", &port::Capabilities::processes, ProbeSpawn},
    {"fork_server", &port::Capabilities::fork_server, ProbeForkServer},
    {"fork", &port::Capabilities::fork, ProbeFork},
    {"pinned_image", &port::Capabilities::pinned_image, nullptr},
    {"replaceable_image", &port::Capabilities::replaceable_image, nullptr},
    {"kernel_identity", &port::Capabilities::kernel_identity, nullptr},
    {"foreign_fork", &port::Capabilities::foreign_fork, nullptr},
};

std::string Text(std::string_view name, const absl::Status& status) {
  return absl::StrCat(std::string(name), " returns ", status.ToString());
}

Support Refused(const Capability& capability, Port& port) {
  Support support;
  support.supported = false;
  support.capability = std::string(capability.name);
  if (capability.probe == nullptr) {
    support.reason = "the system has no such thing";
    return support;
  }
  const absl::Status status = capability.probe(port);
  if (absl::IsUnimplemented(status)) {
    support.reason = std::string(status.message());
  } else {
    support.problem = absl::StrCat("not declared, so it must be kUnimplemented, but ",
                                   Text(capability.name, status), " [PORT-03]");
  }
  return support;
}

}  // namespace

std::vector<std::pair<std::string, bool>> NamedCapabilities(const port::Capabilities& declared) {
  std::vector<std::pair<std::string, bool>> named;
  for (const Capability& capability : kCapabilities) {
    named.emplace_back(capability.name, declared.*capability.declared);
  }
  return named;
}

Support SupportOf(const Clause& clause, std::string_view capabilities, Port& port) {
  const std::string needed =
      absl::StrCat(std::string(clause.capability), ",", std::string(capabilities));
  for (const std::string& name :
       std::vector<std::string>(absl::StrSplit(needed, ',', absl::SkipEmpty()))) {
    const Capability* found = nullptr;
    for (const Capability& capability : kCapabilities) {
      if (capability.name == name) found = &capability;
    }
    if (found == nullptr) {
      Support support;
      support.supported = false;
      support.problem = absl::StrCat("there is no capability \"", name, "\"");
      return support;
    }
    if (!(port.capabilities().*found->declared)) return Refused(*found, port);
  }

  if (port.capabilities().processes) return {};
  const Operation* operation = OperationOf(clause.id);
  if (operation == nullptr) return {};
  const absl::Status status = operation->probe(port);
  if (!absl::IsUnimplemented(status)) return {};
  Support support;
  support.supported = false;
  support.capability = "processes";
  support.reason = absl::StrCat("the port is unfinished: ", std::string(status.message()));
  return support;
}

}  // namespace isoproc::conformance
