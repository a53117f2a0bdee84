import SpeechCore
import Synchronization

/// The keys that callers may use, and how much of their limits they have used. What has been used is kept in memory
/// only: a restart forgets it.
package final class APIKeys: Sendable {
    /// A key that a request came with.
    struct Holder: Sendable {
        /// What the key is.
        let key: APIKey
    }

    private struct State {
        var keys: [APIKey] = []
        /// By the keys' names.
        var usage: [String: KeyUsage] = [:]
    }

    private let state: Mutex<State>

    /// - Parameter keys: names and digests are unique; with none, no key is asked for.
    package init(_ keys: [APIKey] = []) {
        state = Mutex(State())
        update(keys)
    }

    /// Other keys are valid from now on. Those that keep their names keep what they have used.
    package func update(_ keys: [APIKey]) {
        state.withLock { state in
            state.keys = keys
            let usage = keys.map { key in
                var usage = state.usage[key.name] ?? KeyUsage(limits: key.limits)
                usage.limits = key.limits
                return (key.name, usage)
            }
            state.usage = Dictionary(usage) { first, _ in first }
        }
    }

    /// Whether nobody needs a key.
    var isEmpty: Bool { state.withLock { $0.keys.isEmpty } }

    /// Whose key this is; `nil` when it is nobody's. Looks at all of them, whichever it is.
    func holder(of key: String) -> Holder? {
        let digest = KeyDigest(of: key)
        var found: Holder?
        for key in state.withLock({ $0.keys }) where key.digest.matches(digest) { found = Holder(key: key) }
        return found
    }

    /// A request arrives: it is counted, as long as the permit is not given up.
    /// - Parameter characters: of its text.
    /// - Throws: when it is one too many; then nothing is counted.
    func admit(_ holder: Holder, characters: Int, at now: KeyUsage.Moment) throws(KeyUsage.Refusal) -> KeyPermit {
        let name = holder.key.name
        let refusal = state.withLock { state in
            do throws(KeyUsage.Refusal) {
                try state.usage[name]?.requestArrived(characters: characters, at: now)
                return KeyUsage.Refusal?.none
            } catch {
                return error
            }
        }
        if let refusal { throw refusal }
        return KeyPermit { [self] isRefunded in
            state.withLock { state in
                // A key that was taken away and given again in the meantime knows nothing of this.
                guard state.usage[name].map({ $0.running > 0 }) == true else { return }
                if isRefunded {
                    state.usage[name]?.requestRefunded(characters: characters, arrival: now)
                } else {
                    state.usage[name]?.requestEnded()
                }
            }
        }
    }

    /// What is left of the rate of a key that has one.
    func rate(of holder: Holder, at now: KeyUsage.Moment) -> KeyUsage.Rate? {
        state.withLock { $0.usage[holder.key.name]?.rate(at: now) }
    }
}
