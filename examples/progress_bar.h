// A progress bar, on the standard error. It only ever adds to its line, so that it is as good in a file or a pipe as on
// a terminal.
//
//   ProgressBar bar("tiles");
//   pool.Map<Render>(tiles, {.on_progress = [&bar](uint64_t done, uint64_t total) { bar.Show(done, total); }});
#ifndef ISOPROC_EXAMPLES_PROGRESS_BAR_H_
#define ISOPROC_EXAMPLES_PROGRESS_BAR_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

class ProgressBar {
 public:
  explicit ProgressBar(std::string what) : what_(std::move(what)) {}

  void Show(uint64_t done, uint64_t total) {
    const size_t filled = total == 0 ? kWidth : static_cast<size_t>(kWidth * done / total);
    if (!begun_) std::fprintf(stderr, "%s ", what_.c_str());
    begun_ = true;
    if (filled > shown_) std::fputs(std::string(filled - shown_, '#').c_str(), stderr);
    shown_ = filled;
    if (done == total) std::fprintf(stderr, " %llu\n", static_cast<unsigned long long>(total));
    std::fflush(stderr);
  }

 private:
  static constexpr size_t kWidth = 40;
  const std::string what_;
  bool begun_ = false;
  size_t shown_ = 0;
};

#endif  // ISOPROC_EXAMPLES_PROGRESS_BAR_H_
