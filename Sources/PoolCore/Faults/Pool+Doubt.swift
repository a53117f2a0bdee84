// Audio that cannot be right is made again elsewhere. If another instance makes the same of the text, the text is like
// that; if it does better, the first one has made bad audio.

extension Pool {
    /// Whether audio that a worker calls complete is not believed, and another instance could make it.
    /// - Parameters:
    ///   - audio: how long it lasts.
    ///   - isSound: whether it sounds like something: it is not silent, nor clipped.
    package func doubts(_ id: JobID, on slot: SlotID, audio: Duration, isSound: Bool) -> Bool {
        guard let job = jobs[id], isCurrent(slot), case .busy(id) = self[slot], job.units > 0, job.doubted == nil,
            retryBudget.left >= 1, job.reruns < configuration.maxReruns
        else { return false }
        return isDoubtful(job, on: slot, audio: audio, isSound: isSound)
            && instances.contains { $0.engine == job.engine && $0.isReady && $0.process != slot.process }
    }

    private func isDoubtful(_ job: Job, on slot: SlotID, audio: Duration, isSound: Bool) -> Bool {
        guard isSound else { return true }
        let instance = instances[slot.process.instance.index]
        let plausible = figures(of: instance).audioSeconds.plausible(units: job.units)
        return plausible.map { !$0.contains(audio / .seconds(1)) } ?? false
    }

    /// A job is done whose audio was perhaps doubted before.
    mutating func noteQuality(of job: Job, on slot: SlotID, audio: Duration?, isSound: Bool) {
        let index = slot.process.instance.index
        instances[index].badAudio *= Self.fading
        guard let doubted = job.doubted, isCurrent(doubted), doubted != slot.process, let audio,
            !isDoubtful(job, on: slot, audio: audio, isSound: isSound)
        else { return }
        let id = doubted.instance
        instances[id.index].badAudio += 1
        instances[id.index].badSegments += 1
        let peers = instances.filter { $0.engine == job.engine && $0.isServing && $0.id != id }
        let usual = peers.reduce(0) { $0 + $1.badAudio } / Double(max(1, peers.count))
        guard instances[id.index].badAudio >= Self.tooMuchBadAudio,
            instances[id.index].badAudio >= Self.standingOut * usual, instances[id.index].isReady
        else { return }
        instances[id.index].wish = .badAudio
    }

    /// What is left of each bad piece after each job.
    private static var fading: Double { 0.95 }
    /// Bad pieces after which an instance is replaced, if it stands out.
    private static var tooMuchBadAudio: Double { 2.5 }
    /// How many times as much as the others it has made then.
    private static var standingOut: Double { 4 }
}
