/// What is known of an utterance's jobs: how its listener is doing, and so when each of them is due.
///
/// It is played from its first audio on, in order and without a break as long as there is any. What was made out of
/// turn waits until all before it is there.
struct JobStream {
    /// A job that is not heard to its end.
    private struct Part {
        let id: JobID
        /// How much audio came from elsewhere right before it, in seconds.
        let before: Double
        /// How much audio it is predicted to make, in seconds.
        let predicted: Double
        /// How much it has made.
        var made = 0.0
        var isDone = false

        /// How much it will have made, as far as one knows.
        var total: Double { isDone ? made : max(made, predicted) }
    }

    let engine: Int
    let key: JobQueue.Key
    let isPlayed: Bool
    /// When all of it has to be done.
    let deadline: Instant?
    /// When its first job came.
    let arrived: Instant
    /// When its first job should be done.
    let firstDue: Instant
    /// How long the jobs that came so far are predicted to take, in seconds.
    private(set) var arrivedSeconds = 0.0
    /// The jobs that have not come yet.
    private(set) var later = Load()
    /// How long the audio of the jobs that have not come yet is predicted to be, in seconds.
    private(set) var laterAudio = 0.0
    /// When the listener has nothing to play any more, with what can be played by now; `nil` while nothing can.
    private(set) var playedUntil: Instant?
    /// In their order; what is made of the first has been counted in `playedUntil`.
    private var parts: [Part] = []

    /// A stream that begins with a job.
    init(_ job: Job) {
        engine = job.engine
        key = job.key
        isPlayed = job.request.isPlayed
        deadline = job.request.deadline
        arrived = job.arrived
        firstDue = job.due
    }

    /// When all of it is to be done, so that there is a reserve until its deadline.
    var aim: Instant? { deadline.map { Pool.aim(from: arrived, to: $0) } }

    /// Whether it has jobs that are not done.
    var hasOpenJobs: Bool { parts.contains { !$0.isDone } }

    /// Whether it has jobs that are not heard to their ends.
    var hasJobs: Bool { !parts.isEmpty }

    /// When all of it is due: when it will have been played to its end, if it is played.
    func end(pace: Pace, now: Instant) -> Instant {
        let due =
            isPlayed
            ? max(now, (playedUntil ?? firstDue).advanced(by: .seconds(audioToCome))).advanced(by: .seconds(laterAudio))
            : max(now, arrived.advanced(by: .seconds((arrivedSeconds + pace.mean(later)) * Pool.stretch)))
        return deadline.map { min(due, $0) } ?? due
    }

    /// How much audio of its jobs is still to be played, beyond what can be by now, in seconds.
    private var audioToCome: Double {
        parts.indices.reduce(0) { $0 + left(of: $1) + ($1 > 0 ? parts[$1].before : 0) }
    }

    // MARK: Events

    /// Its next job came.
    /// - Parameters:
    ///   - seconds: how long it is predicted to take.
    ///   - audio: how long what it makes is predicted to be, in seconds.
    ///   - before: how much audio came from elsewhere between the last one and this.
    mutating func jobArrived(_ id: JobID, seconds: Double, audio: Double, before: Duration, now: Instant) {
        parts.append(Part(id: id, before: before / .seconds(1), predicted: audio))
        if parts.count == 1 { playFirst(now: now) }
        arrivedSeconds += seconds
    }

    /// So much is still to come after its last job.
    /// - Parameters:
    ///   - later: in how many jobs, and how large they are together.
    ///   - audio: how long what is made of it is predicted to be, in seconds.
    mutating func expect(_ later: Load, audio: Double) {
        self.later = later
        laterAudio = audio
    }

    /// A job made some audio.
    /// - Returns: for how long the listener had nothing to play before it.
    mutating func audioArrived(_ id: JobID, duration: Duration, now: Instant) -> Duration {
        guard let index = parts.firstIndex(where: { $0.id == id }) else { return .zero }
        parts[index].made += duration / .seconds(1)
        return index == 0 ? play(duration / .seconds(1), now: now) : .zero
    }

    /// A job will make no more audio.
    mutating func jobEnded(_ id: JobID, now: Instant) {
        guard let index = parts.firstIndex(where: { $0.id == id }) else { return }
        parts[index].isDone = true
        while let first = parts.first, first.isDone {
            parts.removeFirst()
            playFirst(now: now)
        }
    }

    /// A part has come to be the first: what is there of it, and before it, can be played.
    private mutating func playFirst(now: Instant) {
        guard let first = parts.first, first.before + first.made > 0 else { return }
        _ = play(first.before + first.made, now: now)
    }

    /// A job will be made anew.
    mutating func jobRestarted(_ id: JobID) {
        // Nobody has heard anything of it, but the listener of the first may have been taken to have.
        guard let index = parts.firstIndex(where: { $0.id == id }) else { return }
        if index == 0, let until = playedUntil { playedUntil = until.advanced(by: .seconds(-parts[0].made)) }
        parts[index].made = 0
    }

    /// So much more can be played.
    /// - Returns: for how long there was nothing.
    private mutating func play(_ seconds: Double, now: Instant) -> Duration {
        let silence = playedUntil.map { max(.zero, $0.duration(to: now)) } ?? .zero
        playedUntil = max(playedUntil ?? now, now).advanced(by: .seconds(seconds))
        return silence
    }

    // MARK: Deadlines

    /// When each of its jobs should be done, in their order: when the listener would have nothing to play otherwise.
    /// - Parameter margin: how long before that it is due.
    func dues(margin: Duration) -> [(job: JobID, due: Instant)] {
        var due = playedUntil?.advanced(by: .zero - margin) ?? firstDue
        return parts.indices.map { index in
            if index > 0 { due = due.advanced(by: .seconds(left(of: index - 1) + parts[index].before)) }
            return (parts[index].id, due)
        }
    }

    /// When one of its jobs should be done that have not come yet, as far as one knows, if all of them are of one size.
    /// - Parameter number: the first is 1.
    func due(ofLater number: Int, pace: Pace) -> Instant {
        let all = arrivedSeconds + pace.mean(later)
        let seconds = arrivedSeconds + pace.mean(later) * Double(number) / Double(later.jobs)
        let before = audioToCome + laterAudio * Double(number - 1) / Double(later.jobs)
        let due =
            isPlayed
            ? max(
                (playedUntil ?? firstDue).advanced(by: .seconds(before)),
                arrived.advanced(by: .seconds(seconds))
            )
            : arrived.advanced(by: .seconds(seconds * Pool.stretch))
        guard let deadline else { return due }
        return min(due, Pool.share(seconds, of: all, from: arrived, to: deadline))
    }

    /// How much audio of a part is still to be played, beyond what can be by now, as far as one knows; in seconds.
    private func left(of index: Int) -> Double {
        let isCounted = index == 0 && playedUntil != nil
        return parts[index].total - (isCounted ? parts[index].made : 0)
    }
}
