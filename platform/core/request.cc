#include "platform/core/request.h"

#include "isoproc/process_options.h"
#include "platform/port/process.h"

namespace isoproc::internal {
namespace {

port::StandardStream ToPort(const StandardStream& stream) {
  using From = StandardStream::Kind;
  using To = port::StandardStream::Kind;
  port::StandardStream converted;
  switch (stream.kind()) {
    case From::kNull:
      converted.kind = To::kNull;
      break;
    case From::kInherit:
      converted.kind = To::kInherit;
      break;
    case From::kReadFile:
      converted.kind = To::kReadFile;
      break;
    case From::kWriteFile:
      converted.kind = To::kWriteFile;
      break;
    case From::kAppendFile:
      converted.kind = To::kAppendFile;
      break;
    case From::kHandle:
      converted.kind = To::kHandle;
      break;
  }
  converted.path = stream.path();
  converted.native = stream.native();
  return converted;
}

}  // namespace

port::SpawnRequest ToRequest(const ProcessOptions& options) {
  port::SpawnRequest request;
  if (options.environment.has_value()) {
    request.environment.emplace(options.environment->begin(), options.environment->end());
  }
  request.working_directory = options.working_directory;
  request.standard_streams = {ToPort(options.standard_input), ToPort(options.standard_output),
                              ToPort(options.standard_error)};
  request.detached = options.detached;
  return request;
}

}  // namespace isoproc::internal
