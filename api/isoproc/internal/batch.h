// The items of a call, encoded: many small ones together, so that none costs memory of its own.
#ifndef ISOPROC_INTERNAL_BATCH_H_
#define ISOPROC_INTERNAL_BATCH_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "isoproc/internal/archive.h"
#include "isoproc/internal/target.h"

namespace isoproc::internal {

// The arguments of some items, one after the other, which are kept and let go together.
struct Batch {
  std::string bytes;
  std::vector<size_t> ends;  // of each item in `bytes`
  Luggage luggage;           // of the item, which is the only one then

  size_t size() const { return ends.size(); }
  // Where in `bytes` an item begins; that of size() is the end.
  size_t begin_of(size_t item) const { return item == 0 ? 0 : ends[item - 1]; }
};
using Batches = std::vector<std::shared_ptr<const Batch>>;

// Makes batches of items. A batch ends with an item that makes it large; those with luggage, and
// large ones that are given as a whole, are alone in theirs, so that they are let go by themselves.
class BatchWriter {
 public:
  void Add(Arguments item) {
    if (!item.luggage.empty() || item.bytes.size() > kFull) {
      Close();
      batch_ = Batch{std::move(item.bytes), {}, std::move(item.luggage)};
      batch_.ends.push_back(batch_.bytes.size());
      Close();
    } else {
      batch_.bytes.append(item.bytes);
      EndItem();
    }
  }
  // An item in two steps: its bytes are appended to these; then it ends.
  std::string& bytes() { return batch_.bytes; }
  void EndItem() {
    batch_.ends.push_back(batch_.bytes.size());
    if (batch_.bytes.size() > kFull) Close();
  }

  Batches Take() && {
    Close();
    return std::move(batches_);
  }

 private:
  static constexpr size_t kFull = size_t{32} << 10;

  void Close() {
    if (batch_.ends.empty()) return;
    batches_.push_back(std::make_shared<const Batch>(std::move(batch_)));
    batch_ = Batch();
  }

  Batch batch_;
  Batches batches_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_INTERNAL_BATCH_H_
