// How a process ended.
#ifndef ISOPROC_EXIT_STATUS_H_
#define ISOPROC_EXIT_STATUS_H_

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace isoproc {

// A value: one of three ways to end, the same on every platform. Thread safety: as a plain value.
class ExitStatus {
 public:
  enum class Kind {
    kExited,     // the target returned, or the process called exit: code() is 0 to 255
    kSignalled,  // killed, terminated or crashed: code() is minus the signal number
    kThrew,      // the target threw: code() is 1
  };

  // `code` is reduced to its low eight bits, as POSIX does.                             [PROC-25]
  static ExitStatus Exited(int code) { return ExitStatus(Kind::kExited, code & 0xFF); }
  // `signal` is numbered as on Linux, on every platform: 6 abort, 9 kill, 11 invalid access,
  // 15 terminate.                                                             [PROC-29, PROC-31]
  static ExitStatus Signalled(int signal) { return ExitStatus(Kind::kSignalled, -signal); }
  // `type` is the exception's type as C++ spells it, "unknown" if it is no std::exception; `what`
  // its what(), at most 16 KiB of it.                                                   [PROC-24]
  static ExitStatus Threw(std::string_view type, std::string_view what) {
    ExitStatus status(Kind::kThrew, 1);
    status.type_ = type;
    status.what_ = what;
    return status;
  }

  Kind kind() const { return kind_; }
  bool ok() const { return kind_ == Kind::kExited && code_ == 0; }

  // The exit code (0 to 255), minus the signal number, or 1 for an exception.          [PROC-29]
  int code() const { return code_; }
  // The signal number; 0 unless kSignalled.
  int signal() const { return kind_ == Kind::kSignalled ? -code_ : 0; }
  // Empty unless kThrew.
  const std::string& type() const { return type_; }
  const std::string& what() const { return what_; }

  // "exited 3", "signalled 9 (SIGKILL)", "threw std::runtime_error: disk is full".     [PROC-62]
  std::string ToString() const;

  friend bool operator==(const ExitStatus& a, const ExitStatus& b) {
    return a.kind_ == b.kind_ && a.code_ == b.code_ && a.type_ == b.type_ && a.what_ == b.what_;
  }
  friend std::ostream& operator<<(std::ostream& out, const ExitStatus& status) {
    return out << status.ToString();
  }

 private:
  ExitStatus(Kind kind, int code) : kind_(kind), code_(code) {}

  Kind kind_;
  int code_;
  std::string type_;
  std::string what_;
};

}  // namespace isoproc

#endif  // ISOPROC_EXIT_STATUS_H_
