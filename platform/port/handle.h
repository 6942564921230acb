// An owned native handle on its way to another object or process.
#ifndef ISOPROC_PLATFORM_PORT_HANDLE_H_
#define ISOPROC_PLATFORM_PORT_HANDLE_H_

#include <cstdint>
#include <utility>

namespace isoproc::port {

// Owns one native handle (a file descriptor, a Win32 HANDLE) without saying what it refers to.
// Move-only; closes what it holds when destroyed or assigned to.                        [HNDL-01]
// Never inherited by a child unless listed in a SpawnRequest.                           [HNDL-02]
// Thread safety: as a plain value.
class Handle {
 public:
  using Closer = void (*)(int64_t native);

  Handle() = default;
  // Takes ownership of `native`, which `closer` closes. `native` is valid.
  Handle(int64_t native, Closer closer) : native_(native), closer_(closer) {}
  Handle(Handle&& other) noexcept
      : native_(other.native_), closer_(std::exchange(other.closer_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      native_ = other.native_;
      closer_ = std::exchange(other.closer_, nullptr);
    }
    return *this;
  }
  ~Handle() { reset(); }

  explicit operator bool() const { return closer_ != nullptr; }
  // The native value. Requires: not empty.
  int64_t native() const { return native_; }
  // Gives up ownership. Requires: not empty.
  [[nodiscard]] int64_t release() {
    closer_ = nullptr;
    return native_;
  }
  void reset() {
    if (Closer closer = std::exchange(closer_, nullptr)) closer(native_);
  }

 private:
  int64_t native_ = 0;
  Closer closer_ = nullptr;
};

}  // namespace isoproc::port

#endif  // ISOPROC_PLATFORM_PORT_HANDLE_H_
