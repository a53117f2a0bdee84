import Dispatch
import Testing

/// Runs tests that calculate for long on a thread of their own, one after the other. The threads of tasks are as few as
/// the cores, and tests that wait for real processes need them meanwhile.
struct Elsewhere: SuiteTrait, TestTrait, TestScoping {
    private final class Executor: TaskExecutor {
        private let queue = DispatchQueue(label: "long tests")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    private static let executor = Executor()

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(Self.executor) { try await function() }
    }
}

extension Trait where Self == Elsewhere {
    /// Runs on a thread of its own.
    static var elsewhere: Self { Elsewhere() }
}
