/// Looks at the audio of a segment while it is made: whether it sounds like anything.
///
/// What may turn out to be bad is held back until something sounds right, so that it can still be made again elsewhere
/// before anybody has heard it.
package struct AudioCheck: Sendable {
    /// How long all of it lasts.
    package private(set) var duration = Duration.zero
    private var held: [PCM] = []
    private var heldFor = Duration.zero
    private var isSilent = true
    private var samples = 0
    private var clipped = 0

    /// Samples up to this are silence: -66 dB of full scale.
    static let silence = 16
    /// What share of samples at full scale is too much.
    static let mostClipped = 0.1
    /// How much is held back at the most: a text may begin with a pause.
    static let longestHeld = Duration.seconds(3)

    package init() {}

    /// Whether it is neither silent nor clipped.
    package var isSound: Bool { !isSilent && Double(clipped) <= Self.mostClipped * Double(samples) }

    /// Takes in the next piece.
    /// - Returns: what may be heard now, in order.
    package mutating func take(_ piece: PCM) -> [PCM] {
        duration += piece.duration
        let isLoud = piece.samples.contains { $0.magnitude > Self.silence }
        let atFullScale = piece.samples.count { $0 == .max || $0 == .min }
        samples += piece.samples.count
        clipped += atFullScale
        if isLoud { isSilent = false }
        let isSuspicious = !isLoud || Double(atFullScale) > Self.mostClipped * Double(piece.samples.count)
        // What has been heard once is not held back again.
        guard isSuspicious, heldFor == duration - piece.duration, duration <= Self.longestHeld else {
            return rest() + [piece]
        }
        held.append(piece)
        heldFor = duration
        return []
    }

    /// What has been held back.
    package mutating func rest() -> [PCM] {
        defer { held = [] }
        return held
    }
}
