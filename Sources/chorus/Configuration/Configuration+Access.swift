import SpeechAPI

extension Configuration {
    /// The shares of tenants, by their names.
    var tenantWeights: [String: Double] {
        Dictionary(uniqueKeysWithValues: keys.map { ($0.key.name, $0.weight) })
    }

    /// Why it is not to be served as it is: anybody who reaches the machine could use it. `nil` if all is well.
    var openness: Openness? { isInsecure ? nil : exposure }

    /// What anybody who reaches the machine can do, be it meant so or not; `nil` if he cannot.
    var exposure: Openness? {
        guard keys.isEmpty, !listen.isLoopback else { return nil }
        return Openness(address: listen)
    }

    /// Which web pages may use it, and by which names it answers.
    var originPolicy: OriginPolicy { OriginPolicy(allowed: cors, host: listen.host, isOpen: isInsecure) }

    /// A server that everybody may use who reaches it.
    struct Openness: Sendable, Equatable {
        /// Where it would listen.
        var address: ListenAddress

        /// What is wrong.
        var problem: String { "anybody who reaches \(address) could use it, because there are no API keys" }
        /// What is logged of a server that is meant to be so.
        var warning: String { "Anybody who reaches \(address) can use it: there are no API keys." }
        /// The two ways out.
        var remedy: String { "make a key with 'chorus key new', or allow it with --insecure or 'insecure: true'" }
        /// Both, for who starts it.
        var description: String { "It is not served like this: \(problem). Either \(remedy)." }
    }
}
