#include "win32/security.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "win32/errors.h"
#include "win32/system.h"
#include "win32/unique_handle.h"
#include "win32/windows_api.h"

namespace isoproc::port::win32 {
namespace {

// The parts point at each other, so the object stays where it was made.
struct OwnerOnlyDescriptor {
  std::vector<std::byte> user;
  std::vector<std::byte> acl;
  SECURITY_DESCRIPTOR descriptor = {};
  SECURITY_ATTRIBUTES attributes = {};
};

// Evaluated directly after a call that failed.
absl::Status LastError(const char* operation) {
  const DWORD error = ::GetLastError();
  return Win32Error(error, operation);
}

absl::StatusOr<std::unique_ptr<OwnerOnlyDescriptor>> MakeOwnerOnly() {
  auto made = std::make_unique<OwnerOnlyDescriptor>();
  HANDLE raw_token = nullptr;
  if (!::OpenProcessToken(::GetCurrentProcess(), TOKEN_QUERY, &raw_token)) {
    return LastError("OpenProcessToken");
  }
  const UniqueHandle token(raw_token);
  made->user.resize(sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE);
  DWORD size = 0;
  if (!::GetTokenInformation(token.get(), TokenUser, made->user.data(),
                             static_cast<DWORD>(made->user.size()), &size)) {
    return LastError("GetTokenInformation");
  }
  PSID const user = reinterpret_cast<const TOKEN_USER*>(made->user.data())->User.Sid;

  made->acl.resize(sizeof(ACL) + sizeof(ACCESS_ALLOWED_ACE) + SECURITY_MAX_SID_SIZE);
  ACL* const acl = reinterpret_cast<ACL*>(made->acl.data());
  if (!::InitializeAcl(acl, static_cast<DWORD>(made->acl.size()), ACL_REVISION) ||
      !::AddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, user) ||
      !::InitializeSecurityDescriptor(&made->descriptor, SECURITY_DESCRIPTOR_REVISION) ||
      !::SetSecurityDescriptorDacl(&made->descriptor, TRUE, acl, FALSE)) {
    return LastError("SetSecurityDescriptorDacl");
  }
  made->attributes.nLength = sizeof(made->attributes);
  made->attributes.lpSecurityDescriptor = &made->descriptor;
  made->attributes.bInheritHandle = FALSE;
  return made;
}

}  // namespace

absl::StatusOr<SECURITY_ATTRIBUTES*> OwnerOnly() {
  static const auto* const made =
      new absl::StatusOr<std::unique_ptr<OwnerOnlyDescriptor>>(MakeOwnerOnly());
  if (!made->ok()) return made->status();
  return &made->value()->attributes;
}

std::string RandomName() {
  std::byte random[kRandomNameSize / 2];
  RandomBytes(absl::MakeSpan(random));
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(random), sizeof(random)));
}

bool IsRandomName(const char* name, size_t size) {
  return size == kRandomNameSize && std::all_of(name, name + size, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace isoproc::port::win32
