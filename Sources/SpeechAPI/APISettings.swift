import Synchronization

/// What of the HTTP surface may change while it serves. A request goes by what is valid when it asks.
package final class APISettings: Sendable {
    /// Who may ask.
    package let keys: APIKeys
    private let current: Mutex<APILimits>
    private let currentOrigins: Mutex<OriginPolicy>

    /// - Parameter keys: with none of them, no key is asked for.
    package init(limits: APILimits = APILimits(), keys: APIKeys = APIKeys(), origins: OriginPolicy = OriginPolicy()) {
        self.keys = keys
        current = Mutex(limits)
        currentOrigins = Mutex(origins)
    }

    /// Which web pages may ask, and by which names.
    package var origins: OriginPolicy {
        get { currentOrigins.withLock { $0 } }
        set { currentOrigins.withLock { $0 = newValue } }
    }

    /// What is put up with. A connection goes by what was valid when it was made.
    package var limits: APILimits {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}
