// A directory of one case, removed with all it holds.
#ifndef ISOPROC_CONFORMANCE_HARNESS_TEMP_DIR_H_
#define ISOPROC_CONFORMANCE_HARNESS_TEMP_DIR_H_

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "platform/port/port.h"

namespace isoproc::conformance {

class TempDir {
 public:
  TempDir() {
    std::array<std::byte, 8> random;
    port::HostPort().RandomBytes(absl::MakeSpan(random));
    path_ = std::filesystem::temp_directory_path() /
            absl::StrCat("isoproc-conformance-",
                         absl::BytesToHexString(absl::string_view(
                             reinterpret_cast<const char*>(random.data()), random.size())));
    std::filesystem::create_directory(path_);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;  // a child that was killed may hold a file for a moment
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  // As the port takes it.
  std::string File(const std::string& name) const { return (path_ / name).string(); }
  // The content of a file, empty if there is none; line ends as on POSIX.
  std::string Read(const std::string& name) const {
    std::ifstream file(path_ / name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

 private:
  std::filesystem::path path_;
};

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_HARNESS_TEMP_DIR_H_
