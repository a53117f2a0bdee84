/// A text file of the package.
struct SourceFile {
    /// From the root of the package, such as `Sources/PoolCore/Pool.swift`.
    let path: String
    let text: String
    /// The lines without their ends. After the last newline there is one more, empty.
    let lines: [Substring]
    /// What a Swift file says to the compiler.
    let code: SwiftCode?

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = path.hasSuffix(".swift") ? SwiftCode(text) : nil
    }

    /// The target that it belongs to, if it is one of the package's sources.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    var isTest: Bool { path.hasPrefix("Tests/") }

    /// A finding here.
    /// - Parameter index: of the line, from 0.
    func finding(_ index: Int, _ message: String) -> Finding {
        Finding(path: path, line: index + 1, message: message)
    }
}
