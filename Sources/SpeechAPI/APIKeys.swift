import SpeechCore
import Synchronization

/// The keys that callers may use, and how much of their limits they have used. What has been used is kept in memory
/// only: a restart forgets it.
package final class APIKeys: Sendable {
    /// A key that a request came with.
    struct Holder: Sendable {
        /// What the key is.
        let key: APIKey
        fileprivate let index: Int
    }

    private let keys: [APIKey]
    private let usage: Mutex<[KeyUsage]>

    /// - Parameter keys: at least one; names and digests are unique.
    package init(_ keys: [APIKey]) {
        precondition(!keys.isEmpty, "without keys there is nothing to hold")
        self.keys = keys
        usage = Mutex(keys.map { KeyUsage(limits: $0.limits) })
    }

    /// Whose key this is; `nil` when it is nobody's. Looks at all of them, whichever it is.
    func holder(of key: String) -> Holder? {
        let digest = KeyDigest(of: key)
        var found: Holder?
        for (index, key) in keys.enumerated() where key.digest.matches(digest) {
            found = Holder(key: key, index: index)
        }
        return found
    }

    /// A request arrives: it is counted, as long as the permit is not given up.
    /// - Parameter characters: of its text.
    /// - Throws: when it is one too many; then nothing is counted.
    func admit(_ holder: Holder, characters: Int, at now: KeyUsage.Moment) throws(KeyUsage.Refusal) -> KeyPermit {
        let refusal = usage.withLock { usage in
            do throws(KeyUsage.Refusal) {
                try usage[holder.index].requestArrived(characters: characters, at: now)
                return KeyUsage.Refusal?.none
            } catch {
                return error
            }
        }
        if let refusal { throw refusal }
        return KeyPermit { [self] isRefunded in
            usage.withLock { usage in
                if isRefunded {
                    usage[holder.index].requestRefunded(characters: characters, arrival: now)
                } else {
                    usage[holder.index].requestEnded()
                }
            }
        }
    }

    /// What is left of the rate of a key that has one.
    func rate(of holder: Holder, at now: KeyUsage.Moment) -> KeyUsage.Rate? {
        usage.withLock { $0[holder.index].rate(at: now) }
    }
}
