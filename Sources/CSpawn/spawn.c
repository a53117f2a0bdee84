#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/// Has the kernel kill us when our parent has ended, which may have happened already. A change of user undoes it.
static void die_with(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
}

/// Takes another user's rights. Glibc's own functions would have the parent's other threads, which are not here, do the same.
static int become(const struct chorus_user *user) {
    return syscall(SYS_setgroups, user->group_count, user->groups) == 0
        && syscall(SYS_setresgid, user->gid, user->gid, user->gid) == 0
        && syscall(SYS_setresuid, user->uid, user->uid, user->uid) == 0;
}

/// Writes a number into a text that has room for it, as snprintf would if it were async-signal-safe. Returns its length.
static size_t decimal(int number, char text[12]) {
    char digits[10];
    size_t count = 0, length = 0;
    unsigned left = number < 0 ? 0U - (unsigned)number : (unsigned)number;
    do digits[count++] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0) text[length++] = '-';
    while (count > 0) text[length++] = digits[--count];
    return length;
}

/// Everything here runs in the child between clone and exec: async-signal-safe calls only.
static void run_child(const struct chorus_spawn_request *request, pid_t parent, int report) {
    // Before anything else, so that an end of the parent in between is not missed.
    die_with(parent);
    setsid();

    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score >= 0) {
        char text[12];
        size_t length = decimal(request->oom_score_adj, text);
        // Best effort: where it is refused the kernel decides by size alone.
        if (write(score, text, length) < 0) { }
        close(score);
    }

    int input = open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, 0) < 0) goto failed;
    if (dup2(request->output, 1) < 0 || dup2(request->output, 2) < 0) goto failed;
    unsigned first_closed = 3;
    if (request->channel >= 0) {
        // Descriptor 3 may be in use for something that is still needed here.
        int channel = fcntl(request->channel, F_DUPFD, 4);
        report = fcntl(report, F_DUPFD_CLOEXEC, 4);
        if (channel < 0 || report < 0 || dup2(channel, 3) < 0) goto failed;
        first_closed = 4;
    }
    if (syscall(SYS_close_range, first_closed, ~0U, CLOSE_RANGE_CLOEXEC) != 0) goto failed;

    // A worker that is stopped by SIGABRT would write all its weights to the disk.
    if (setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) != 0) goto failed;
    if (request->user != NULL) {
        if (!become(request->user)) goto failed;
        die_with(parent);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) goto failed;
    execvpe(request->arguments[0], request->arguments, request->environment);

failed:;
    int error = errno;
    if (write(report, &error, sizeof error) < 0) { }
    _exit(127);
}

int chorus_spawn(const struct chorus_spawn_request *request, struct chorus_spawned *spawned) {
    // Stays empty, and is closed by exec, if all goes well.
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return errno;

    pid_t parent = getpid();
    int pidfd = -1;
    struct clone_args arguments = {
        .flags = CLONE_PIDFD,
        .pidfd = (uint64_t)(uintptr_t)&pidfd,
        .exit_signal = SIGCHLD,
    };
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) run_child(request, parent, report[1]);
    int error = pid < 0 ? errno : 0;
    close(report[1]);
    if (error != 0) {
        close(report[0]);
        return error;
    }

    ssize_t count;
    do {
        count = read(report[0], &error, sizeof error);
    } while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count == sizeof error) {
        int code, status;
        chorus_reap(pidfd, &code, &status);
        close(pidfd);
        return error;
    }
    spawned->pid = (pid_t)pid;
    spawned->pidfd = pidfd;
    return 0;
}

int chorus_reap(int pidfd, int *code, int *status) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    int result;
    do {
        result = waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED);
    } while (result != 0 && errno == EINTR);
    if (result != 0) return errno;
    *code = info.si_code;
    *status = info.si_status;
    return 0;
}

pid_t chorus_ended_child(void) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ? info.si_pid : 0;
}

int chorus_limit_data(pid_t pid, size_t more) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    if (status == NULL) return ESRCH;
    char line[256];
    unsigned long long kibibytes = 0;
    int found = 0;
    while (!found && fgets(line, sizeof line, status) != NULL)
        found = sscanf(line, "VmData: %llu kB", &kibibytes) == 1;
    fclose(status);
    if (!found) return ESRCH;
    rlim_t bytes = (rlim_t)kibibytes * 1024 + more;
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    struct rlimit old;
    // The hard limit stays, so that the soft one can be moved later without privilege.
    if (prlimit(pid, RLIMIT_DATA, NULL, &old) != 0) return errno;
    limit.rlim_max = old.rlim_max;
    if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
    return prlimit(pid, RLIMIT_DATA, &limit, NULL) == 0 ? 0 : errno;
}

int chorus_pipe(int ends[2], int nonblocking) {
    return pipe2(ends, O_CLOEXEC | (nonblocking ? O_NONBLOCK : 0)) == 0 ? 0 : errno;
}

int chorus_packet_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : errno;
}

/// Room for one descriptor that travels with a packet.
union control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

int chorus_send_packet(int socket, const void *bytes, size_t count, int descriptor) {
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union control control;
    if (descriptor >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof descriptor);
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

ssize_t chorus_receive_packet(int socket, void *bytes, size_t size, int *descriptor) {
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    union control control;
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    *descriptor = -1;
    ssize_t received;
    do {
        received = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
    }
    return received;
}
