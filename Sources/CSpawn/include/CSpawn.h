#ifndef CHORUS_SPAWN_H
#define CHORUS_SPAWN_H

#include <sys/types.h>

/// What to start.
struct chorus_spawn_request {
    /// The program (searched on PATH) and its arguments, ended by NULL.
    char *const *arguments;
    /// The environment, as NAME=VALUE, ended by NULL.
    char *const *environment;
    /// Becomes standard output and standard error.
    int output;
    /// Becomes descriptor 3, or -1 for none.
    int channel;
    /// How willingly the kernel ends it when memory is short, -1000 to 1000. Raising needs no privilege.
    int oom_score_adj;
};

/// What was started.
struct chorus_spawned {
    pid_t pid;
    /// Becomes readable when the process ends. Close-on-exec; the caller closes it.
    int pidfd;
};

/// Starts a program in a process group of its own, with standard input from /dev/null and no descriptor of ours but these.
///
/// The kernel sends it SIGKILL when the calling *thread* ends, so call this from a thread that lives as long as the program may.
/// The signal mask and all signal handlers are the default ones. Returns once the program runs.
///
/// Returns 0, or an errno: of exec if the program could not be run (there is no process left then), else of what failed before.
int chorus_spawn(const struct chorus_spawn_request *request, struct chorus_spawned *spawned);

/// Waits for an ended process and forgets it. Returns 0 and what waitid(2) says of its end, or an errno.
/// `code` is CLD_EXITED, CLD_KILLED or CLD_DUMPED; `status` is the exit status or the signal.
int chorus_reap(int pidfd, int *code, int *status);

/// From now on the private, writable memory of a process may grow by so many bytes at most (RLIMIT_DATA, which counts what
/// may become resident, not address space). More is refused to it, as if there were none. Returns 0 or an errno.
int chorus_limit_data(pid_t pid, size_t more);

/// Makes a pipe whose ends are close-on-exec, and do not block if `nonblocking`. Returns 0 or an errno.
int chorus_pipe(int ends[2], int nonblocking);

/// Makes a connected pair of packet sockets (SOCK_SEQPACKET) whose ends are close-on-exec. Returns 0 or an errno.
int chorus_packet_pair(int ends[2]);

/// Sends one packet, and with it a copy of a descriptor unless that is -1. Does not wait. Returns 0 or an errno.
int chorus_send_packet(int socket, const void *bytes, size_t count, int descriptor);

/// Receives one packet. `*descriptor` is the one that came with it, close-on-exec, or -1. Does not wait.
/// Returns its size, 0 when the other end is gone, or a negative errno.
ssize_t chorus_receive_packet(int socket, void *bytes, size_t size, int *descriptor);

#endif
