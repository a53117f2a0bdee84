extension Unicode.Scalar {
    /// Whether a log must not show this as it is, because text from outside could use it to forge lines, to steer a
    /// terminal, or to make a line read differently from what it says.
    var isUnsafeInLogs: Bool {
        switch value {
        case 0x00...0x1F, 0x7F...0x9F: true  // Control characters.
        case 0x2028, 0x2029: true  // Line and paragraph separator.
        case 0x202A...0x202E, 0x2066...0x2069: true  // Embedding, overriding and isolating of directions.
        default: false
        }
    }
}

extension String {
    /// Whether it is nothing but printable ASCII, as most of what is logged is: then nothing in it has to be escaped.
    var isPrintableASCII: Bool { utf8.allSatisfy { (0x20...0x7E).contains($0) } }
}
