package import Testing
private import Dispatch

/// Runs the tests of a suite on a thread of their own, one after the other. The threads of tasks are as few as the
/// cores. Tests that calculate for long would keep them from tests that wait for real processes.
package struct OwnThread: SuiteTrait, TestTrait, TestScoping {
    private final class Executor: TaskExecutor {
        private let queue = DispatchQueue(label: "a suite's own thread")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    private let executor = Executor()

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(executor) { try await function() }
    }
}

extension Trait where Self == OwnThread {
    /// Runs the tests of a suite on a thread of their own.
    package static var ownThread: Self { Self() }
}
