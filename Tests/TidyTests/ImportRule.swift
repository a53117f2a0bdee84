/// Each target imports only what its place in the house allows it. A new target needs a row here.
struct ImportRule: TidyRule {
    let name = "imports"

    private enum Allowance {
        /// Our modules and those of packages, besides what comes with Swift.
        case modules(Set<String>)
        /// What the language itself brings, and these: no clock, no I/O, no system.
        case pure(Set<String>)
        /// Everything that is not for tests only.
        case everything
        /// C behind a module map; no Swift at all.
        case c
    }

    private static let language: Set<String> = ["Swift", "Synchronization"]
    /// Full `Foundation` is not among them: it costs 40 MB of memory.
    private static let system: Set<String> = ["Glibc", "Dispatch", "FoundationEssentials"]
    private static let forTestsOnly: Set<String> = [
        "Foundation", "FoundationNetworking", "FoundationInternationalization", "SpeechTestSupport", "TestTraits",
        "Testing",
    ]

    private static let targets: [String: Allowance] = [
        "SpeechCore": .pure([]),
        "PoolCore": .pure([]),
        "Wyoming": .modules(["SpeechCore", "NIOCore"]),
        "Devices": .modules(["CNVML"]),
        "Hashing": .modules(["CCrypto"]),
        "Supervisor": .modules([
            "SpeechCore", "PoolCore", "Wyoming", "Devices", "CSpawn", "NIOCore", "NIOPosix", "ServiceLifecycle",
            "Logging",
            "Metrics",
            "Hashing",
        ]),
        "SpeechPipeline": .modules(["SpeechCore", "CICU", "Hashing", "Metrics"]),
        "AudioEncoding": .modules(["SpeechCore", "CLibAV", "CSonic"]),
        "SpeechAPI": .modules([
            "SpeechCore", "AudioEncoding", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOExtras", "NIOHTTPTypes",
            "NIOPosix", "NIOSSL", "ServiceLifecycle", "Logging", "Metrics", "Hashing",
        ]),
        "Observability": .modules(["CoreMetrics", "Logging"]),
        "EspeakWorker": .modules(["SpeechCore", "Wyoming", "CEspeak", "NIOCore"]),
        "SpeechTestSupport": .modules(["SpeechCore", "PoolCore", "Wyoming", "NIOCore"]),
        "chorus": .everything,
        "CNVML": .c, "CSpawn": .c, "CCrypto": .c, "CICU": .c, "CLibAV": .c, "CSonic": .c, "CEspeak": .c,
    ]

    func check(_ file: SourceFile) -> [Finding] {
        guard let target = file.target else { return [] }
        guard let allowance = Self.targets[target] else {
            return [file.finding(0, "\(target) has no row in the table of ImportRule")]
        }
        guard let code = file.code else { return [] }
        return code.lines.enumerated().compactMap { index, line in
            guard let module = Self.imported(by: line), !allows(allowance, module) else { return nil }
            return file.finding(index, "\(target) must not import \(module)")
        }
    }

    private func allows(_ allowance: Allowance, _ module: String) -> Bool {
        switch allowance {
        case .modules(let modules): modules.union(Self.language).union(Self.system).contains(module)
        case .pure(let modules): modules.union(Self.language).contains(module)
        case .everything: !Self.forTestsOnly.contains(module)
        case .c: false
        }
    }

    /// The module that a line of code imports: `package import struct NIOCore.ByteBuffer` imports `NIOCore`.
    static func imported(by line: String) -> String? {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard let position = words.firstIndex(of: "import"), position + 1 < words.count,
            words[..<position].allSatisfy({ $0.hasPrefix("@") || accessLevels.contains($0) })
        else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        let path = words.dropFirst(position + 1).first { !kinds.contains($0) }
        return path?.split(separator: ".").first.map { String($0) }
    }

    private static let accessLevels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
}
