package import FoundationEssentials
package import PoolCore

/// The file that keeps what was measured, so that the next start knows how many instances fit.
///
/// What was measured belongs to an engine's command and a model of device: when one of them changes it is measured
/// anew.
package struct FiguresStore: Sendable {
    /// What was measured of an engine on a model of device.
    package struct Measured: Sendable {
        /// The engine, with its name and command.
        package var engine: SupervisorConfiguration.Engine
        /// The device's model, as the driver calls it.
        package var model: String
        /// What was measured.
        package var figures: EngineFigures
    }

    /// The file's content.
    private struct Content: Codable {
        var version = Self.current
        var entries: [Entry] = []

        static let current = 2
    }

    private struct Entry: Codable {
        var engine: String
        var command: [String]
        var mps: Bool
        var deviceModel: String
        var figures: EngineFigures
        var measuredAt: Date

        enum CodingKeys: String, CodingKey {
            case engine, command, mps, figures
            case deviceModel = "device_model"
            case measuredAt = "measured_at"
        }

        func matches(_ engine: SupervisorConfiguration.Engine, _ model: String) -> Bool {
            self.engine == engine.name && command == engine.command && mps == engine.usesMPS && deviceModel == model
        }
    }

    private let path: String
    private var content: Content

    /// Reads the file. One that is not there or does not make sense is as good as empty.
    package init(path: String) {
        self.path = path
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let data = FileManager.default.contents(atPath: path)
        let content = data.flatMap { try? decoder.decode(Content.self, from: $0) } ?? Content()
        self.content = content.version == Content.current ? content : Content()
    }

    /// What was measured of an engine on a model of device, if it was.
    package func figures(of engine: SupervisorConfiguration.Engine, on model: String) -> EngineFigures? {
        entry(of: engine, on: model)?.figures
    }

    /// When it was measured.
    package func measured(_ engine: SupervisorConfiguration.Engine, on model: String) -> Date? {
        entry(of: engine, on: model)?.measuredAt
    }

    private func entry(of engine: SupervisorConfiguration.Engine, on model: String) -> Entry? {
        content.entries.first { $0.matches(engine, model) }
    }

    /// Takes down what was measured, without writing it.
    mutating func note(_ measured: [Measured]) {
        for one in measured {
            content.entries.removeAll { $0.matches(one.engine, one.model) }
            content.entries.append(
                Entry(
                    engine: one.engine.name,
                    command: one.engine.command,
                    mps: one.engine.usesMPS,
                    deviceModel: one.model,
                    figures: one.figures,
                    measuredAt: Date()
                )
            )
        }
    }

    /// Writes what was measured to the file, and keeps what it has of others.
    package func save(_ measured: [Measured]) throws(SystemError) {
        guard !measured.isEmpty else { return }
        var file = Self(path: path)
        file.note(measured)
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = .sortedKeys
        do {
            let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try encoder.encode(file.content).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw SystemError("write \(path): \(error)", number: 0)
        }
    }
}
