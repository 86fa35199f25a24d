// Preloaded into a Redis server: its wall clock is CLOCK_OFFSET_MS ahead of that of the machine. The other clocks stay.
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const long long NS_OF_MS = 1000000LL;
static const long long NS_OF_S = 1000000000LL;

int clock_gettime(clockid_t clock, struct timespec *at) {
  const int failed = (int)syscall(SYS_clock_gettime, clock, at);
  if (failed == 0 && clock == CLOCK_REALTIME) {
    const char *offset = getenv("CLOCK_OFFSET_MS");
    const long long ns = at->tv_sec * NS_OF_S + at->tv_nsec + (offset ? atoll(offset) : 0) * NS_OF_MS;
    at->tv_sec = ns / NS_OF_S;
    at->tv_nsec = ns % NS_OF_S;
  }
  return failed;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct timespec at;
  const int failed = clock_gettime(CLOCK_REALTIME, &at);
  (void)zone;
  time->tv_sec = at.tv_sec;
  time->tv_usec = at.tv_nsec / 1000;
  return failed;
}
