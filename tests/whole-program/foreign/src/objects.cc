// What C++ does with threads and objects, a function each case; `step_*` order threads invisibly.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

extern "C" {
void step_advance();
void step_wait(unsigned steps);
void step_meet(unsigned steps);
}

namespace {

long place;

template <class Action> __attribute__((noinline)) void earlier(Action action) {
  action();
  asm volatile("# earlier");
}

template <class Action> __attribute__((noinline)) void later(Action action) {
  action();
  asm volatile("# later");
}

// In two threads that live at the same time, one after the other.
template <class First, class Second> void in_order(First first, Second second) {
  std::thread one([&] {
    step_meet(2);
    earlier(first);
    step_meet(4);
  });
  std::thread other([&] {
    step_meet(2);
    step_wait(3);
    later(second);
    step_advance();
  });
  one.join();
  other.join();
}

template <class Action> void in_four(Action action) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; thread++) threads.emplace_back(action);
  for (auto &thread : threads) thread.join();
}

struct Shape {
  long size = 1;
  // Looks at the object, so that the compiler keeps what the destructor makes of it.
  virtual ~Shape() { asm volatile("" : : "r"(this) : "memory"); }
  virtual long area() { return size; }
};

struct Square : Shape {
  long area() override { return size * size; }
};

// Waits for its thread at its end, when the thread may still call virtual functions.
struct Worker {
  std::thread thread;
  std::atomic<bool> ends{false};
  long turns = 0;
  Worker() {}
  virtual ~Worker() {
    ends = true;
    thread.join();
  }
  virtual bool turn() {
    turns++;
    return !ends;
  }
  void begin() {
    thread = std::thread([this] {
      while (turn()) {
      }
    });
  }
};

std::string &name() {
  static std::string text = [] {
    place = 1;
    return std::string(100, 'x');
  }();
  return text;
}

} // namespace

extern "C" {

void race_std_threads() {
  in_order([] { place = 1; }, [] { place = 2; });
}

void clean_std_mutex() {
  std::mutex mutex;
  in_four([&] {
    for (int turn = 0; turn < 100; turn++) {
      std::lock_guard<std::mutex> guard(mutex);
      place++;
    }
  });
}

void race_two_std_mutexes() {
  std::mutex one, other;
  in_order(
      [&] {
        std::lock_guard<std::mutex> guard(one);
        place = 1;
      },
      [&] {
        std::lock_guard<std::mutex> guard(other);
        place = 2;
      });
}

void clean_std_atomic() {
  static std::atomic<long *> published{nullptr};
  in_order([] { published.store(new long(5), std::memory_order_release); },
           [] {
             long *read = published.load(std::memory_order_acquire);
             place = *read;
             delete read;
           });
}

void race_relaxed_std_atomic() {
  static std::atomic<bool> flag{false};
  in_order(
      [] {
        place = 1;
        flag.store(true, std::memory_order_relaxed);
      },
      [] {
        if (flag.load(std::memory_order_acquire)) place = 2;
      });
}

void clean_std_fences() {
  static std::atomic<bool> flag{false};
  in_order(
      [] {
        place = 1;
        std::atomic_thread_fence(std::memory_order_release);
        flag.store(true, std::memory_order_relaxed);
      },
      [] {
        if (!flag.load(std::memory_order_relaxed)) return;
        std::atomic_thread_fence(std::memory_order_acquire);
        place = 2;
      });
}


void clean_static_variable() {
  static std::atomic<long> sum{0};
  in_four([] { sum += static_cast<long>(name().size()) + place; });
}

void race_before_static_variable() {
  in_order([] { name(); },
           [] {
             place = 2;
             name();
           });
}

void clean_call_once() {
  static std::once_flag flag;
  static std::atomic<long> sum{0};
  in_four([] {
    std::call_once(flag, [] { place = 3; });
    sum += place;
  });
}

// An attempt that threw comes before the next one.
void clean_call_once_again() {
  static std::once_flag flag;
  auto attempt = [](bool fails) {
    try {
      std::call_once(flag, [fails] {
        place++;
        if (fails) throw std::runtime_error("not yet");
      });
    } catch (const std::runtime_error &) {
    }
  };
  in_order([&] { attempt(true); }, [&] { attempt(false); });
}

void clean_shared_pointer() {
  auto shared = std::make_shared<long>(1);
  std::thread one([shared] { place += *shared; });
  std::thread other([mine = std::move(shared)]() mutable { mine.reset(); });
  one.join();
  other.join();
}

void race_delete_after_read() {
  static std::atomic<long *> block{new long(1)};
  in_order([] { place = *block.load(std::memory_order_relaxed); },
           [] { delete block.load(std::memory_order_relaxed); });
}

void clean_future() {
  auto result = std::async(std::launch::async, [] {
    place = 1;
    return std::string(100, 'y');
  });
  place += static_cast<long>(result.get().size());
}

void clean_exception_from_thread() {
  auto result = std::async(std::launch::async, []() -> int {
    place = 1;
    throw std::runtime_error("expected");
  });
  try {
    result.get();
  } catch (const std::runtime_error &error) {
    place += error.what()[0];
  }
}

void clean_std_condition() {
  std::mutex mutex;
  std::condition_variable condition;
  bool ready = false;
  std::thread writer([&] {
    place = 1;
    std::lock_guard<std::mutex> guard(mutex);
    ready = true;
    condition.notify_one();
  });
  {
    std::unique_lock<std::mutex> lock(mutex);
    condition.wait(lock, [&] { return ready; });
  }
  place = 2;
  writer.join();
}

void clean_shared_mutex() {
  std::shared_mutex mutex;
  static std::atomic<long> sum{0};
  in_four([&] {
    for (int turn = 0; turn < 50; turn++) {
      {
        std::shared_lock<std::shared_mutex> lock(mutex);
        sum += place;
      }
      std::unique_lock<std::shared_mutex> lock(mutex);
      place++;
    }
  });
}

void race_under_shared_locks() {
  static std::shared_mutex mutex;
  in_order(
      [] {
        std::shared_lock<std::shared_mutex> lock(mutex);
        place = 1;
      },
      [] {
        std::shared_lock<std::shared_mutex> lock(mutex);
        place = 2;
      });
}

void clean_virtual_call_during_end() {
  Worker worker;
  worker.begin();
}

void race_virtual_call_during_change_of_class() {
  alignas(Square) static char memory[sizeof(Square)];
  static Shape *shape = new (memory) Square;
  // The destructor of the base class sets the pointer to that one's functions.
  in_order([] { place = shape->area(); }, [] { shape->~Shape(); });
}

void clean_thread_local() {
  static thread_local std::string own = std::string(100, 'z');
  in_four([] { own += "more"; });
}
}
