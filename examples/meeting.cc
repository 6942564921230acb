// Semaphore, Event, Barrier, Condition, SharedMemory and ShareableList, each for what it is good for.
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "isoproc/isoproc.h"

constexpr int kWriters = 3;

struct Desk {
  isoproc::Event opened;
  isoproc::Semaphore pens;
  isoproc::Barrier all_written;
  isoproc::Condition signed_by;
  isoproc::Value<int> signatures;
  isoproc::SharedMemory page;
  isoproc::ShareableList names;
};

void Write(Desk desk, int writer) {
  desk.opened.Wait().IgnoreError();

  // Two pens for three writers.
  desk.pens.Acquire().IgnoreError();
  desk.page.bytes()[writer] = static_cast<std::byte>('a' + writer);
  desk.pens.Release().IgnoreError();

  // From here on, everybody sees the whole page.
  desk.all_written.Wait().IgnoreError();
  const std::string page(reinterpret_cast<const char*>(desk.page.view().data()), kWriters);
  desk.names.Store(writer, page.substr(writer) + page.substr(0, writer)).IgnoreError();

  const std::scoped_lock lock(desk.signed_by);
  desk.signatures.FetchAdd(1).IgnoreError();
  desk.signed_by.NotifyAll().IgnoreError();
}

int main(int argc, char** argv) {
  isoproc::Init(argc, argv);

  using Item = isoproc::ShareableList::Item;
  const std::vector<Item> names(kWriters, std::string("nobody"));
  const Desk desk = {
      .opened = isoproc::Event::Create().value(),
      .pens = isoproc::Semaphore::Create(2).value(),
      .all_written = isoproc::Barrier::Create(kWriters).value(),
      .signed_by = isoproc::Condition::Create().value(),
      .signatures = isoproc::Value<int>::Create().value(),
      .page = isoproc::SharedMemory::Create(kWriters).value(),
      .names = isoproc::ShareableList::Create(names).value(),
  };
  std::vector<isoproc::Process> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.push_back(isoproc::Process::Start<Write>(desk, i).value());
  }
  desk.opened.Set().IgnoreError();

  {
    const std::scoped_lock lock(desk.signed_by);
    desk.signed_by.WaitFor([&desk] { return *desk.signatures.Load() == kWriters; }).IgnoreError();
  }
  const std::vector<Item> written = desk.names.LoadAll().value();
  for (const Item& name : written) std::printf("%s\n", std::get<std::string>(name).c_str());
}
