#include "isoproc/shared_memory.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/types/span.h"
#include "isoproc/internal/archive.h"
#include "isoproc/internal/object_handle.h"
#include "platform/core/shared/shared_block.h"
#include "platform/port/port.h"

namespace isoproc {
namespace {

using internal::SharedBlock;

// What all systems can give.
static_assert(SharedMemory::kMaxNameLength == 30);  // as the message says

absl::Status CheckName(std::string_view name) {
  const bool valid = !name.empty() && name.size() <= SharedMemory::kMaxNameLength &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
                              c == '_' || c == '-';
                     });
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the name of shared memory is 1 to 30 characters, each of them A-Z, a-z, 0-9, '.', '_' or "
      "'-'");
}

absl::Status CheckSize(uint64_t size) {
  if (size != 0) return absl::OkStatus();
  return absl::InvalidArgumentError("shared memory has at least one byte");
}

}  // namespace

absl::StatusOr<SharedMemory> SharedMemory::Create(uint64_t size) {
  const absl::Status valid = CheckSize(size);
  if (!valid.ok()) return valid;
  absl::StatusOr<std::shared_ptr<SharedBlock>> block = SharedBlock::Create(size);
  if (!block.ok()) return block.status();
  return SharedMemory(*std::move(block), "");
}

absl::StatusOr<SharedMemory> SharedMemory::CreateNamed(std::string_view name, uint64_t size) {
  absl::Status valid = CheckName(name);
  valid.Update(CheckSize(size));
  if (!valid.ok()) return valid;
  absl::StatusOr<std::shared_ptr<SharedBlock>> block =
      SharedBlock::CreateNamed(std::string(name), size);
  if (!block.ok()) return block.status();
  return SharedMemory(*std::move(block), std::string(name));
}

absl::StatusOr<SharedMemory> SharedMemory::Open(std::string_view name, MemoryAccess access) {
  const absl::Status valid = CheckName(name);
  if (!valid.ok()) return valid;
  absl::StatusOr<std::shared_ptr<SharedBlock>> block = SharedBlock::OpenNamed(
      std::string(name), access == MemoryAccess::kReadOnly ? port::SegmentAccess::kReadOnly
                                                           : port::SegmentAccess::kReadWrite);
  if (!block.ok()) return block.status();
  return SharedMemory(*std::move(block), std::string(name));
}

absl::Status SharedMemory::Unlink(std::string_view name) {
  const absl::Status valid = CheckName(name);
  return valid.ok() ? port::HostPort().UnlinkSegment(std::string(name)) : valid;
}

absl::Span<std::byte> SharedMemory::bytes() const {
  return block_ == nullptr ? absl::Span<std::byte>() : block_->bytes();
}

absl::Span<const std::byte> SharedMemory::view() const {
  return block_ == nullptr ? absl::Span<const std::byte>() : block_->view();
}

void SharedMemory::Save(internal::WriteArchive& archive) const {
  internal::SaveBlock(archive, block_);
  archive(name_);
}

void SharedMemory::Load(internal::ReadArchive& archive) {
  block_ = internal::LoadBlock(archive);
  archive(name_);
}

}  // namespace isoproc
