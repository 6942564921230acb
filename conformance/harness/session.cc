#include "conformance/harness/session.h"

#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "conformance/catalogue/catalogue.h"
#include "conformance/harness/case.h"
#include "conformance/harness/report.h"

namespace isoproc::conformance {

Session& GetSession() {
  static Session& session = *new Session;
  return session;
}

void Session::Begin(const CaseInfo& info) {
  const std::lock_guard lock(mutex_);
  const Clause* clause = FindClause(info.clause());
  CaseResult result;
  result.id = info.id();
  result.clause = info.clause();
  result.test = absl::StrCat(info.suite, ".", info.test_name());
  if (clause != nullptr) result.level = std::string(LevelName(clause->level));
  result.verdict = kPass;
  current_ = std::move(result);
}

void Session::MarkNotSupported(const std::string& capability, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (!current_) return;
  current_->verdict = kNotSupported;
  current_->capability = capability;
  current_->reason = reason;
}

bool Session::not_supported() const {
  const std::lock_guard lock(mutex_);
  return current_ && current_->verdict == kNotSupported;
}

void Session::AddObservation(std::string_view key, std::string_view value) {
  const std::lock_guard lock(mutex_);
  if (current_) current_->observations.push_back({std::string(key), std::string(value)});
}

void Session::End(bool failed, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (!current_) return;
  if (failed) {
    current_->verdict = kFail;
    current_->reason = reason;
  }
  results_.push_back(*std::move(current_));
  current_.reset();
}

void Session::AbandonCurrentCase(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (current_) {
      current_->verdict = kError;
      current_->reason = reason;
      results_.push_back(*std::move(current_));
      current_.reset();
    }
  }
  if (save_on_abandon_) save_on_abandon_();
}

std::vector<CaseResult> Session::results() const {
  const std::lock_guard lock(mutex_);
  return results_;
}

}  // namespace isoproc::conformance
