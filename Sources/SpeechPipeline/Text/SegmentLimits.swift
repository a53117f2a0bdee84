/// How long segments are, in weight: a Latin letter weighs 1 and stands for about 0.065 s of speech, so that scripts
/// compare (see `SpeechWeight`).
package struct SegmentLimits: Sendable, Equatable {
    /// Short sentences are joined while the segment is not longer than this; about 6 s.
    package var target = 100
    /// A longer sentence is cut into balanced pieces; about 16 s. Only one grapheme, which is never cut, may be longer.
    package var maximum = 240
    /// The first segment ends here if the text allows it, so that speech starts quickly; about 4 s.
    package var firstMaximum = 60
    /// A first sentence is not cut at a clause into parts shorter than this; about 1.3 s.
    package var firstMinimum = 20

    package init() {}
}
