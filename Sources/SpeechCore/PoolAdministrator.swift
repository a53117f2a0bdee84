/// Changes the pool while it serves.
package protocol PoolAdministrator: Sendable {
    /// Texts that are not spoken any more because they ended two instances, the newest first.
    func quarantine() async -> [QuarantinedText]

    /// A text may be tried again.
    /// - Parameter id: of its entry; `nil` is all of them.
    /// - Returns: how many were let out.
    func release(quarantined id: String?) async -> Int

    /// An instance gets no more work, and ends when it has none. It stays away until `restart`.
    /// - Parameter instance: such as `espeak-0`.
    /// - Throws: `notFound`.
    func drain(instance: String) async throws(SpeechError)

    /// An instance finishes what it has and is replaced by a new process; one that is parked, drained or waits for its
    /// back-off is started at once.
    /// - Throws: `notFound`.
    func restart(instance: String) async throws(SpeechError)

    /// An engine is to have so many instances.
    /// - Throws: `modelNotFound`; `invalidRequest` when there are not so many places on its devices.
    func scale(engine: String, instances: Int) async throws(SpeechError)
}

/// A text that ended two instances. The text itself is not kept.
package struct QuarantinedText: Sendable, Codable, Equatable {
    /// Tells it from others: a digest of the engine, the text, its voice and its options.
    package var id: String
    /// The engine whose instances ended.
    package var engine: String
    /// How many of them.
    package var deaths: Int
    /// How long it has been here, in seconds.
    package var age: Double
    /// Requests that were answered with 422 because of it.
    package var refused: Int

    package init(id: String, engine: String, deaths: Int, age: Double, refused: Int) {
        self.id = id
        self.engine = engine
        self.deaths = deaths
        self.age = age
        self.refused = refused
    }
}

/// What a new configuration means to one engine.
package struct EngineChange: Sendable, Codable, Equatable {
    /// Its name.
    package var engine: String
    /// What becomes of it.
    package var change: Kind

    /// What becomes of an engine.
    package enum Kind: String, Sendable, Codable {
        /// Its instances are started.
        case added
        /// Its instances finish what they have and end.
        case removed
        /// Its instances are replaced one by one.
        case replaced
        /// It gets more instances or fewer.
        case scaled
        /// Nothing that concerns the pool.
        case unchanged
    }

    package init(engine: String, change: Kind) {
        self.engine = engine
        self.change = change
    }
}
