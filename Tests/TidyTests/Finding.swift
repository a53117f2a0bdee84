/// A place where a rule is broken.
struct Finding: Hashable, Comparable, CustomStringConvertible {
    let path: String
    /// From 1.
    let line: Int
    let message: String

    var description: String { "\(path):\(line): \(message)" }

    static func < (a: Finding, b: Finding) -> Bool {
        (a.path, a.line, a.message) < (b.path, b.line, b.message)
    }
}
