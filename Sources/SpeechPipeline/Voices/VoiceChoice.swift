/// What a caller's choice of a voice comes to, before it is known what is to be spoken.
package enum VoiceChoice: Sendable, Hashable {
    /// This one, whatever is spoken.
    case named(String)
    /// This one that was made, whatever is spoken.
    case made(MadeVoice)
    /// One that speaks the segment's script, with a suffix such as `+f2` or none.
    case byScript(suffix: String)
    /// The n-th of those that speak the segment's script, so that different names sound different.
    case numbered(Int)
}
