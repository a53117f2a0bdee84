import SpeechCore
import Synchronization

/// Notes what it is asked to do.
final class FakeAdministrator: PoolAdministrator {
    private let noted = Mutex<[String]>([])

    /// All that it was asked to do, in order.
    var deeds: [String] { noted.withLock { $0 } }

    func quarantine() async -> [QuarantinedText] {
        [QuarantinedText(id: "0a", engine: "espeak", deaths: 2, age: 1.5, refused: 3)]
    }

    func release(quarantined id: String?) async -> Int {
        note("release \(id ?? "all")")
        return id == nil || id == "0a" ? 1 : 0
    }

    func drain(instance: String) async throws(SpeechError) { try change(instance, "drain") }

    func restart(instance: String) async throws(SpeechError) { try change(instance, "restart") }

    func scale(engine: String, instances: Int) async throws(SpeechError) { note("scale \(engine) to \(instances)") }

    private func change(_ instance: String, _ deed: String) throws(SpeechError) {
        guard instance == "espeak-0" else { throw SpeechError(.notFound, "There is no such instance.") }
        note("\(deed) \(instance)")
    }

    private func note(_ deed: String) { noted.withLock { $0.append(deed) } }
}
