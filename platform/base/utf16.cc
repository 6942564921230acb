#include "platform/base/utf16.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace isoproc::port {
namespace {

constexpr char32_t kFirstSupplementary = 0x10000;
constexpr char32_t kLast = 0x10FFFF;

bool IsHighSurrogate(char32_t c) { return c >= 0xD800 && c < 0xDC00; }
bool IsLowSurrogate(char32_t c) { return c >= 0xDC00 && c < 0xE000; }
bool IsContinuation(char32_t byte) { return (byte & 0xC0) == 0x80; }

absl::Status Malformed(std::string_view encoding, size_t offset) {
  return absl::InvalidArgumentError(absl::StrCat(
      "not ", absl::string_view(encoding.data(), encoding.size()), " at offset ", offset));
}

// What the first byte of a sequence says: how many bytes follow, the bits that it holds itself, and
// the smallest value that needs this many bytes.
struct Lead {
  int following;
  char32_t bits;
  char32_t smallest;
};

// Bytes that begin no sequence get `following` -1.
Lead DecodeLead(char32_t byte) {
  if (byte < 0x80) return {0, byte, 0};
  if ((byte & 0xE0) == 0xC0) return {1, byte & 0x1F, 0x80};
  if ((byte & 0xF0) == 0xE0) return {2, byte & 0x0F, 0x800};
  if ((byte & 0xF8) == 0xF0) return {3, byte & 0x07, kFirstSupplementary};
  return {-1, 0, 0};
}

void AppendUtf16(char32_t c, std::u16string& out) {
  if (c < kFirstSupplementary) {
    out.push_back(static_cast<char16_t>(c));
    return;
  }
  const char32_t offset = c - kFirstSupplementary;
  out.push_back(static_cast<char16_t>(0xD800 + (offset >> 10)));
  out.push_back(static_cast<char16_t>(0xDC00 + (offset & 0x3FF)));
}

void AppendUtf8(char32_t c, std::string& out) {
  const auto push = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    push(c);
  } else if (c < 0x800) {
    push(0xC0 | (c >> 6));
    push(0x80 | (c & 0x3F));
  } else if (c < kFirstSupplementary) {
    push(0xE0 | (c >> 12));
    push(0x80 | ((c >> 6) & 0x3F));
    push(0x80 | (c & 0x3F));
  } else {
    push(0xF0 | (c >> 18));
    push(0x80 | ((c >> 12) & 0x3F));
    push(0x80 | ((c >> 6) & 0x3F));
    push(0x80 | (c & 0x3F));
  }
}

}  // namespace

absl::StatusOr<std::u16string> Utf8ToUtf16(std::string_view text) {
  const auto byte_at = [text](size_t i) -> char32_t { return static_cast<uint8_t>(text[i]); };
  std::u16string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t start = i;
    const Lead lead = DecodeLead(byte_at(i++));
    if (lead.following < 0) return Malformed("UTF-8", start);
    char32_t c = lead.bits;
    for (int n = 0; n < lead.following; ++n, ++i) {
      if (i == text.size() || !IsContinuation(byte_at(i))) return Malformed("UTF-8", start);
      c = (c << 6) | (byte_at(i) & 0x3F);
    }
    if (c < lead.smallest || c > kLast || IsHighSurrogate(c) || IsLowSurrogate(c)) {
      return Malformed("UTF-8", start);
    }
    AppendUtf16(c, out);
  }
  return out;
}

absl::StatusOr<std::string> Utf16ToUtf8(std::u16string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char32_t c = text[i];
    if (IsHighSurrogate(c) && i + 1 < text.size() && IsLowSurrogate(text[i + 1])) {
      c = kFirstSupplementary + ((c - 0xD800) << 10) + (text[++i] - char32_t{0xDC00});
    } else if (IsHighSurrogate(c) || IsLowSurrogate(c)) {
      return Malformed("UTF-16", i);
    }
    AppendUtf8(c, out);
  }
  return out;
}

}  // namespace isoproc::port
