/// What a new voice is made from.
package enum VoiceRecipe: Sendable, Equatable {
    /// The engine draws one at random; the same seed gives the same voice.
    case seed(Int)
    /// A speaker's code in the engine's own writing.
    case code(String)
    /// Somebody's voice from a recording, and what is said in it.
    case recording(PCM, text: String)
}
