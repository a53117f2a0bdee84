import ArgumentParser
import SpeechCore

extension AudioFormat: ExpressibleByArgument {
    /// The format that a file's extension names; `nil` if it names none.
    init?(fileName: String) {
        guard let dot = fileName.lastIndex(of: "."), dot > (fileName.lastIndex(of: "/") ?? fileName.startIndex)
        else { return nil }
        let name = fileName[fileName.index(after: dot)...].lowercased()
        self.init(rawValue: ["ogg": "opus", "m4a": "aac"][name] ?? name)
    }
}
