import Glibc
import Synchronization

/// Runs `body` once on each of `count` threads, and returns what they made, in no order.
package func inParallel<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Value)
    throws -> [Value]
{
    let results = Results<Value>()
    let threads = (0..<count).map { index in
        startThread {
            do {
                let value = try body(index)
                results.values.withLock { $0.append(value) }
            } catch {
                results.failure.withLock { $0 = error }
            }
        }
    }
    for thread in threads { pthread_join(thread, nil) }
    if let error = results.failure.withLock({ $0 }) { throw error }
    return results.values.withLock { $0 }
}

private final class Results<Value: Sendable>: Sendable {
    let values = Mutex<[Value]>([])
    let failure = Mutex<(any Error)?>(nil)
}

private final class Work: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

private func startThread(_ run: @escaping @Sendable () -> Void) -> pthread_t {
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(run)).toOpaque()
    let result = pthread_create(
        &thread,
        nil,
        { pointer in
            if let pointer { Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().run() }
            return nil
        },
        work
    )
    precondition(result == 0, "a bounded number of threads can be started")
    return thread
}
