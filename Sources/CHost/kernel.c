#define _GNU_SOURCE
#include "CHost.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

int armada_memfd(const char *name, uint64_t byte_count)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)byte_count) != 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

int armada_memfd_seal(int fd, int future_write)
{
    int seals = F_SEAL_GROW | F_SEAL_SHRINK | (future_write ? F_SEAL_FUTURE_WRITE : 0);
    return fcntl(fd, F_ADD_SEALS, seals);
}

enum { MAXIMUM_DESCRIPTORS = 8 };

int armada_pipe(int *reader, int *writer)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    *reader = ends[0];
    *writer = ends[1];
    return 0;
}

ssize_t armada_send_descriptors(int socket, const void *bytes, size_t byte_count, const int *fds, size_t fd_count)
{
    if (fd_count > MAXIMUM_DESCRIPTORS) {
        errno = EINVAL;
        return -1;
    }
    char control[CMSG_SPACE(sizeof(int) * MAXIMUM_DESCRIPTORS)] __attribute__((aligned(sizeof(size_t))));
    memset(control, 0, sizeof control);
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = byte_count};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (fd_count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * fd_count);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

ssize_t armada_receive_descriptors(int socket, void *bytes, size_t byte_count, int *fds, size_t *fd_count, int flags)
{
    char control[CMSG_SPACE(sizeof(int) * MAXIMUM_DESCRIPTORS)] __attribute__((aligned(sizeof(size_t))));
    struct iovec vector = {.iov_base = bytes, .iov_len = byte_count};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    size_t room = *fd_count;
    *fd_count = 0;
    ssize_t received = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    if (received < 0)
        return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            if (*fd_count < room)
                fds[(*fd_count)++] = fd;
            else
                close(fd);
        }
    }
    return received;
}

int armada_accept(int listener, pid_t *pid, uid_t *uid)
{
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0)
        return -1;
    struct ucred peer;
    socklen_t byte_count = sizeof peer;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &byte_count) != 0) {
        int reason = errno;
        close(connection);
        errno = reason;
        return -1;
    }
    *pid = peer.pid;
    *uid = peer.uid;
    return connection;
}

static void *wait_for_hangup(void *argument)
{
    // Only the end of the stream: the kernel does not wake this thread for what arrives on the socket.
    struct pollfd request = {.fd = (int)(intptr_t)argument, .events = POLLRDHUP};
    while (poll(&request, 1, -1) <= 0)
        ;
    _exit(0);
}

int armada_exit_on_hangup(int socket)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    // Signals are for the thread that runs the guest.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int reason = pthread_create(&thread, &attributes, wait_for_hangup, (void *)(intptr_t)socket);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    errno = reason;
    return reason == 0 ? 0 : -1;
}

int armada_futex_wait(const void *address, uint32_t expected, uint64_t nanoseconds)
{
    struct timespec limit = {
        .tv_sec = (time_t)(nanoseconds / 1000000000), .tv_nsec = (long)(nanoseconds % 1000000000)};
    return (int)syscall(SYS_futex, address, FUTEX_WAIT, expected, &limit, NULL, 0);
}

int armada_futex_wake(const void *address, int count)
{
    return (int)syscall(SYS_futex, address, FUTEX_WAKE, count, NULL, NULL, 0);
}

int armada_processor(void) { return sched_getcpu(); }

int armada_pin(int processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (processor < 0 || processor >= CPU_SETSIZE) {
        errno = EINVAL;
        return -1;
    }
    CPU_SET(processor, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

_Static_assert(sizeof(cpu_set_t) == 16 * sizeof(uint64_t), "the size of a processor set");

int armada_affinity_get(uint64_t *words) { return sched_getaffinity(0, sizeof(cpu_set_t), (cpu_set_t *)words); }

int armada_affinity_set(const uint64_t *words)
{
    return sched_setaffinity(0, sizeof(cpu_set_t), (const cpu_set_t *)words);
}

int armada_processor_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return (int)sysconf(_SC_NPROCESSORS_ONLN);
    return CPU_COUNT(&set);
}

int armada_die_with_parent(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return -1;
    if (getppid() != parent)
        _exit(1);
    return 0;
}

/// What the child of armada_spawn does, in its parent's memory: it may call nothing but the kernel. Returns on failure only.
static void become(const char *path, char *const argv[], int standard_input, int report, pid_t parent)
{
    // A handler of the parent must not run here; ignored signals would stay ignored in the program.
    struct sigaction default_action = {.sa_handler = SIG_DFL};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, &default_action, NULL);
    // The coordinator decides what Ctrl-C means, and ends its workers itself.
    sigaction(SIGINT, &ignore, NULL);
    sigaction(SIGQUIT, &ignore, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    if (armada_die_with_parent(parent) != 0)
        return;
    if (standard_input == 0) {
        if (fcntl(0, F_SETFD, 0) != 0)
            return;
    } else if (dup2(standard_input, 0) < 0) {
        return;
    }
    // Keeps 0, 1, 2 and the report, which is above them; everything else is the parent's alone.
    if (report > 3)
        syscall(SYS_close_range, 3, (unsigned)report - 1, 0);
    syscall(SYS_close_range, (unsigned)report + 1, ~0U, 0);
    execv(path, argv);
}

pid_t armada_spawn(const char *path, char *const argv[], int standard_input)
{
    // exec's failure comes back through this pipe, which a successful exec closes.
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0)
        return -1;
    int writing_end = fcntl(report[1], F_DUPFD_CLOEXEC, 3);
    int failure = errno;
    close(report[1]);
    if (writing_end < 0) {
        close(report[0]);
        errno = failure;
        return -1;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t child = vfork();
    if (child == 0) {
        become(path, argv, standard_input, writing_end, parent);
        int reason = errno;
        ssize_t ignored = write(writing_end, &reason, sizeof reason);
        (void)ignored;
        _exit(127);
    }
    failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(writing_end);
    if (child > 0) {
        ssize_t count;
        do {
            count = read(report[0], &failure, sizeof failure);
        } while (count < 0 && errno == EINTR);
        if (count == (ssize_t)sizeof failure) {
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
                ;
            child = -1;
        }
    }
    close(report[0]);
    errno = failure;
    return child;
}

int armada_pidfd(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

static uint32_t *strike_word;
static uint32_t strike_bits;
static timer_t strike_timer;

static void strike(int signal)
{
    (void)signal;
    __atomic_fetch_or(strike_word, strike_bits, __ATOMIC_SEQ_CST);
}

int armada_strike_prepare(void *word, uint32_t bits)
{
    strike_word = (uint32_t *)word;
    strike_bits = bits;
    struct sigaction action = {.sa_handler = strike, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGALRM, &action, NULL) != 0)
        return -1;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    return timer_create(CLOCK_MONOTONIC, &event, &strike_timer);
}

int armada_strike_arm(uint64_t nanoseconds)
{
    struct itimerspec when = {
        .it_value = {
            .tv_sec = (time_t)(nanoseconds / 1000000000), .tv_nsec = (long)(nanoseconds % 1000000000)}};
    return timer_settime(strike_timer, TIMER_ABSTIME, &when, NULL);
}

uint64_t armada_monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}
