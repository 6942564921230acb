// The run: the results of the cases so far.
#ifndef ISOPROC_CONFORMANCE_HARNESS_SESSION_H_
#define ISOPROC_CONFORMANCE_HARNESS_SESSION_H_

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/harness/case.h"
#include "conformance/harness/report.h"

namespace isoproc::conformance {

// Thread safety: all functions from any thread.
class Session {
 public:
  // Called by Case: a case begins; it needs a capability that is not declared.
  void Begin(const CaseInfo& info);
  void MarkNotSupported(const std::string& capability, const std::string& reason);
  bool not_supported() const;

  void AddObservation(std::string_view key, std::string_view value);

  // Called by the listener: the case that began last has ended.
  void End(bool failed, const std::string& reason);

  // Called by the watchdog, just before the program ends: the case counts as an error, and the
  // function that was set saves what is known.
  void AbandonCurrentCase(const std::string& reason);
  void set_save_on_abandon(std::function<void()> save) { save_on_abandon_ = std::move(save); }

  std::vector<CaseResult> results() const;

 private:
  mutable std::mutex mutex_;
  std::optional<CaseResult> current_;
  std::vector<CaseResult> results_;
  std::function<void()> save_on_abandon_;
};
Session& GetSession();

}  // namespace isoproc::conformance

#endif  // ISOPROC_CONFORMANCE_HARNESS_SESSION_H_
