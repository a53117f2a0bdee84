import Glibc
import SpeechCore
import Wyoming

/// What the connections share.
final class Service: Sendable {
    let options: Options
    let memory: Memory
    /// The answer to `describe`.
    let info: WyomingInfo
    /// Readable while a slot is free: a pipe that holds a byte for each, so that one `poll` waits for slot and client.
    let freeSlots: Int32
    private let returnedSlots: Int32

    init(_ options: Options) {
        self.options = options
        memory = Memory(options)
        self.info = WyomingInfo(
            program: "fake",
            version: "1",
            voices: options.voices,
            traits: options.isPlain
                ? nil : WorkerTraits(slots: options.slots, cancel: true, deterministic: true, makeVoice: true)
        )
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { die("cannot make a pipe") }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        freeSlots = ends[0]
        returnedSlots = ends[1]
        for _ in 0..<options.slots { returnSlot() }
    }

    /// Takes a slot if one is free.
    func takeSlot() -> Bool {
        var byte: UInt8 = 0
        return read(freeSlots, &byte, 1) == 1
    }

    func returnSlot() {
        var byte: UInt8 = 0
        _ = write(returnedSlots, &byte, 1)
    }

    /// The voice that a job asks for, or `nil` when there is none such.
    func voice(_ choice: WyomingSynthesize.VoiceChoice?) -> String? {
        if let name = choice?.name { return options.voices.first { $0.name == name }?.name }
        let speaker = options.voices.first { voice in choice?.language.map(voice.languages.contains) ?? false }
        return (speaker ?? options.voices[0]).name
    }

    /// Whether `name` is seen for the first time by any process that shares the state directory.
    func isFirst(_ name: String) -> Bool {
        guard let directory = options.stateDirectory else { die("what is to happen once needs --state-dir") }
        let marker = open("\(directory)/\(name)", O_CREAT | O_EXCL, 0o600)
        guard marker >= 0 else { return false }
        close(marker)
        return true
    }
}
