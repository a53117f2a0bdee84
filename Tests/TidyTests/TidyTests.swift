import Testing

@Suite("Tidiness")
struct TidyTests {
    /// Places in Sources where we ask the compiler to trust us. A new one is a decision: prove it, then count it here.
    static let trustedPlaces = 0

    @Test("the package keeps every rule")
    func rules() {
        let findings = SourceTree.package.flatMap { file in tidyRules.flatMap { $0.check(file) } }
        if !findings.isEmpty { Issue.record("\(findings.map(\.description).joined(separator: "\n"))") }
    }

    @Test("the places where the compiler has to trust us are counted")
    func trust() {
        let counts = SourceTree.package.filter { $0.target != nil }.map(ProofRule.count)
        #expect(counts.reduce(0, +) == Self.trustedPlaces)
    }

    @Test("the walk finds the package, and leaves out the files that are bad on purpose")
    func walk() {
        let paths = SourceTree.package.map(\.path)
        #expect(paths.contains("Package.swift"))
        #expect(paths.contains("Sources/SpeechCore/PCM.swift"))
        #expect(paths.contains("Tests/TidyTests/TidyTests.swift"))
        #expect(!paths.contains { $0.contains("Fixtures") || $0.contains(".build/") })
    }
}
