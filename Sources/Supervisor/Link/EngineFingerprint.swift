import Hashing
import SpeechCore
import Wyoming

/// What an engine's audio depends on besides what it is asked, as a digest.
enum EngineFingerprint {
    /// Of an engine, by its configuration and what its instances say of themselves.
    static func text(_ engine: SupervisorConfiguration.Engine, _ info: WyomingInfo) -> String {
        let environment = engine.ownEnvironment.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        let names = [engine.name, info.program, info.version ?? ""]
        let hash = SHA256()
        // Each with its length, so that no two lists look alike.
        for words in [names, engine.command, environment, info.voices.map(\.name).sorted()] {
            hash.update("\(words.count);".utf8)
            for word in words { hash.update("\(word.utf8.count):\(word)".utf8) }
        }
        return Hexadecimal.text(hash.finalize())
    }
}
