import Crypto
import SpeechCore
import Wyoming

/// What an engine's audio depends on besides what it is asked, as a digest.
enum EngineFingerprint {
    /// Of an engine, by its configuration and what its instances say of themselves.
    static func text(_ engine: SupervisorConfiguration.Engine, _ info: WyomingInfo) -> String {
        var hash = SHA256()
        // Each with its length, so that no two lists look alike.
        func add(_ words: [String]) {
            hash.update(data: Array("\(words.count);".utf8))
            for word in words { hash.update(data: Array("\(word.utf8.count):\(word)".utf8)) }
        }
        add([engine.name, info.program, info.version ?? ""])
        add(engine.command)
        add(engine.ownEnvironment.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
        add(info.voices.map(\.name).sorted())
        return Hexadecimal.text(hash.finalize())
    }
}
