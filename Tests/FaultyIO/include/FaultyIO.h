#ifndef FAULTY_IO_H
#define FAULTY_IO_H

/// Lets one system or library call of `chorus` fail, to see what comes of it. Loaded by LD_PRELOAD, and told by the
/// environment:
///
///     FAULTY_IO=KIND:N:FILE
///
/// The Nth call of that kind fails, once, without having done anything; 0 lets none fail. FILE, which is there and has
/// eight bytes, is kept at the number of calls of that kind so far, as the machine writes numbers.
///
///     KIND     calls                                                  fail with
///     spawn    clone3                                                 EAGAIN
///     pipe     pipe2                                                  EMFILE
///     socket   socket, for a Unix socket                              EMFILE
///     connect  connect, to a Unix socket                              ECONNREFUSED
///     write    write, writev, sendmsg to a Unix socket                EPIPE
///     read     read, recvmsg from a Unix socket                       ECONNRESET
///     output   read from a pipe                                       EIO
///     accept   accept4                                                EMFILE
///     answer   write, writev to a client                              EPIPE
///     hear     read from a client                                     ECONNRESET
///     disk     open of a file to write, write to one, fsync, rename   ENOSPC
///     encode   what makes an encoder or a container, and uses it      ENOMEM, or no object
///     timer    timerfd_settime                                        nothing: it comes a second late
///
/// A timer that cannot be set ends SwiftNIO, and rightly: nothing could be done in time any more.
///
/// Processes that `chorus` starts know nothing of it.

#endif
