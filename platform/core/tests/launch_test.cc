#include "platform/core/launch.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "isoproc/exit_status.h"
#include "isoproc/status.h"
#include "platform/core/wire.h"
#include "platform/port/port.h"
#include "platform/testing/mock_port.h"

namespace isoproc::internal {
namespace {

using ::testing::_;
using ::testing::NiceMock;
using ::testing::Return;
using ::testing::ReturnRef;

// A child that does not read what it is told, and whose end of the stream stays open whatever
// becomes of it: a foreign process has a copy. Time passes only while somebody waits.
class LaunchTest : public testing::Test {
 protected:
  using Process = NiceMock<port::MockChildProcess>;
  using Stream = NiceMock<port::MockStream>;

  LaunchTest() {
    ON_CALL(port_, Now).WillByDefault([this] { return now_; });
    ON_CALL(port_, CreateStreamPair).WillByDefault([this]() -> absl::StatusOr<port::StreamPair> {
      auto own = std::make_unique<Stream>();
      ON_CALL(*own, Write).WillByDefault([this](auto bytes, port::Deadline deadline) {
        return Write(bytes.size(), deadline);
      });
      ON_CALL(*own, Read).WillByDefault(Return(absl::DeadlineExceededError("nothing there")));
      return port::StreamPair{std::move(own), std::make_unique<Stream>()};
    });
    ON_CALL(port_, WaitAny).WillByDefault(Return(std::vector<size_t>{1}));
    ON_CALL(*process_, notice).WillByDefault(ReturnRef(notice_));
    ON_CALL(*process_, Wait).WillByDefault([this](port::Deadline) {
      return end_.has_value() ? absl::StatusOr<port::Termination>(*end_)
                              : absl::DeadlineExceededError("it runs");
    });
    ON_CALL(*process_, Kill).WillByDefault([this](int signal) {
      end_ = {port::Termination::Kind::kSignalled, signal};
      return absl::OkStatus();
    });
  }

  absl::StatusOr<size_t> Write(size_t size, port::Deadline deadline) {
    constexpr size_t kRoom = 4096;
    if (written_ < kRoom) {
      const size_t fits = std::min(size, kRoom - written_);
      written_ += fits;
      return fits;
    }
    if (++refused_ > 1000) return absl::InternalError("it is tried for ever");
    if (deadline.Expired(now_)) return absl::DeadlineExceededError("no room");
    now_ += deadline.Remaining(now_);
    if (dies_at_.has_value() && now_ >= *dies_at_) end_ = {port::Termination::Kind::kExited, 3};
    return absl::DeadlineExceededError("no room");
  }

  absl::StatusOr<Launched> LaunchIt(port::Deadline deadline) {
    return Launch(
        port_, {}, StartMessage(), std::string(1 << 20, 'x'), {}, deadline,
        [this](const port::SpawnRequest&, std::unique_ptr<port::Stream>&)
            -> absl::StatusOr<std::unique_ptr<port::ChildProcess>> { return std::move(process_); });
  }

  NiceMock<port::MockPort> port_;
  NiceMock<port::MockStream> notice_;
  std::unique_ptr<Process> process_ = std::make_unique<Process>();
  absl::Duration now_ = absl::Seconds(1000);
  size_t written_ = 0;
  int refused_ = 0;
  std::optional<absl::Duration> dies_at_;
  std::optional<port::Termination> end_;
};

TEST_F(LaunchTest, ChildThatDiesBeforeItReadIsNotWrittenToForEver) {
  dies_at_ = now_ + absl::Seconds(3);
  EXPECT_CALL(*process_, Kill).Times(0);
  const absl::Status status = LaunchIt(port::Deadline::Never()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(ExitStatusOf(status), ExitStatus::Exited(3));
  EXPECT_LT(now_, *dies_at_ + absl::Seconds(1));
}

TEST_F(LaunchTest, ChildThatNeverReadsIsKilledInTime) {
  const absl::Duration begin = now_;
  EXPECT_CALL(*process_, Kill(9));
  const absl::Status status = LaunchIt(port::Deadline::After(begin, absl::Seconds(5))).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_EQ(now_, begin + absl::Seconds(5));
}

}  // namespace
}  // namespace isoproc::internal
