// A worker dies with an item that is not done. It had it on a lease, so that the next one gets it.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "isoproc/isoproc.h"

using Jobs = isoproc::Queue<std::string>;

void Work(Jobs jobs, bool dies) {
  while (true) {
    auto job = jobs.GetLease();
    if (!job.ok()) break;    // the queue is closed, and nothing will come back
    if (dies) std::exit(1);  // or crashes, or is killed
    std::printf("%s%s\n", (*job)->c_str(), job->redelivered() ? ", which somebody had before" : "");
    std::fflush(stdout);
    job->Done().IgnoreError();  // from now on it does not come back
  }
}

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);

  auto jobs = Jobs::Create().value();
  for (const char* job : {"sweep", "cook", "wash"}) jobs.Put(job).IgnoreError();
  jobs.Close();
  for (const bool dies : {true, false}) {
    isoproc::Process::Start<Work>(jobs, dies).value().Join().value();
  }
  std::printf("all is done: %s\n", jobs.Join(absl::Seconds(1)).ok() ? "yes" : "no");
}

// Seen: "sweep, which somebody had before", "cook", "wash", "all is done: yes".
