package import SpeechCore

/// What came of reading the configuration again.
package struct ReloadReport: Sendable, Encodable, Equatable {
    /// What it means to each engine.
    package var engines: [EngineChange]
    /// Settings that have changed, and are valid from now on.
    package var applied: [String]
    /// Settings that have changed, and are valid after the next start.
    package var needsRestart: [String]

    package init(engines: [EngineChange], applied: [String], needsRestart: [String]) {
        self.engines = engines
        self.applied = applied
        self.needsRestart = needsRestart
    }

    enum CodingKeys: String, CodingKey {
        case engines, applied
        case needsRestart = "needs_restart"
    }
}

/// The configuration has mistakes, and nothing has changed.
package struct ReloadError: Error, CustomStringConvertible {
    /// All of them, a line each.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
