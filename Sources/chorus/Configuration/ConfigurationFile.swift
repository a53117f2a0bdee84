import Glibc

/// The text of a configuration file.
struct ConfigurationFile: Sendable, Equatable {
    /// As it was named; problems begin with it.
    var name: String
    /// What is in it.
    var text: String

    /// More than this is no configuration.
    static let limitBytes = 1 << 20

    /// Where a file is looked for when none is named.
    static let standardPaths = ["chorus.yaml", "/etc/chorus/chorus.yaml"]

    /// The file that is named, or else the first standard one that exists, or else none.
    /// - Parameters:
    ///   - path: the file named by `--config`.
    ///   - environment: may name one as `CHORUS_CONFIG`.
    /// - Throws: when a file is there and cannot be read, or a named one is not there.
    static func find(
        _ path: String?,
        environment: [String: String],
        standardPaths: [String] = standardPaths
    ) throws(ConfigurationError) -> ConfigurationFile? {
        let variable = environment["CHORUS_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        let path = path ?? variable ?? standardPaths.first { access($0, F_OK) == 0 }
        return try path.map { path throws(ConfigurationError) in try ConfigurationFile(readingFrom: path) }
    }

    /// A file that has been read already.
    init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// Reads a file.
    private init(readingFrom path: String) throws(ConfigurationError) {
        do {
            self.init(name: path, text: try BoundedFile.text(at: path, limitBytes: Self.limitBytes))
        } catch {
            throw ConfigurationError(problems: [ConfigurationProblem(message: error.description)])
        }
    }
}
