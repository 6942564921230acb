// A thread that ends inside user code.
#ifndef ISOPROC_PLATFORM_CORE_THREAD_END_H_
#define ISOPROC_PLATFORM_CORE_THREAD_END_H_

#include <exception>

namespace isoproc::internal {

// User code that ends its thread (pthread_exit) unwinds the stack on some systems, which is no
// exception, but would be caught by catch (...), and that ends the process as a crash. On its way
// out it meets this object, which calls `end` then; that does not return.
template <class End>
class ThreadEnd {
 public:
  explicit ThreadEnd(End end) : end_(end) {}
  ThreadEnd(const ThreadEnd&) = delete;
  ThreadEnd& operator=(const ThreadEnd&) = delete;
  ~ThreadEnd() {
    if (!returned_ && std::uncaught_exceptions() == exceptions_) end_();
  }
  void Returned() { returned_ = true; }

 private:
  End end_;
  const int exceptions_ = std::uncaught_exceptions();
  bool returned_ = false;
};

}  // namespace isoproc::internal

#endif  // ISOPROC_PLATFORM_CORE_THREAD_END_H_
