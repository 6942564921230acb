// Any bytes as a value of some type, which the first byte picks: it is read or refused, and what
// was read can be written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "isoproc/codec.h"

namespace {

struct Leaf {
  bool is_set;
  std::string name;
  std::vector<double> values;
};
struct Tree {
  int64_t number;
  std::vector<Tree> children;
  std::map<std::string, std::optional<Leaf>> leaves;
};
struct Links {
  std::shared_ptr<std::string> first;
  std::shared_ptr<std::string> second;
  std::unique_ptr<Tree> tree;
};

template <class T>
void Try(const std::string& bytes) {
  // Nobody guesses the number of the type.
  const uint64_t tag = isoproc::internal::TypeTag<T>();
  const absl::StatusOr<T> value =
      isoproc::Decode<T>(std::string(reinterpret_cast<const char*>(&tag), sizeof(tag)) + bytes);
  if (!value.ok()) return;
  const absl::StatusOr<std::string> again = isoproc::Encode(*value);
  if (!again.ok() || !isoproc::Decode<T>(*again).ok()) std::abort();
}

using Test = void (*)(const std::string& bytes);
constexpr Test kTests[] = {
    Try<Tree>,
    Try<Links>,
    Try<std::vector<std::string>>,
    Try<std::map<std::string, std::vector<int>>>,
    Try<std::multimap<int, std::set<uint8_t>>>,
    Try<std::unordered_map<std::string, std::tuple<bool, char, double>>>,
    Try<std::variant<int, std::string, std::vector<Leaf>>>,
    Try<std::list<std::deque<std::vector<bool>>>>,
    Try<std::vector<std::tuple<>>>,
    Try<std::pair<std::valarray<double>, std::valarray<std::string>>>,
    Try<std::optional<std::unique_ptr<std::pair<bool, std::u16string>>>>,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  kTests[data[0] % (sizeof(kTests) / sizeof(kTests[0]))](
      std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
