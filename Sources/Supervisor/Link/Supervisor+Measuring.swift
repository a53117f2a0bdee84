import Logging
import NIOCore
import PoolCore
import SpeechCore
import Wyoming

/// Samples that are spoken over a slot's connection before its instance serves, to learn what texts take.
struct Sampling {
    private var left: [Sample]
    var current: Sample?
    var began = NIODeadline.now()
    /// When the worker moved on last, and the longest that it has not.
    private var movedAt = NIODeadline.now()
    private(set) var stillness = Duration.zero
    var audioSeconds = 0.0
    /// Whether it is no measurement, but is to show that the instance can speak.
    var isRehearsal = false
    private var check = AudioCheck()

    /// Whether something was spoken, and it sounds like something.
    var isSound: Bool { audioSeconds > 0 && check.isSound }

    /// The sample to speak now; `nil` after the last.
    mutating func next() -> Sample? {
        guard !left.isEmpty else { return nil }
        (current, began, audioSeconds, movedAt, stillness) = (left.removeFirst(), .now(), 0, .now(), .zero)
        return current
    }

    /// The worker moves on.
    mutating func moved() {
        stillness = max(stillness, .nanoseconds((NIODeadline.now() - movedAt).nanoseconds))
        movedAt = .now()
    }

    /// A sample's audio arrives.
    mutating func heard(_ chunk: PCM) {
        moved()
        audioSeconds += chunk.duration / .seconds(1)
        _ = check.take(chunk)
    }

    /// A text to speak.
    struct Sample {
        let text: String
        let units: Int
        /// The first time a model works, it also allocates what it keeps.
        var warmsUp = false
    }

    /// From a short text to the largest, after one to get warm.
    init(largestUnits: Int) {
        let sizes = [largestUnits / 8, largestUnits / 2, largestUnits].map { max(12, $0) }
        left = [Sample(text: Self.text(units: sizes[0]), units: sizes[0], warmsUp: true)]
        left += sizes.map { Sample(text: Self.text(units: $0), units: $0) }
    }

    /// One short text.
    static func rehearsal() -> Sampling {
        var sampling = Sampling(largestUnits: 0)
        sampling.left = [sampling.left[1]]
        sampling.isRehearsal = true
        return sampling
    }

    /// A text of about so many letters.
    private static func text(units: Int) -> String {
        let words = "The choir sings one line at a time and every voice waits for its turn while the others listen"
            .split(separator: " ")
        var text = ""
        for index in 0... {
            let word = words[index % words.count]
            guard text.utf8.count + word.utf8.count + 2 <= units || text.isEmpty else { break }
            text += text.isEmpty ? String(word) : " \(word)"
        }
        return text + "."
    }
}

extension Supervisor {
    /// Has samples spoken, and tells the pool what they took.
    func measure(_ slot: SlotID) {
        let engine = pool.instances[slot.process.instance.index].engine
        log(.info, "An instance is measured, the first of its engine on this kind of device.", slot.process)
        let units = pool.configuration.engines[engine].largestUnits
        currentLink(of: slot)?.sampling = Sampling(largestUnits: units)
        readMemory { supervisor in
            supervisor.peakReached(by: slot.process, units: 0) { $0.speakSample(slot) }
        }
    }

    /// Has an instance of a new definition speak, before anybody depends on it.
    func rehearse(_ slot: SlotID) {
        log(.info, "An instance of a new definition speaks a sample before it serves.", slot.process)
        currentLink(of: slot)?.sampling = .rehearsal()
        speakSample(slot)
    }

    private func rehearsed(_ slot: SlotID, isSound: Bool) {
        currentLink(of: slot)?.sampling = nil
        let actions = pool.rehearsed(slot.process, isSound: isSound, now: now)
        noteIfReady(slot.process)
        perform(actions)
    }

    private func speakSample(_ slot: SlotID) {
        guard let link = currentLink(of: slot), link.sampling != nil else { return }
        guard let sample = link.sampling?.next() else {
            link.sampling = nil
            readMemory { supervisor in
                let actions = supervisor.pool.measured(slot.process, now: supervisor.now)
                supervisor.logMeasured(slot.process)
                supervisor.noteIfReady(slot.process)
                supervisor.perform(actions)
            }
            return
        }
        send(.synthesize(WyomingSynthesize(text: sample.text, voice: nil, context: [:])), to: slot)
    }

    /// The worker has spoken a sample, or cannot.
    func sampleEnded(on slot: SlotID) {
        guard var sampling = currentLink(of: slot)?.sampling, let sample = sampling.current else { return }
        sampling.moved()
        if sampling.audioSeconds > 0 {
            pool.sampleStoodStill(slot.process, units: sample.units, for: sampling.stillness)
        }
        if sampling.isRehearsal { return rehearsed(slot, isSound: sampling.isSound) }
        // What failed says nothing of what it takes.
        let counts = !sample.warmsUp && sampling.audioSeconds > 0
        if counts {
            let duration = Duration.nanoseconds((NIODeadline.now() - sampling.began).nanoseconds)
            let audio = Duration.seconds(sampling.audioSeconds)
            pool.sampleSpoken(slot.process, units: sample.units, in: duration, audio: audio)
        }
        workers[slot.process]?.memory.peakReadAt = .uptimeNanoseconds(0)
        peakReached(by: slot.process, units: counts ? sample.units : 0) { $0.speakSample(slot) }
    }

    private func logMeasured(_ process: ProcessID) {
        let instance = pool.instances[process.instance.index]
        let figures = pool.figures(of: instance)
        guard let floor = figures.floorBytes else { return }
        let peak = figures.peak(units: pool.configuration.engines[instance.engine].largestUnits)
        log(
            .info,
            "An engine was measured.",
            process,
            ["memory.floor": "\(floor.inMebibytes)", "memory.peak": "\(peak.inMebibytes)"]
        )
    }
}
