// A picture of the Mandelbrot set, in tiles: by one process, then by a pool, whose start is counted. Writes
// mandelbrot.ppm.
//
//   mandelbrot [width] [processes]
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "examples/progress_bar.h"
#include "isoproc/isoproc.h"

constexpr int kTile = 64;
constexpr int kMostSteps = 1000;

struct Tile {
  int left, top;
};

// Travels once to each worker; a tile with each task.
struct Painter {
  int width, height;

  // Three bytes for each pixel.
  std::string operator()(const Tile& tile) const {
    std::string pixels;
    for (int y = tile.top; y < tile.top + kTile; ++y) {
      for (int x = tile.left; x < tile.left + kTile; ++x) {
        const int steps = Steps(-2.2 + 3.2 * x / width, -1.0 + 2.0 * y / height);
        pixels.push_back(static_cast<char>(steps == kMostSteps ? 0 : steps * 5));
        pixels.push_back(static_cast<char>(steps == kMostSteps ? 0 : steps * 3));
        pixels.push_back(static_cast<char>(steps == kMostSteps ? 0 : 80 + steps * 2));
      }
    }
    return pixels;
  }

 private:
  static int Steps(double re, double im) {
    double x = 0, y = 0;
    int steps = 0;
    while (steps < kMostSteps && x * x + y * y < 4) {
      const double next = x * x - y * y + re;
      y = 2 * x * y + im;
      x = next;
      ++steps;
    }
    return steps;
  }
};

class Picture {
 public:
  Picture(int width, int height) : width_(width), height_(height), pixels_(3 * size_t(width) * size_t(height), '\0') {}

  void Put(const Tile& tile, const std::string& pixels) {
    for (int y = 0; y < kTile; ++y) {
      const size_t row = 3 * (size_t(tile.top + y) * size_t(width_) + size_t(tile.left));
      pixels_.replace(row, 3 * kTile, pixels, 3 * size_t(y) * kTile, 3 * kTile);
    }
  }
  bool Write(const char* path) const {
    std::FILE* const file = std::fopen(path, "wb");
    if (file == nullptr) return false;
    std::fprintf(file, "P6\n%d %d\n255\n", width_, height_);
    std::fwrite(pixels_.data(), 1, pixels_.size(), file);
    return std::fclose(file) == 0;
  }
  bool operator==(const Picture&) const = default;

 private:
  int width_, height_;
  std::string pixels_;
};

double Since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  const int width = (argc > 1 ? std::atoi(argv[1]) : 2048) / kTile * kTile;
  const int height = width * 2 / 3 / kTile * kTile;
  const int processes = argc > 2 ? std::max(std::atoi(argv[2]), 1) : isoproc::UsableCpuCount();
  const Painter painter{width, height};
  std::vector<Tile> tiles;
  for (int top = 0; top < height; top += kTile) {
    for (int left = 0; left < width; left += kTile) tiles.push_back({left, top});
  }

  auto begin = std::chrono::steady_clock::now();
  Picture alone(width, height);
  for (const Tile& tile : tiles) alone.Put(tile, painter(tile));
  const double alone_took = Since(begin);

  begin = std::chrono::steady_clock::now();
  auto pool = isoproc::Pool::Create({.processes = processes}).value();
  ProgressBar bar("tiles");
  // Tiles take very different times, so that each worker gets one after the other.
  const auto painted =
      pool.Map(painter, tiles, {.chunk_size = 1, .on_progress = [&bar](uint64_t done, uint64_t total) {
                                  bar.Show(done, total);
                                }}).value();
  const double pool_took = Since(begin);
  Picture picture(width, height);
  for (size_t i = 0; i < tiles.size(); ++i) picture.Put(tiles[i], painted[i]);

  std::fprintf(stderr, "one process %.2f s, a pool of %d %.2f s: %.2f times as fast\n", alone_took, processes,
               pool_took, alone_took / pool_took);
  std::printf("%d x %d in %zu tiles, %s\n", width, height, tiles.size(),
              picture == alone ? "the same picture" : "ANOTHER PICTURE");
  std::printf("mandelbrot.ppm %s\n", picture.Write("mandelbrot.ppm") ? "written" : "not written");
}

// Seen: 256 x 128 in 8 tiles, the same picture / mandelbrot.ppm written
