import NIOCore
import ServiceLifecycle

/// Runs tasks on an event loop: what a request does between two bytes needs no other thread, and none has to be woken.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// A service whose tasks run on an executor.
struct ServiceOnExecutor: Service {
    let service: any Service
    let executor: EventLoopExecutor

    func run() async throws {
        try await withTaskExecutorPreference(executor) { try await service.run() }
    }
}
