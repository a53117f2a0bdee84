package import SpeechCore
import Synchronization

/// The made voices of all engines: in memory, and on disk for the next start.
package final class VoiceStore: Sendable {
    /// Made voices of an engine at the most.
    package static let maxVoices = 1_000

    /// A file that was left alone because it could not be read.
    package struct Problem: Sendable, Equatable {
        /// Where it is.
        package var file: String
        /// What is wrong with it, to go on a sentence with.
        package var reason: String
    }

    /// What could not be loaded. Nothing of it is changed.
    package let problems: [Problem]

    private let directory: VoiceDirectory
    /// By engine, sorted by name. Never locked for long: whoever speaks looks here.
    private let made: Mutex<[String: [MadeVoice]]>
    /// Held while the disk is changed, so that changes follow one another.
    private let writing = Mutex(())

    /// Loads the voices that were kept.
    /// - Parameter directory: where. It need not be there: it is made, for this user only, when a voice is kept.
    package init(directory: String) {
        let directory = VoiceDirectory(path: directory)
        var (voices, problems): ([String: [MadeVoice]], [Problem]) = ([:], [])
        func attempt<Result>(_ file: String, _ work: () throws(VoiceFileError) -> Result) -> Result? {
            do {
                return try work()
            } catch {
                problems.append(Problem(file: file, reason: error.description))
                return nil
            }
        }
        for engine in attempt(directory.path, directory.engines) ?? [] {
            let place = "\(directory.path)/\(engine)"
            let names = attempt(place) { () throws(VoiceFileError) in try directory.names(of: engine) } ?? []
            if names.count > Self.maxVoices {
                problems.append(
                    Problem(file: place, reason: "it has \(names.count) voices; the first \(Self.maxVoices) are loaded")
                )
            }
            voices[engine] = names.prefix(Self.maxVoices).compactMap { name in
                attempt(directory.file(of: name, engine: engine)) { () throws(VoiceFileError) in
                    let bytes = try directory.read(name, engine: engine, limitBytes: VoiceFile.maxBytes)
                    return try VoiceFile.voice(named: name, in: bytes)
                }
            }
        }
        self.directory = directory
        self.problems = problems
        made = Mutex(voices)
    }

    /// The made voices of an engine, by name.
    package func voices(of engine: String) -> [MadeVoice] {
        made.withLock { $0[engine] ?? [] }
    }

    /// Whether a voice of that name may be made.
    /// - Throws: `voiceConflict`.
    package func checkIsFree(_ name: String, engine: String) throws(SpeechError) {
        let voices = voices(of: engine)
        // Names that differ in case only would be mistaken for one another.
        guard !voices.contains(where: { $0.name.lowercased() == name.lowercased() }) else {
            throw SpeechError(
                .voiceConflict,
                "There is a voice '\(name)' already. Choose another name, or delete that one first.",
                param: "name"
            )
        }
        guard voices.count < Self.maxVoices else {
            throw SpeechError(
                .voiceConflict,
                "Engine '\(engine)' has \(Self.maxVoices) made voices, which is the limit. Delete some first."
            )
        }
    }

    /// Keeps a new voice, on disk first. Waits for the disk.
    /// - Precondition: its name is one by `MadeVoice.isName`.
    /// - Throws: `voiceConflict`, `engineFailed` for a speaker that is too big, `storageFailed`.
    package func keep(_ voice: MadeVoice, engine: String) throws(SpeechError) {
        precondition(MadeVoice.isName(voice.name), "a voice's name is checked before it is made")
        let bytes = try VoiceFile.bytes(of: voice)
        try writing.withLock { _ throws(SpeechError) in
            try checkIsFree(voice.name, engine: engine)
            guard !directory.contains(voice.name, engine: engine) else {
                throw SpeechError(
                    .voiceConflict,
                    "There is a file for a voice '\(voice.name)' already, which is not written over. "
                        + "Choose another name.",
                    param: "name"
                )
            }
            do {
                try directory.write(bytes, voice.name, engine: engine)
            } catch {
                throw SpeechError(.storageFailed, "The voice could not be kept: \(error).")
            }
            made.withLock { made in
                var voices = made[engine] ?? []
                voices.insert(voice, at: voices.firstIndex { $0.name > voice.name } ?? voices.endIndex)
                made[engine] = voices
            }
        }
    }

    /// Forgets a voice, on disk first. Waits for the disk.
    /// - Parameter name: exactly as it was made.
    /// - Returns: `false` if there is none.
    /// - Throws: `storageFailed`, and then the voice is still there.
    package func delete(_ name: String, engine: String) throws(SpeechError) -> Bool {
        try writing.withLock { _ throws(SpeechError) in
            guard voices(of: engine).contains(where: { $0.name == name }) else { return false }
            do {
                try directory.remove(name, engine: engine)
            } catch {
                throw SpeechError(.storageFailed, "The voice could not be deleted: \(error).")
            }
            made.withLock { $0[engine]?.removeAll { $0.name == name } }
            return true
        }
    }
}
