// A pipe between a case and the standard streams of its children: what they say is an event, and
// its end is the end of all who hold it.
#ifndef ISOPROC_CONFORMANCE_HARNESS_SYSTEM_PIPE_H_
#define ISOPROC_CONFORMANCE_HARNESS_SYSTEM_PIPE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "isoproc/process_options.h"
#include "platform/testing/system_support.h"

namespace isoproc::conformance {

// Reads block; a case that hangs here is ended by its watchdog. Line ends are those of POSIX.
class SystemPipe {
 public:
  SystemPipe() {
    const system_support::NativePipe pipe = system_support::MakePipe();
    read_end_ = pipe.read_end;
    write_end_ = pipe.write_end;
  }
  SystemPipe(const SystemPipe&) = delete;
  SystemPipe& operator=(const SystemPipe&) = delete;
  ~SystemPipe() {
    CloseWriteEnd();
    CloseReadEnd();
  }

  // For a child's standard output or error, and its standard input.
  StandardStream WriteEnd() const { return StandardStream::FromHandle(*write_end_); }
  StandardStream ReadEnd() const { return StandardStream::FromHandle(*read_end_); }

  void CloseWriteEnd() { Close(write_end_); }
  void CloseReadEnd() { Close(read_end_); }

  void Write(std::string_view text) {
    system_support::WritePipe(*write_end_, text.data(), text.size());
  }

  // Without its end; what there is if the pipe ends first. Requires ReadToEnd's closing of the
  // write end only if nobody says a whole line.
  std::string ReadLine() {
    std::string line;
    for (std::optional<char> c = Next(); c.has_value() && *c != '\n'; c = Next()) line += *c;
    return line;
  }
  // Closes the caller's write end and reads until all others are closed.
  std::string ReadToEnd() {
    CloseWriteEnd();
    std::string all;
    for (std::optional<char> c = Next(); c.has_value(); c = Next()) all += *c;
    return all;
  }

 private:
  static void Close(std::optional<int64_t>& end) {
    if (end.has_value()) system_support::ClosePipeEnd(*end);
    end.reset();
  }
  std::optional<char> Next() {
    char c = '\r';
    while (c == '\r') {
      if (used_ == filled_) {
        used_ = 0;
        filled_ = system_support::ReadPipe(*read_end_, buffer_.data(), buffer_.size());
        if (filled_ == 0) return std::nullopt;
      }
      c = buffer_[used_++];
    }
    return c;
  }

  std::optional<int64_t> read_end_;
  std::optional<int64_t> write_end_;
  std::array<char, 4096> buffer_;
  size_t used_ = 0;
  size_t filled_ = 0;
};

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_HARNESS_SYSTEM_PIPE_H_
