/// Which web pages may use the server, and by which names it answers while no key is needed.
///
/// A browser sends requests for any page that is open in it, to loopback addresses too, and names the page in `Origin`.
/// Where keys are needed a page can do nothing without one. Without keys only pages that are allowed may ask. A page
/// whose own name leads to this machine (DNS rebinding) is not foreign to the browser: its name is in `Host`, and a
/// server that is meant for this machine does not answer to it.
package struct OriginPolicy: Sendable, Equatable {
    /// Origins of pages that may use the server, as browsers write them: `https://app.example.org`.
    package var allowed: [String]
    /// The host that the server listens on.
    package var host: String
    /// Whether the server is meant for everybody who reaches it, so that it cannot know its names.
    package var isOpen: Bool

    /// Response headers that a page may read besides the CORS-safelisted ones.
    static let exposed =
        "X-Request-Id, Chorus-Notes, Warning, Server-Timing, Retry-After, x-ratelimit-limit-requests, "
        + "x-ratelimit-remaining-requests, x-ratelimit-reset-requests"
    /// How many seconds a browser may keep the answer to a preflight.
    static let preflightSeconds = 600

    /// By default no page may use the server, and it answers to the names and addresses of the machine itself.
    package init(allowed: [String] = [], host: String = "127.0.0.1", isOpen: Bool = false) {
        self.allowed = allowed
        self.host = host
        self.isOpen = isOpen
    }
}

extension OriginPolicy {
    /// Whether a browser would ever write this as the origin of a page that can be told from others.
    package static func isOrigin(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count > 1, parts[0].last == ":", parts[1].isEmpty, !parts[2].isEmpty else {
            return false
        }
        let ownPort = ["http:": ":80", "https:": ":443"][parts[0]]
        return text.utf8.allSatisfy { isPlain($0) } && ownPort.map { !text.hasSuffix($0) } ?? true
    }

    /// Whether a byte may be in an origin. Browsers write no capital letters.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: ".-_+:/[]".utf8.contains(byte)
        }
    }
}
