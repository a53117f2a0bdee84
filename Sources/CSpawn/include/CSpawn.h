#ifndef CHORUS_SPAWN_H
#define CHORUS_SPAWN_H

#include <sys/types.h>

/// Another user, whose rights a process is to have instead of ours.
struct chorus_user {
    uid_t uid;
    gid_t gid;
    /// All groups that the user is in.
    const gid_t *groups;
    size_t group_count;
};

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
    /// Whose rights it has, or NULL for ours. To become somebody else takes privilege.
    const struct chorus_user *user;
};

/// What was started.
struct chorus_spawned {
    pid_t pid;
    /// Becomes readable when the process ends. Close-on-exec; the caller closes it.
    int pidfd;
};

/// Starts a program in a session and process group of its own, with standard input from /dev/null and no descriptor of ours
/// but these.
///
/// The kernel sends it SIGKILL when the calling *thread* ends, so call this from a thread that lives as long as the program may.
/// The signal mask and all signal handlers are the default ones. Neither it nor what it starts gets more rights by running a
/// program that gives some (PR_SET_NO_NEW_PRIVS), or leaves a core file. Returns once the program runs.
///
/// Returns 0, or an errno: of exec if the program could not be run (there is no process left then), else of what failed before.
int chorus_spawn(const struct chorus_spawn_request *request, struct chorus_spawned *spawned);

/// How many process groups a guardian can be told of.
#define CHORUS_GUARDED_GROUPS 4096

/// How long a sweep may take, in seconds.
#define CHORUS_SWEEP_SECONDS 5

/// Kills every process that has `mark` (NAME=VALUE) in the environment with which its program began, as all have that were
/// started with it and all that they have started, until there is none, or until CHORUS_SWEEP_SECONDS have passed.
/// Returns how many were still there then. Whose environment we may not read is not seen.
int chorus_sweep(const char *mark);

/// Starts a guardian: a small process that waits until nobody holds `*leash`, as when its parent has ended in whatever way.
/// Then it kills the process groups in `groups` (CHORUS_GUARDED_GROUPS numbers in memory that is shared with it; 0 is none),
/// sweeps, and ends. It holds no descriptor of ours, is in a session of its own, and no signal moves it but SIGKILL.
///
/// `*leash` is close-on-exec. The caller closes it and the pidfd, and reaps the guardian when it ends. Returns 0 or an errno.
int chorus_start_guardian(
    const char *mark,
    const volatile pid_t *groups,
    struct chorus_spawned *guardian,
    int *leash
);

/// The number of a child that has ended and that nobody has waited for, or 0 if there is none. It stays that.
pid_t chorus_ended_child(void);

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
