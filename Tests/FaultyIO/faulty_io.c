#define _GNU_SOURCE
#include "FaultyIO.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { SPAWN, PIPE, SOCKET, CONNECT, WRITE, READ, OUTPUT, ACCEPT, ANSWER, HEAR, DISK, ENCODE, TIMER, KINDS };

static const struct { const char *name; int error; } kinds[KINDS] = {
    [SPAWN] = {"spawn", EAGAIN},
    [PIPE] = {"pipe", EMFILE},
    [SOCKET] = {"socket", EMFILE},
    [CONNECT] = {"connect", ECONNREFUSED},
    [WRITE] = {"write", EPIPE},
    [READ] = {"read", ECONNRESET},
    [OUTPUT] = {"output", EIO},
    [ACCEPT] = {"accept", EMFILE},
    [ANSWER] = {"answer", EPIPE},
    [HEAR] = {"hear", ECONNRESET},
    [DISK] = {"disk", ENOSPC},
    [ENCODE] = {"encode", ENOMEM},
    [TIMER] = {"timer", 0},
};

/// Of what kind the call is that is to fail; KINDS if none is.
static enum kind chosen = KINDS;
/// Which of its kind.
static unsigned long long chosen_number;
/// Calls of that kind so far: the file.
static unsigned long long *calls;

static void give_up(const char *what) {
    fprintf(stderr, "FaultyIO: %s\n", what);
    abort();
}

/// Before `main`. Anything that is wrong with what the test says ends the process.
__attribute__((constructor)) static void begin(void) {
    char program[4096], name[16], path[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length < 0 ? 0 : length] = 0;
    const char *told = getenv("FAULTY_IO"), *slash = strrchr(program, '/');
    if (!slash || strcmp(slash, "/chorus") != 0 || !told) return;
    if (sscanf(told, "%15[a-z]:%llu:%4095s", name, &chosen_number, path) != 3) give_up("say FAULTY_IO=KIND:N:FILE");
    int file = open(path, O_RDWR | O_CLOEXEC);
    calls = mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (calls == MAP_FAILED) give_up("the file cannot be used");
    close(file);
    unsetenv("LD_PRELOAD");
    unsetenv("FAULTY_IO");
    for (chosen = 0; chosen < KINDS && strcmp(kinds[chosen].name, name) != 0;) chosen++;
    if (chosen == KINDS) give_up("there is no such kind");
}

/// Counts a call, and says whether it is the one that fails. `errno` is set then.
static int fails(enum kind kind) {
    if (kind == KINDS || kind != chosen || __atomic_add_fetch(calls, 1, __ATOMIC_RELAXED) != chosen_number) return 0;
    errno = kinds[kind].error;
    return 1;
}

/// The function that a function of this file stands before.
#define REAL(function)                                                                                                \
    ({                                                                                                                \
        static __typeof__(&function) real;                                                                            \
        if (!real) real = (__typeof__(&function))dlsym(RTLD_NEXT, #function);                                         \
        real;                                                                                                         \
    })

/// What a descriptor is: of two kinds, one for each direction, or KINDS.
static enum kind kind_of(int descriptor, int is_written) {
    int domain, before = errno;
    socklen_t size = sizeof domain;
    struct stat status;
    enum kind kind = KINDS;
    if (descriptor <= STDERR_FILENO || chosen == KINDS) return KINDS;
    if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0) {
        if (domain == AF_UNIX) kind = is_written ? WRITE : READ;
        if (domain == AF_INET) kind = is_written ? ANSWER : HEAR;
    } else if (fstat(descriptor, &status) == 0) {
        if (S_ISFIFO(status.st_mode) && !is_written) kind = OUTPUT;
        if (S_ISREG(status.st_mode) && is_written) kind = DISK;
    }
    errno = before;
    return kind;
}

long syscall(long number, ...) {
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (int index = 0; index < 6; index++) arguments[index] = va_arg(list, long);
    va_end(list);
    if (number == SYS_clone3 && fails(SPAWN)) return -1;
    return REAL(syscall)(
        number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

int pipe2(int ends[2], int flags) { return fails(PIPE) ? -1 : REAL(pipe2)(ends, flags); }

int socket(int domain, int type, int protocol) {
    return domain == AF_UNIX && fails(SOCKET) ? -1 : REAL(socket)(domain, type, protocol);
}

int connect(int descriptor, const struct sockaddr *address, socklen_t size) {
    return address->sa_family == AF_UNIX && fails(CONNECT) ? -1 : REAL(connect)(descriptor, address, size);
}

int accept4(int descriptor, struct sockaddr *address, socklen_t *size, int flags) {
    return fails(ACCEPT) ? -1 : REAL(accept4)(descriptor, address, size, flags);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    return fails(kind_of(descriptor, 1)) ? -1 : REAL(write)(descriptor, bytes, count);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    return fails(kind_of(descriptor, 1)) ? -1 : REAL(writev)(descriptor, parts, count);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
    return fails(kind_of(descriptor, 1)) ? -1 : REAL(sendmsg)(descriptor, message, flags);
}

ssize_t read(int descriptor, void *bytes, size_t count) {
    return fails(kind_of(descriptor, 0)) ? -1 : REAL(read)(descriptor, bytes, count);
}

ssize_t recvmsg(int descriptor, struct msghdr *message, int flags) {
    return fails(kind_of(descriptor, 0)) ? -1 : REAL(recvmsg)(descriptor, message, flags);
}

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    return flags & O_CREAT && fails(DISK) ? -1 : REAL(open)(path, flags, mode);
}

int fsync(int descriptor) { return fails(DISK) ? -1 : REAL(fsync)(descriptor); }

int rename(const char *from, const char *to) { return fails(DISK) ? -1 : REAL(rename)(from, to); }

int timerfd_settime(int descriptor, int flags, const struct itimerspec *value, struct itimerspec *before) {
    struct itimerspec late = *value;
    if (fails(TIMER)) late.it_value.tv_sec++;
    return REAL(timerfd_settime)(descriptor, flags, &late, before);
}

/// A function of libav's with four arguments at the most, all of them numbers or pointers.
#define LIBAV(function, failure)                                                                                      \
    long function(long first, long second, long third, long fourth) {                                                 \
        return fails(ENCODE) ? (failure) : REAL(function)(first, second, third, fourth);                              \
    }

LIBAV(avcodec_alloc_context3, 0)
LIBAV(avcodec_open2, -ENOMEM)
LIBAV(avcodec_parameters_from_context, -ENOMEM)
LIBAV(avcodec_receive_packet, -ENOMEM)
LIBAV(avcodec_send_frame, -ENOMEM)
LIBAV(avformat_alloc_output_context2, -ENOMEM)
LIBAV(avformat_new_stream, 0)
LIBAV(avformat_write_header, -ENOMEM)
LIBAV(avio_open_dyn_buf, -ENOMEM)
LIBAV(av_dict_set, -ENOMEM)
LIBAV(av_frame_alloc, 0)
LIBAV(av_frame_get_buffer, -ENOMEM)
LIBAV(av_frame_make_writable, -ENOMEM)
LIBAV(av_packet_alloc, 0)
LIBAV(av_write_frame, -ENOMEM)
LIBAV(av_write_trailer, -ENOMEM)
