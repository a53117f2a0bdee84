/// A piece of a text that is spoken in one go.
package struct TextSegment: Sendable, Equatable {
    /// What to say: trimmed, one line, runs of white space collapsed to one space. Never empty.
    package var text: String
    /// What most of it is written in, which decides the voice.
    package var script: SpokenScript

    package init(text: String, script: SpokenScript) {
        self.text = text
        self.script = script
    }
}
