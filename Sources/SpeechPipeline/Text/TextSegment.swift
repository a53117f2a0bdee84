/// A piece of a text that is spoken in one go.
package struct TextSegment: Sendable, Equatable {
    /// The text to speak: trimmed, with a newline where a line ends, and one space for any other white space. Never
    /// empty.
    package let text: String
    /// The script of most of it, which decides the voice.
    package var script: SpokenScript
    /// How much there is to say (see `SpeechWeight`).
    package let weight: Int

    /// Weighs the text.
    package init(text: String, script: SpokenScript) {
        self.text = text
        self.script = script
        weight = text.unicodeScalars.reduce(0) { $0 + SpeechWeight.of($1) }
    }
}
