#include "win32/sync.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/deadline.h"
#include "platform/port/sync.h"
#include "platform/port/waitable.h"
#include "win32/errors.h"
#include "win32/security.h"
#include "win32/syscalls.h"
#include "win32/unique_handle.h"
#include "win32/wait.h"
#include "win32/waitable.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// WaitOnAddress would need no names, but "threads in the same process" is all that it wakes
// ("WakeByAddressSingle function").
static_assert(kRandomNameSize < sizeof(ParkerCell::address));

std::wstring EventName(std::string_view random) {
  return LR"(Local\isoproc-parker-)" + std::wstring(random.begin(), random.end());
}

// Ready while there is a token. The event says when to look.
class TokenWatch final : public Watch {
 public:
  TokenWatch(const ParkerCell& cell, HANDLE event) : cell_(cell), event_(event) {}
  bool Ready() override { return cell_.token.load(std::memory_order_acquire) != 0; }
  absl::StatusOr<HANDLE> Arm() override { return event_; }

 private:
  const ParkerCell& cell_;
  const HANDLE event_;
};

class Win32Parker final : public Parker, public Waitable, public Watchable {
 public:
  Win32Parker(ParkerCell& cell, UniqueHandle event) : cell_(cell), event_(std::move(event)) {}

  absl::Status Park(Deadline deadline) override {
    while (true) {
      if (TakeToken()) return absl::OkStatus();
      // The event may be left over from a token that was taken without a sleep: look again.
      const absl::Status status = WaitFor(event_.get(), deadline);
      if (status.ok()) continue;
      // Whoever was late to set the event was not late to give the token.
      return TakeToken() ? absl::OkStatus() : status;
    }
  }

  absl::StatusOr<Waitable*> Listen() override { return this; }
  absl::StatusOr<std::unique_ptr<Watch>> StartWatch() override {
    return std::make_unique<TokenWatch>(cell_, event_.get());
  }

 private:
  bool TakeToken() { return cell_.token.exchange(0, std::memory_order_acq_rel) != 0; }

  ParkerCell& cell_;
  UniqueHandle event_;  // auto-reset
};

}  // namespace

absl::StatusOr<std::unique_ptr<Parker>> CreateParker(ParkerCell& cell) {
  const absl::StatusOr<SECURITY_ATTRIBUTES*> owner_only = OwnerOnly();
  if (!owner_only.ok()) return owner_only.status();
  const std::string random = RandomName();
  UniqueHandle event(
      sys.create_event(*owner_only, /*bManualReset=*/FALSE, FALSE, EventName(random).c_str()));
  const DWORD error = ::GetLastError();
  if (!event || error == ERROR_ALREADY_EXISTS) return Win32Error(error, "CreateEvent");
  cell.token.store(0, std::memory_order_relaxed);
  std::fill(std::begin(cell.address), std::end(cell.address), '\0');
  std::copy(random.begin(), random.end(), cell.address);
  return std::make_unique<Win32Parker>(cell, std::move(event));
}

void Unpark(ParkerCell& cell) {
  // Also if there was a token: who gave it may have died before it set the event.
  cell.token.exchange(1, std::memory_order_acq_rel);
  // Anybody could have written to the cell: nothing but a name of ours reaches the system.
  std::string random(cell.address, sizeof(cell.address));
  random.resize(std::min(random.find('\0'), random.size()));
  if (!IsRandomName(random.data(), random.size())) return;
  const UniqueHandle event(
      ::OpenEventW(EVENT_MODIFY_STATE, /*bInheritHandle=*/FALSE, EventName(random).c_str()));
  if (event) ::SetEvent(event.get());
}

}  // namespace isoproc::port::win32
