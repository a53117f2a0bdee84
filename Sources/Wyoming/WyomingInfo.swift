package import SpeechCore

/// A service's answer to `describe`, as far as speaking goes: its text-to-speech program.
package struct WyomingInfo: Sendable, Equatable {
    /// Who made a program.
    package struct Attribution: Sendable, Equatable, Codable {
        /// A person, a project or a company.
        package var name: String
        /// Where their work is found.
        package var url: String

        package init(name: String, url: String) {
            self.name = name
            self.url = url
        }
    }

    /// The program's name; empty when the service cannot speak.
    package var program: String
    /// The program's version.
    package var version: String?
    /// A line for people.
    package var description: String?
    /// Who made the program and its voices.
    package var attribution: Attribution
    /// The program's voices. Of several programs a service uses the first, so the others' voices are not here.
    package var voices: [Voice]
    /// `nil` for a plain Wyoming service.
    package var traits: WorkerTraits?

    package init(
        program: String,
        version: String? = nil,
        description: String? = nil,
        attribution: Attribution = Attribution(name: "", url: ""),
        voices: [Voice],
        traits: WorkerTraits? = nil
    ) {
        self.program = program
        self.version = version
        self.description = description
        self.attribution = attribution
        self.voices = voices
        self.traits = traits
    }
}

extension WyomingInfo: Codable {
    private enum CodingKeys: String, CodingKey {
        case tts
        case traits = "chorus"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let program = try container.decodeIfPresent([WireProgram].self, forKey: .tts)?.first
        self.init(
            program: program?.name ?? "",
            version: program?.version,
            description: program?.description,
            attribution: program?.attribution ?? Attribution(name: "", url: ""),
            voices: (program?.voices ?? []).map {
                Voice(name: $0.name, languages: $0.languages ?? [], description: $0.description)
            },
            traits: try container.decodeIfPresent(WorkerTraits.self, forKey: .traits)
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let program = WireProgram(
            name: program,
            version: version,
            description: description,
            attribution: attribution,
            installed: true,
            voices: voices.map {
                WireVoice(
                    name: $0.name,
                    languages: $0.languages,
                    description: $0.description,
                    attribution: attribution,
                    installed: true
                )
            }
        )
        try container.encode([program], forKey: .tts)
        try container.encodeIfPresent(traits, forKey: .traits)
    }

    /// Only the names are needed; the rest may be missing.
    private struct WireProgram: Codable {
        var name: String
        var version: String?
        var description: String?
        var attribution: Attribution?
        var installed: Bool?
        var voices: [WireVoice]?
    }

    private struct WireVoice: Codable {
        var name: String
        var languages: [String]?
        var description: String?
        var attribution: Attribution?
        var installed: Bool?
    }
}
