/// How urgent what a client asked for is; the class of its jobs.
package enum Priority: String, Sendable, Hashable, CaseIterable {
    /// Somebody listens and waits.
    case interactive
    /// Nobody said.
    case standard = "default"
    /// Nobody waits for it. It is what is given up first when there is not enough for all.
    case bulk
}
