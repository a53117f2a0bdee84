import CoreMetrics
import Dispatch
import Glibc
import Logging
import Synchronization

/// Where lines go: a file descriptor with a thread of its own that writes to it, so that whatever logs never waits for
/// the log's reader. It lives as long as the process.
///
/// Lines wait in order, up to a limit of bytes. While they are that many, new ones are dropped. The metric
/// `chorus_log_lines_dropped_total` counts them, and a line says how many they were as soon as the reader takes lines
/// again. A reader that is gone costs only the lines, never the process.
final class LogSink: Sendable {
    /// Bytes of lines that may wait for the reader, unless a sink is made with another limit.
    static let limitBytes = 1 << 20

    /// How long the thread rests after it has written, in microseconds. Lines logged meanwhile go out together, so
    /// a busy server does not wake a thread for every line.
    private static let restMicroseconds: UInt32 = 5_000

    /// A pipe takes up to this many bytes as one piece (`PIPE_BUF`). Lines are written together up to there and never
    /// beyond it, so none is torn, whoever else writes to the same pipe and whenever the process ends.
    private static let pieceBytes = 4096

    private struct State {
        var waiting: [UInt8] = []
        /// Lines that were dropped and of which the log has not said so.
        var dropped = 0
        /// A line found no room. None is taken until the thread has made some, so that what is missing is one stretch.
        var isFull = false
        /// The thread waits to be woken.
        var isIdle = false
    }

    private let descriptor: Int32
    private let limit: Int
    private let formatter: any LogFormatter
    private let state = Mutex(State())
    /// Bytes that were taken and are not written. Read by handlers of signals, which may take no lock.
    private let unwritten = Atomic<Int>(0)
    private let wakeUp = DispatchSemaphore(value: 0)
    private let droppedLines = Counter(label: "chorus_log_lines_dropped_total")

    /// Makes this process ignore SIGPIPE, which would end it when the reader of its logs goes away.
    /// - Parameter fileDescriptor: stays the caller's; open as long as lines come.
    init(fileDescriptor: Int32, formatter: any LogFormatter, limitBytes: Int = limitBytes) {
        signal(SIGPIPE, SIG_IGN)
        descriptor = fileDescriptor
        limit = limitBytes
        self.formatter = formatter
        var thread = pthread_t()
        let work: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { sink in
            if let sink { Unmanaged<LogSink>.fromOpaque(sink).takeUnretainedValue().writeForEver() }
            return nil
        }
        let status = pthread_create(&thread, nil, work, Unmanaged.passRetained(self).toOpaque())
        precondition(status == 0, "the system has no thread for the log")
        pthread_detach(thread)
    }

    /// Has what was logged written as a line, soon. Never waits.
    func write(_ record: LogRecord) {
        var line = formatter.line(for: record)
        let (isTaken, isIdle) = state.withLock { state in
            // A line that is longer than all that may wait never has room: those after it may have.
            let isTooLong = line.utf8.count > limit
            guard !isTooLong, !state.isFull, state.waiting.count + line.utf8.count <= limit else {
                if !isTooLong { state.isFull = true }
                state.dropped += 1
                return (false, false)
            }
            take(&line, into: &state)
            defer { state.isIdle = false }
            return (true, state.isIdle)
        }
        if !isTaken { droppedLines.increment() }
        if isIdle { wakeUp.signal() }
    }

    /// Waits until all that was logged is written, but not for longer than this many milliseconds. A handler of signals
    /// may call it: it takes no lock.
    func flush(milliseconds: Int) {
        for _ in 0..<milliseconds where unwritten.load(ordering: .acquiring) > 0 { usleep(1_000) }
    }

    private func take(_ line: inout String, into state: inout State) {
        line.withUTF8 { bytes in
            state.waiting.append(contentsOf: bytes)
            unwritten.wrappingAdd(bytes.count, ordering: .releasing)
        }
    }

    // MARK: The thread

    private func writeForEver() -> Never {
        while true {
            let batch = nextBatch()
            if batch.isEmpty {
                wakeUp.wait()
                continue
            }
            if let rest = write(batch) {
                let lost = rest.count { $0 == UInt8(ascii: "\n") }
                state.withLock { $0.dropped += lost }
                droppedLines.increment(by: lost)
            }
            unwritten.wrappingSubtract(batch.count, ordering: .releasing)
            usleep(Self.restMicroseconds)
        }
    }

    /// The waiting lines, and after them a line with the number of dropped ones. Empty when nothing waits.
    private func nextBatch() -> [UInt8] {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isIdle = true
                return []
            }
            if state.dropped > 0 {
                let record = LogRecord(
                    time: .now,
                    level: .warning,
                    label: "chorus",
                    message: "Lines of the log were dropped: its reader did not take them in time.",
                    metadata: ["lines": .stringConvertible(state.dropped)]
                )
                var line = formatter.line(for: record)
                take(&line, into: &state)
                state.dropped = 0
            }
            state.isFull = false
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// Writes whole lines.
    /// - Returns: the rest, if the reader is gone.
    private func write(_ lines: [UInt8]) -> ArraySlice<UInt8>? {
        var rest = lines[...]
        while !rest.isEmpty {
            let end = rest.prefix(Self.pieceBytes).lastIndex(of: UInt8(ascii: "\n"))
            let piece = rest[...(end ?? rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex - 1)]
            guard piece.withUnsafeBytes(writeAll) else { return rest }
            rest = rest[piece.endIndex...]
        }
        return nil
    }

    /// - Returns: whether all of it is written.
    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if written > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
            } else if errno == EAGAIN {
                // Whatever shares the descriptor made it non-blocking, and it is full.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wanted, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
