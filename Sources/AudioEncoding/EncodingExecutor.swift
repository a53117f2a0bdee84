import Dispatch
import Glibc
import Synchronization

/// Runs the encoding, which keeps a core busy for milliseconds, away from the threads that everything else shares:
///
///     try await withTaskExecutorPreference(executor) { try encoder.encode(pcm) }
///
/// Jobs begin in the order of their arrival and at most `width` run at once; more than there are cores never do. No
/// thread waits for work: without work there is none.
package final class EncodingExecutor: TaskExecutor {
    private struct State {
        var waiting: [UnownedJob] = []
        var workers = 0
    }

    /// How many jobs run at once.
    private let width: Int
    private let state = Mutex(State())
    /// Swift's own pool lives on the threads of the default quality of service; this one has others.
    private let queue = DispatchQueue(label: "chorus.encoding", qos: .utility, attributes: .concurrent)

    /// - Parameter width: how many jobs run at once; by default as many as there are cores.
    package init(width: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) {
        precondition(width > 0, "an executor without workers would never run anything")
        self.width = width
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let needsWorker = state.withLock { state in
            state.waiting.append(job)
            guard state.workers < width else { return false }
            state.workers += 1
            return true
        }
        if needsWorker { queue.async { self.work() } }
    }

    private func work() {
        while let job = nextJob() {
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    /// The next job, or `nil`, after which the worker is gone.
    private func nextJob() -> UnownedJob? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.workers -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
