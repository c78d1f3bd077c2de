#define _GNU_SOURCE
#include "events.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int armada_events_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int armada_events_add(int set, int fd, int writable, uint64_t token)
{
    struct epoll_event event = {.events = writable ? EPOLLOUT : EPOLLIN, .data.u64 = token};
    return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

int armada_events_remove(int set, int fd) { return epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL); }

int armada_events_wait(int set, uint64_t *tokens, int capacity, int64_t nanoseconds)
{
    struct epoll_event events[64];
    if (capacity > 64)
        capacity = 64;
    int count;
    if (nanoseconds == 0) {
        count = epoll_wait(set, events, capacity, 0);
    } else {
        struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
        count = epoll_pwait2(set, events, capacity, nanoseconds < 0 ? NULL : &limit, NULL);
        if (count < 0 && errno == ENOSYS) {
            // Before Linux 5.11, and under valgrind: rounded up to milliseconds.
            int64_t milliseconds = nanoseconds < 0 ? -1 : (nanoseconds + 999999) / 1000000;
            count = epoll_wait(set, events, capacity, milliseconds > INT_MAX ? INT_MAX : (int)milliseconds);
        }
    }
    if (count < 0)
        return errno == EINTR ? 0 : -1;
    for (int i = 0; i < count; i++)
        tokens[i] = events[i].data.u64;
    return count;
}

static int make_set(sigset_t *set, const int *signals, size_t count)
{
    if (count > 8) {
        errno = EINVAL;
        return -1;
    }
    sigemptyset(set);
    for (size_t i = 0; i < count; i++)
        sigaddset(set, signals[i]);
    return 0;
}

int armada_signals_open(const int *signals, size_t count)
{
    sigset_t set;
    if (make_set(&set, signals, count) != 0 || sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int armada_signals_read(int fd)
{
    struct signalfd_siginfo info;
    ssize_t count = read(fd, &info, sizeof info);
    return count == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

int armada_signals_release(const int *signals, size_t count)
{
    sigset_t set;
    if (make_set(&set, signals, count) != 0)
        return -1;
    struct timespec now = {0};
    while (sigtimedwait(&set, NULL, &now) > 0) {
    }
    return sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int armada_timer_slack(uint64_t nanoseconds) { return prctl(PR_SET_TIMERSLACK, nanoseconds); }

int armada_time_slice(uint64_t nanoseconds)
{
    // struct sched_attr of sched_setattr(2), as of its first version.
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes;
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return -1;
    if (attributes.policy != SCHED_OTHER) return 0;
    attributes.size = sizeof attributes;
    attributes.runtime = nanoseconds;
    return (int)syscall(SYS_sched_setattr, 0, &attributes, 0);
}
