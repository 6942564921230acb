#include "platform/base/env_block.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/utf16.h"

namespace isoproc::port {
namespace {

// "name=value" in UTF-16 units ("SetEnvironmentVariable function").
constexpr size_t kMaxVariable = 32766;

struct Variable {
  std::u16string name;
  std::u16string value;
};

char16_t FoldAscii(char16_t c) {
  return c >= u'a' && c <= u'z' ? static_cast<char16_t>(c - u'a' + u'A') : c;
}

bool IsValidName(std::string_view name) {
  return !name.empty() && name.find('=') == std::string_view::npos;
}

absl::StatusOr<Variable> Convert(const std::pair<std::string, std::string>& variable) {
  const auto& [name, value] = variable;
  if (!IsValidName(name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, "' cannot be the name of an environment variable"));
  }
  if (name.find('\0') != std::string::npos || value.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("an environment variable has a NUL");
  }
  absl::StatusOr<std::u16string> wide_name = Utf8ToUtf16(name);
  if (!wide_name.ok()) return wide_name.status();
  absl::StatusOr<std::u16string> wide_value = Utf8ToUtf16(value);
  if (!wide_value.ok()) return wide_value.status();
  if (wide_name->size() + wide_value->size() + 1 > kMaxVariable) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the environment variable '", name, "' is too long for Windows"));
  }
  return Variable{*std::move(wide_name), *std::move(wide_value)};
}

}  // namespace

int CompareIgnoringAsciiCase(std::u16string_view a, std::u16string_view b) {
  const size_t common = std::min(a.size(), b.size());
  for (size_t i = 0; i < common; ++i) {
    if (const int difference = FoldAscii(a[i]) - FoldAscii(b[i])) return difference;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

absl::StatusOr<std::u16string> BuildEnvironmentBlock(
    const std::vector<std::pair<std::string, std::string>>& variables, EnvironmentNameOrder order) {
  std::vector<Variable> sorted;
  sorted.reserve(variables.size());
  for (const auto& variable : variables) {
    absl::StatusOr<Variable> converted = Convert(variable);
    if (!converted.ok()) return converted.status();
    sorted.push_back(*std::move(converted));
  }
  // Stable, so that the last of equals is the one that counts.
  std::stable_sort(sorted.begin(), sorted.end(), [order](const Variable& a, const Variable& b) {
    return order(a.name, b.name) < 0;
  });
  std::u16string block;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i + 1 < sorted.size() && order(sorted[i].name, sorted[i + 1].name) == 0) continue;
    block.append(sorted[i].name).append(1, u'=').append(sorted[i].value).append(1, u'\0');
  }
  if (block.empty()) block.push_back(u'\0');
  block.push_back(u'\0');
  return block;
}

}  // namespace isoproc::port
