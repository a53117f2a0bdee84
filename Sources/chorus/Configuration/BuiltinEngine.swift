/// The engines that come with Chorus.
enum BuiltinEngine: String, Sendable, CaseIterable {
    /// espeak-ng: a hundred languages, small and very fast, sounds like a machine.
    case espeak

    /// Its worker, installed beside `chorus`.
    var program: String {
        switch self {
        case .espeak: "chorus-espeak"
        }
    }

    /// The worker's arguments, with placeholders.
    var arguments: [String] {
        switch self {
        case .espeak: ["--uri", "{uri}"]
        }
    }

    /// OpenAI's voice names. Each is a variant of its own, on the voice that suits the text's script: `auto` keeps
    /// Chinese Chinese.
    var voices: [String: String] {
        switch self {
        case .espeak:
            [
                "alloy": "auto+f4",
                "ash": "auto+m3",
                "ballad": "auto+m2",
                "cedar": "auto+m7",
                "coral": "auto+f3",
                "echo": "auto+m6",
                "fable": "auto+m5",
                "marin": "auto+f5",
                "nova": "auto+f2",
                "onyx": "auto+m8",
                "sage": "auto+f1",
                "shimmer": "auto+Annie",
                "verse": "auto+m4",
            ]
        }
    }
}
