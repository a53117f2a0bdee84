import SpeechAPI

/// A configured API key: what it may be used for, and what its tenant's share is.
struct APIKeyConfiguration: Sendable, Equatable {
    /// The key, without the secret itself.
    var key: APIKey
    /// The tenant's share of the instances' time when all tenants want more than there is. Only its ratio to those of
    /// others counts.
    var weight = 1.0

    /// What `weight` may be.
    static let weights = 0.01...1_000.0

    init(_ key: APIKey) {
        self.key = key
    }
}
