// A worker whose task says to the pool what only the worker may say.
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "isoproc/isoproc.h"
#include "platform/testing/pool_refusal.h"

namespace isoproc {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);
// More than a worker has.
constexpr int kMostDescriptors = 64;

int Twice(int number) { return 2 * number; }

// On each socket, of which one is that to the pool. Then it stays in the task.
int Refuse(int) {
  const std::string refusal = PoolRefusal().value();
  for (int fd = 3; fd < kMostDescriptors; ++fd) {
    ::send(fd, refusal.data(), refusal.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  while (true) ::pause();
}

void ExpectKilled(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted) << status;
  EXPECT_EQ(ExitStatusOf(status), ExitStatus::Signalled(9)) << status;
}

TEST(ScribblingWorker, OneThatRefusesWhatItHasBegunIsKilled) {
  Pool pool = Pool::Create({.processes = 1}).value();
  ExpectKilled(pool.ApplyAsync<Refuse>(1).value().Get(kPatience).status());
  EXPECT_EQ(pool.ApplyAsync<Twice>(21).value().Get(kPatience).value(), 42);
}

// The second of a chunk: of the first there is a result.
int RefuseOne(int number) { return number == 1 ? Refuse(number) : number; }
TEST(ScribblingWorker, AlsoInTheMidstOfAChunk) {
  Pool pool = Pool::Create({.processes = 1}).value();
  const auto got = pool.MapOutcomes<RefuseOne>(std::vector<int>{0, 1, 2},
                                               {.chunk_size = 3, .total_timeout = kPatience});
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ((*got)[0].value(), 0);
  ExpectKilled((*got)[1].status());
  EXPECT_EQ((*got)[2].value(), 2);
}

}  // namespace
}  // namespace isoproc
