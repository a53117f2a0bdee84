import Glibc
import Logging
import NIOCore
import NIOPosix
import PoolCore
import ServiceLifecycle
import SpeechCore
import SpeechTestSupport
import Supervisor
import Testing

/// A supervisor over fake workers, for the time of a test.
struct FakePool: Sendable {
    let supervisor: Supervisor

    static let engine = "fake"

    /// The directory of the built programs: the test bundle is one of them.
    static let programs: String = {
        guard let path = realpath("/proc/self/exe", nil) else { return "." }
        defer { free(path) }
        let executable = String(cString: path)
        return String(executable[..<(executable.lastIndex(of: "/") ?? executable.endIndex)])
    }()

    /// Runs `body` with a pool whose instances have loaded, then drains it and expects that nothing is left.
    static func with(
        instances: Int = 1,
        arguments: [String] = [],
        command: [String]? = nil,
        usesTemplate: Bool = false,
        waitUntilReady: Bool = true,
        endsByItself: Bool = false,
        plan: PoolConfiguration.Engine? = nil,
        prepare: (inout SupervisorConfiguration) -> Void = { _ in },
        configure: (inout PoolConfiguration) -> Void = { _ in },
        _ body: (FakePool) async throws -> Void
    ) async throws {
        let engine = SupervisorConfiguration.Engine(
            plan: plan
                ?? PoolConfiguration.Engine(
                    name: engine,
                    devices: Array(repeating: "cpu", count: instances),
                    loadTimeout: .seconds(30)
                ),
            command: command ?? ["\(programs)/FakeWorker", "--uri", "{uri}"] + arguments,
            environment: ["PATH": "/usr/bin:/bin"],
            usesTemplate: usesTemplate
        )
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        var configuration = SupervisorConfiguration(engines: [engine], socketParent: "/tmp", configure: configure)
        prepare(&configuration)
        let pool = FakePool(
            supervisor: try Supervisor(configuration: configuration, eventLoop: loop, logger: logger, seed: 1)
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            let services = ServiceGroup(services: [pool.supervisor], logger: logger)
            group.addTask { try await services.run() }
            do {
                if waitUntilReady { try await pool.until { $0.instances.allSatisfy { $0.state == "ready" } } }
                try await body(pool)
            } catch {
                group.cancelAll()
                throw error
            }
            // A pool that cannot start ends by itself.
            if endsByItself { try await group.waitForAll() }
            let pids = await pool.supervisor.snapshot().instances.compactMap(\.pid)
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            for pid in pids { #expect(kill(pid, 0) == -1, "worker \(pid) is left") }
        }
    }

    /// Returns when the pool is as described. The suite's time limit ends a wait that is in vain.
    func until(_ condition: (PoolSnapshot) -> Bool) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        while await !condition(supervisor.snapshot()) {
            try Task.checkCancellation()
            try await loop.scheduleTask(in: .milliseconds(1)) {}.futureResult.get()
        }
    }

    func submit(_ text: String, index: Int = 0, context: [String: JSONValue] = [:]) -> SegmentAudio {
        supervisor.submit(
            Segment(
                utteranceID: "test",
                index: index,
                engine: Self.engine,
                text: text,
                voice: "fake",
                context: context,
                weight: text.unicodeScalars.count
            )
        )
    }
}

extension SegmentAudio {
    /// All that is left of it.
    func rest() async throws -> [Int16] {
        var samples: [Int16] = []
        while let piece = try await next() { samples += piece.samples }
        return samples
    }
}

/// Expects that the audio is that of the text, whole.
func expect(
    _ audio: SegmentAudio,
    says text: String,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let heard = try await audio.rest()
    #expect(heard == FakeAudio.samples(of: text), sourceLocation: sourceLocation)
}

extension FakeAudio {
    /// What the fake worker says with its only voice.
    static func samples(of text: String) -> [Int16] { samples(voice: "fake", text: text) }
}
