#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The guardian is a copy of one thread of a process that has many: whatever locks the others held stay locked in it.
// So everything here is async-signal-safe, and nothing here allocates memory.

/// How long to wait between two looks for processes that carry the mark.
#define SWEEP_PAUSE_NANOSECONDS 2000000

/// What getdents64(2) fills its buffer with.
struct directory_entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

/// Whether a process's environment has the mark in it. That of a zombie is empty.
static int carries(const char *number, const char *mark, size_t mark_length) {
    // Between two readings as much is kept as may be the beginning of a mark.
    char bytes[8192];
    char path[64] = "/proc/";
    size_t digits = strlen(number);
    if (digits > 20 || mark_length == 0 || mark_length > sizeof bytes / 2) return 0;
    memcpy(path + 6, number, digits);
    memcpy(path + 6 + digits, "/environ", sizeof "/environ");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    int found = 0;
    size_t kept = 0;
    while (!found) {
        ssize_t count = read(file, bytes + kept, sizeof bytes - kept);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        size_t total = kept + (size_t)count;
        found = memmem(bytes, total, mark, mark_length) != NULL;
        kept = total < mark_length ? total : mark_length - 1;
        memmove(bytes, bytes + total - kept, kept);
    }
    close(file);
    return found;
}

/// Kills a process if it carries the mark. Returns whether it did.
static int kill_if_marked(const char *number, const char *mark, size_t mark_length) {
    pid_t pid = 0;
    for (const char *digit = number; *digit != 0; digit++) {
        if (*digit < '0' || *digit > '9') return 0;
        pid = pid * 10 + (*digit - '0');
    }
    // Had first, so that the signal cannot go to another process that has the number by then.
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) return 0;
    int marked = carries(number, mark, mark_length);
    if (marked) syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
    close(pidfd);
    return marked;
}

/// Kills every process that carries the mark. Returns how many did.
static int kill_marked(const char *mark) {
    int directory = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return 0;
    _Alignas(struct directory_entry) char entries[8192];
    size_t mark_length = strlen(mark);
    int marked = 0;
    long count;
    while ((count = syscall(SYS_getdents64, directory, entries, sizeof entries)) > 0) {
        for (long place = 0; place < count;) {
            struct directory_entry *entry = (struct directory_entry *)(entries + place);
            marked += kill_if_marked(entry->name, mark, mark_length);
            place += entry->length;
        }
    }
    close(directory);
    return marked;
}

int chorus_sweep(const char *mark) {
    struct timespec now, end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += CHORUS_SWEEP_SECONDS;
    while (1) {
        // What was killed is there until the kernel has taken it apart, and may have started something before.
        int marked = kill_marked(mark);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (marked == 0 || now.tv_sec > end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec >= end.tv_nsec)) {
            return marked;
        }
        nanosleep(&(struct timespec){.tv_nsec = SWEEP_PAUSE_NANOSECONDS}, NULL);
    }
}

/// The guardian's whole life.
static void guard(const char *mark, const volatile pid_t *groups, int leash) {
    // Nobody but the kernel ends it early, and it is in nobody's way.
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    setsid();
    prctl(PR_SET_NAME, "chorus-guardian");
    if (chdir("/") != 0 || dup2(leash, 0) < 0 || syscall(SYS_close_range, 1, ~0U, 0) != 0) _exit(1);

    char byte;
    ssize_t count;
    do {
        count = read(0, &byte, 1);
    } while (count > 0 || (count < 0 && errno == EINTR));

    for (int index = 0; index < CHORUS_GUARDED_GROUPS; index++) {
        if (groups[index] > 0) kill(-groups[index], SIGKILL);
    }
    _exit(chorus_sweep(mark) == 0 ? 0 : 1);
}

int chorus_start_guardian(
    const char *mark,
    const volatile pid_t *groups,
    struct chorus_spawned *guardian,
    int *leash
) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    int pidfd = -1;
    struct clone_args arguments = {
        .flags = CLONE_PIDFD,
        .pidfd = (uint64_t)(uintptr_t)&pidfd,
        .exit_signal = SIGCHLD,
    };
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) guard(mark, groups, ends[0]);
    int error = pid < 0 ? errno : 0;
    close(ends[0]);
    if (error != 0) {
        close(ends[1]);
        return error;
    }
    guardian->pid = (pid_t)pid;
    guardian->pidfd = pidfd;
    *leash = ends[1];
    return 0;
}
