// Adds up a large CSV file, by one process, then by a pool, whose start is counted, in which each task reads
// its own piece of the file. Makes the file first and removes it in the end.
//
//   csv_totals [megabytes] [processes]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "examples/progress_bar.h"
#include "isoproc/isoproc.h"

struct Sales {
  int64_t count = 0;
  int64_t cents = 0;
  bool operator==(const Sales&) const = default;
};
using Totals = std::map<std::string, Sales>;

void Add(Totals& totals, const Totals& more) {
  for (const auto& [city, sales] : more) {
    totals[city].count += sales.count;
    totals[city].cents += sales.cents;
  }
}

// A piece of the file: the lines that begin in it.
struct Piece {
  std::string path;
  int64_t begin, end;
};

// A line is: id,city,cents
Totals Total(const Piece& piece) {
  std::ifstream file(piece.path, std::ios::binary);
  std::string line;
  int64_t at = piece.begin;
  if (at > 0) {
    // From behind the first line that begins before: it is that of the piece before.
    file.seekg(at - 1);
    std::getline(file, line);
    at += static_cast<int64_t>(line.size());
  }
  Totals totals;
  while (at < piece.end && std::getline(file, line)) {
    at += static_cast<int64_t>(line.size()) + 1;
    const size_t city = line.find(',') + 1;
    const size_t cents = line.find(',', city) + 1;
    Sales& sales = totals[line.substr(city, cents - 1 - city)];
    ++sales.count;
    sales.cents += std::strtoll(line.c_str() + cents, nullptr, 10);
  }
  return totals;
}

void MakeFile(const std::string& path, int64_t bytes) {
  const char* const cities[] = {"Berlin", "Lima", "Nairobi", "Osaka", "Quito"};
  std::ofstream file(path, std::ios::binary);
  uint32_t random = 1;
  for (int64_t id = 1, written = 0; written < bytes; ++id) {
    random = random * 1664525 + 1013904223;
    const std::string line =
        std::to_string(id) + "," + cities[(random >> 16) % 5] + "," + std::to_string((random >> 8) % 100'000) + "\n";
    file << line;
    written += static_cast<int64_t>(line.size());
  }
}

double Since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);
  const int64_t megabytes = argc > 1 ? std::atoll(argv[1]) : 300;
  const int processes = argc > 2 ? std::max(std::atoi(argv[2]), 1) : isoproc::UsableCpuCount();
  const std::string name = "isoproc-sales-" + std::to_string(isoproc::CurrentProcess().pid()) + ".csv";
  const std::string path = (std::filesystem::temp_directory_path() / name).string();
  MakeFile(path, megabytes * 1'000'000);
  const auto size = static_cast<int64_t>(std::filesystem::file_size(path));

  auto begin = std::chrono::steady_clock::now();
  const Totals alone = Total({path, 0, size});
  const double alone_took = Since(begin);

  begin = std::chrono::steady_clock::now();
  const int64_t piece_size = std::max<int64_t>(size / (8 * processes), 1);
  std::vector<Piece> pieces;
  for (int64_t at = 0; at < size; at += piece_size) pieces.push_back({path, at, std::min(at + piece_size, size)});
  auto pool = isoproc::Pool::Create({.processes = processes}).value();
  ProgressBar bar("pieces");
  Totals totals;
  auto parts = pool.IMapUnordered<Total>(pieces).value();
  uint64_t done = 0;
  for (const absl::StatusOr<Totals>& part : parts) {
    Add(totals, part.value());
    bar.Show(++done, pieces.size());
  }
  const double pool_took = Since(begin);
  std::filesystem::remove(path);

  std::fprintf(stderr, "%lld MB: one process %.2f s, a pool of %d %.2f s: %.2f times as fast\n",
               static_cast<long long>(megabytes), alone_took, processes, pool_took, alone_took / pool_took);
  for (const auto& [city, sales] : totals) {
    std::printf("%-8s %8lld sales %12lld.%02lld\n", city.c_str(), static_cast<long long>(sales.count),
                static_cast<long long>(sales.cents / 100), static_cast<long long>(sales.cents % 100));
  }
  std::printf("%s\n", totals == alone ? "as one process has them" : "NOT AS ONE PROCESS HAS THEM");
}
