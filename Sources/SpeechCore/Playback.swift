/// How fast a client takes what it is sent.
package enum Playback: String, Sendable, Hashable, CaseIterable {
    /// It plays the audio while it arrives. What it needs next is due when it would have nothing to play.
    case realtime
    /// It keeps the audio for later: the sooner all of it is there, the better.
    case asap
}
