/// A rule that every file has to keep. Pure: it sees a path and a text and says what is wrong.
protocol TidyRule: Sendable {
    /// The rule in a few words.
    var name: String { get }

    func check(_ file: SourceFile) -> [Finding]
}

/// All the rules.
let tidyRules: [any TidyRule] = [
    ImportRule(), LengthRule(), WordRule(), ProofRule(), LayoutRule(), DocumentationRule(),
]
