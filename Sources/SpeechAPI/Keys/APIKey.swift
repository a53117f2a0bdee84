package import SpeechCore

/// A key that callers may use: whose it is, and what it may be used for. The key itself is not known here.
package struct APIKey: Sendable, Equatable {
    /// The tenant who has it; unique among the keys.
    package var name: String
    /// What the key is known by; unique among the keys.
    package var digest: KeyDigest
    /// How urgent its requests may be; not empty.
    package var classes = Set(Priority.allCases)
    /// How fast its audio is listened to when a request does not say; `nil` goes by the request's class.
    package var playback: Playback?
    /// Whether it may change the pool: whoever runs the server has such a key.
    package var isAdmin = false
    /// How much it may be used.
    package var limits = Limits()

    /// How much a key may be used. `nil` is without limit.
    package struct Limits: Sendable, Equatable {
        /// Requests in any minute, on the average; so many may come at once.
        package var requestsPerMinute: Int?
        /// Requests that may be in the making at once.
        package var concurrent: Int?
        /// Characters (Unicode code points) of texts in one day, by UTC.
        package var charactersPerDay: Int?

        /// What `requestsPerMinute` may be.
        package static let requestRates = 1...1_000_000
        /// What `concurrent` may be.
        package static let concurrencies = 1...100_000
        /// What `charactersPerDay` may be.
        package static let characterCounts = 1...1_000_000_000_000

        /// No limits.
        package init() {}
    }

    package init(name: String, digest: KeyDigest) {
        self.name = name
        self.digest = digest
    }

    /// The class of a request that names none: the usual one, or else the most urgent that is allowed.
    var defaultPriority: Priority {
        classes.contains(.standard) ? .standard : Priority.allCases.first(where: classes.contains) ?? .standard
    }

    /// The classes that are allowed, the most urgent first.
    package var orderedClasses: [Priority] { Priority.allCases.filter(classes.contains) }
}
