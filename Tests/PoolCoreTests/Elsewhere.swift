import Foundation

/// Does long work on a thread of its own. The threads of tasks are as few as the cores, and tests that wait for real
/// processes need them meanwhile.
func elsewhere<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: work)) }
    }
}
