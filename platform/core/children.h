// The children of this process that have not been reaped.
#ifndef ISOPROC_PLATFORM_CORE_CHILDREN_H_
#define ISOPROC_PLATFORM_CORE_CHILDREN_H_

#include <memory>
#include <mutex>
#include <vector>

namespace isoproc::internal {

class Child;

// Thread safety: all functions from any thread.
class Children {
 public:
  void Add(std::shared_ptr<Child> child);
  void Remove(const Child& child);
  // In the order of their start.
  std::vector<std::shared_ptr<Child>> All();

  // Reaps children that have ended and whose Process is gone.
  void ReapAbandoned();
  // At the end of the process: joins and kills as the children's options say.
  void EndAll();
  // In a fork of the process: closes the copies of its ends of the children's streams, by which
  // they learn of the death of their parent.
  void CloseControlsAfterFork();

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<Child>> children_;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_CHILDREN_H_
