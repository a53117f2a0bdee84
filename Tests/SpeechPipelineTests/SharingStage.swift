import SpeechCore
import Testing

@testable import SpeechPipeline

/// A runner that shares audio, before one that does what the test says.
struct SharingStage {
    let runner: ScriptedRunner
    let sharing: CachingRunner

    init(
        deterministic: Bool = true,
        cache: CacheConfiguration = CacheConfiguration(),
        admits: Bool = true,
        answer: @escaping @Sendable (Segment, any SegmentSink) -> Void = { _, _ in }
    ) {
        runner = ScriptedRunner([Self.engine(deterministic: deterministic)], admits: admits, answer: answer)
        sharing = CachingRunner(runner, configuration: cache)
    }

    /// With nothing kept in memory.
    init(disk: DiskCache, answer: @escaping @Sendable (Segment, any SegmentSink) -> Void = { _, _ in }) {
        runner = ScriptedRunner([Self.engine()], answer: answer)
        sharing = CachingRunner(runner, memoryBytes: 0, disk: disk, metrics: CacheMetrics())
    }

    /// An engine as its runner describes it.
    static func engine(deterministic: Bool = true, fingerprint: String = "1") -> EngineStatus {
        EngineStatus(
            name: "test",
            voices: [],
            readyInstances: 1,
            slots: 1,
            isDeterministic: deterministic,
            fingerprint: fingerprint
        )
    }

    /// Asks for audio.
    func submit(_ segment: Segment) -> SegmentAudio { sharing.submit(segment) }
}

extension Segment {
    /// A segment of the only engine; those with a different number can be told apart when they are cancelled.
    static func of(_ text: String = "Hello.", _ number: Int = 0) -> Segment {
        Segment(utteranceID: "test", index: number, engine: "test", text: text)
    }

    /// The segment with something changed.
    func with(_ change: (inout Segment) -> Void) -> Segment {
        var segment = self
        change(&segment)
        return segment
    }
}

extension SegmentAudio {
    /// All that is left of it.
    func rest() async throws -> [Int16] {
        var samples: [Int16] = []
        while let chunk = try await next() { samples += chunk.samples }
        return samples
    }
}
