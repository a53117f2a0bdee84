import Glibc
import Synchronization

/// Where lines go: a file descriptor. One `write` for each line, one line at a time, so that lines of several threads
/// do not mix.
///
/// A reader that is slow holds the writer up; one that is gone costs only the lines, never the process.
final class LogSink: Sendable {
    private let fileDescriptor: Mutex<Int32>

    /// Makes this process ignore SIGPIPE, which would end it when the reader of its logs goes away.
    /// - Parameter fileDescriptor: stays the caller's; open as long as this lives.
    init(fileDescriptor: Int32) {
        signal(SIGPIPE, SIG_IGN)
        self.fileDescriptor = Mutex(fileDescriptor)
    }

    /// Writes all of the line, or as much as the reader takes before it is gone.
    func write(_ line: String) {
        var line = line
        line.withUTF8 { bytes in
            fileDescriptor.withLock { descriptor in
                var rest = UnsafeRawBufferPointer(bytes)
                while !rest.isEmpty {
                    let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
                    if written > 0 {
                        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
                    } else if errno == EAGAIN {
                        // Someone who shares the descriptor made it non-blocking, and it is full.
                        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                        poll(&wanted, 1, -1)
                    } else if errno != EINTR {
                        return
                    }
                }
            }
        }
    }
}
