// A progress bar for terminals, on the standard error.
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
    if (filled == shown_ && done != total) return;  // it would look the same
    shown_ = filled;
    const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
    std::fprintf(stderr, "\r%s [%s] %llu/%llu%s", what_.c_str(), bar.c_str(), static_cast<unsigned long long>(done),
                 static_cast<unsigned long long>(total), done == total ? "\n" : "");
    std::fflush(stderr);
  }

 private:
  static constexpr size_t kWidth = 40;
  const std::string what_;
  size_t shown_ = kWidth + 1;
};

#endif  // ISOPROC_EXAMPLES_PROGRESS_BAR_H_
