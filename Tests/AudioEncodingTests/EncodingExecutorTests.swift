import AudioEncoding
import Dispatch
import Foundation
import SpeechCore
import Synchronization
import Testing

/// One after the other, for they fill the machine. A failure may be a deadlock, hence the time limit.
@Suite("The executor for encoding", .serialized, .timeLimit(.minutes(1)))
struct EncodingExecutorTests {
    @Test("never more jobs run at once than allowed, and all of them run")
    func width() async {
        let executor = EncodingExecutor(width: 2)
        let gauge = Gauge()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask(executorPreference: executor) {
                    gauge.enter()
                    _ = (0..<20_000).reduce(0, &+)
                    gauge.leave()
                }
            }
        }
        #expect(gauge.total == 50)
        #expect(gauge.highest <= 2)
    }

    @Test("while it keeps every core busy, everything else still gets its turn")
    func separate() async {
        let width = ProcessInfo.processInfo.activeProcessorCount
        let executor = EncodingExecutor(width: width)
        let (working, released) = (Gauge(), Gauge())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<width {
                group.addTask(executorPreference: executor) {
                    working.enter()
                    while released.total == 0 {}
                }
            }
            group.addTask {
                while working.total < width { await Task.yield() }
                released.enter()
            }
        }
        #expect(working.total == width)
    }

    @Test("an encoder works there, and its caller is elsewhere before and after")
    func thereAndBack() async throws {
        let executor = EncodingExecutor(width: 1)
        let encoder = try AudioEncoder(format: .mp3)
        let others = Gauge()
        expectFree(executor)
        let bytes = try await withTaskExecutorPreference(executor) {
            // The only worker is busy with us, so that this cannot begin before we have ended.
            Task(executorPreference: executor) { others.enter() }
            let bytes = try encoder.encode(Signal.sine(440, seconds: 1))
            #expect(others.total == 0)
            return bytes
        }
        expectFree(executor)
        #expect(others.total == 1)
        #expect(!bytes.isEmpty)
    }

    /// Waits, on this thread, for a job on the executor: it would wait for ever if this thread were its only worker.
    private func expectFree(_ executor: EncodingExecutor) {
        let done = DispatchSemaphore(value: 0)
        Task(executorPreference: executor) { done.signal() }
        done.wait()
    }
}

/// Counts who is inside.
private final class Gauge: Sendable {
    private let state = Mutex((inside: 0, highest: 0, total: 0))

    var highest: Int { state.withLock { $0.highest } }
    var total: Int { state.withLock { $0.total } }

    func enter() {
        state.withLock { state in
            state.inside += 1
            state.total += 1
            state.highest = max(state.highest, state.inside)
        }
    }

    func leave() {
        state.withLock { $0.inside -= 1 }
    }
}
