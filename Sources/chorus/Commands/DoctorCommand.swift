import ArgumentParser
import FoundationEssentials

/// `chorus doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check what this machine lacks, and say what mends it.",
        discussion: """
            Looks at the configuration, the engines' programs, the address, sockets, open files and memory. Nothing is \
            changed. Exits with 1 if something is missing.

            Example:
              chorus doctor --config chorus.yaml
            """
    )

    @OptionGroup var source: ConfigurationOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let configuration = Result { () throws(ConfigurationError) in try source.load() }
        let facts = await MachineFacts.collect(configuration, environment: ProcessInfo.processInfo.environment)
        let findings = Diagnosis(facts: facts).findings
        print(json ? try Self.json(findings) : Self.text(findings))
        if findings.contains(where: { $0.status == .missing }) { throw ExitCode.failure }
    }

    /// A line for each finding, and below it what mends it.
    static func text(_ findings: [Finding]) -> String {
        let lines = TextTable(rows: findings.map { [$0.status.rawValue, $0.check, $0.detail] }).lines
        return zip(findings, lines)
            .flatMap { finding, line in [line] + (finding.remedy.map { ["         mend it: \($0)"] } ?? []) }
            .joined(separator: "\n")
    }

    /// The findings as JSON.
    static func json(_ findings: [Finding]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(findings), as: UTF8.self)
    }
}
